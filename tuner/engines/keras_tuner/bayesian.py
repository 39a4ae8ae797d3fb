"""KerasTuner's Gaussian process."""

from __future__ import annotations

import copy
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from keras_tuner.oracles import BayesianOptimizationOracle
from threadpoolctl import threadpool_limits

from tuner.engines.keras_tuner.kept import COMPLETED, FAILED, MOST_COLLISIONS, Kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.engines.keras_tuner.outcomes import Outcome

PATIENCE = 3
"""Failures in a row after which a stock tuner gives up; with us, the point from which it is helped on."""


class Bayesian(Kept, BayesianOptimizationOracle):  # type: ignore[misc]
    """It departs from the stock oracle where that one has no memory, would end the search, or would stand still.

    - Running trials are guessed by a process over the ended ones. The stock oracle guesses with the process of the
      proposal before, which is nowhere recorded.
    - The process does not see failures, and would propose there again. After three in a row, which end a stock
      search, it is shown all failures, as poor as the poorest score.
    - After three proposals in a row that were not trained, repeats mostly, values are drawn that were not tried.
    """

    _n_drawn = 0
    _untrained: frozenset[str] = frozenset()

    def part(self) -> None:
        super().part()
        self._max_collisions = MOST_COLLISIONS
        self._random_state = Draws(self.seed, self._n_drawn)
        self.gpr = self._make_gpr()

    def state(self) -> dict[str, Any]:
        return {**super().state(), "drawn": self._random_state.n}

    def enter(self, trial_id: str, values: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        super().enter(trial_id, values, state)
        self._n_drawn = state["drawn"]

    def leave(self, trial_id: str, outcome: Outcome) -> None:
        super().leave(trial_id, outcome)
        if not outcome.trained:
            self._untrained |= {trial_id}

    def populate_space(self, trial_id: str) -> Any:
        if self._stands_still():
            return self._random_populate_space()
        # Its matrices are small: several threads take three times as long, and the cores are the workers'.
        with threadpool_limits(1):
            return super().populate_space(trial_id)

    def _stands_still(self) -> bool:
        last = set(self.start_order[-PATIENCE:])
        return len(last) == PATIENCE and last <= self._untrained

    def _vectorize_trials(self) -> Any:
        if self._failed_in_a_row():
            self._show_failures()
        if self.ongoing_trials:
            self._fit_ended()
        return super()._vectorize_trials()

    def _failed_in_a_row(self) -> bool:
        states = [self.trials[each].status for each in self.end_order]
        return any(state == FAILED and len(list(row)) >= PATIENCE for state, row in groupby(states))

    def _show_failures(self) -> None:
        poorest = min(trial.score for trial in self.trials.values() if trial.status == COMPLETED)
        for trial_id, trial in self.trials.items():
            if trial.status == FAILED:
                shown = self.trials[trial_id] = copy.copy(trial)
                shown.status, shown.score = COMPLETED, poorest

    def _fit_ended(self) -> None:
        everything, ongoing = self.trials, self.ongoing_trials
        self.trials = {trial_id: trial for trial_id, trial in everything.items() if trial_id not in ongoing}
        self.ongoing_trials = {}
        self.gpr.fit(*super()._vectorize_trials())
        self.trials, self.ongoing_trials = everything, ongoing


class Draws:
    """The part of numpy's RandomState that the oracle uses; counted, so that its position can be noted."""

    def __init__(self, seed: int, n: int) -> None:
        """As a fresh one is after n draws."""
        self._random = np.random.RandomState(seed)
        self._random.random_sample(n)
        self.n = n

    def uniform(self, low: Any, high: Any, size: Any) -> Any:
        drawn = self._random.uniform(low, high, size)
        self.n += np.size(drawn)
        return drawn
