"""What an oracle of KerasTuner's needs in order to be told of trials that are run and recorded elsewhere.

KerasTuner draws in `populate_space`. What surrounds it in `create_trial` and `end_trial`, with a folder, locks and
prints, is not called.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any, Self

import keras_tuner
from keras_tuner.engine.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.engines.keras_tuner.outcomes import Outcome

COMPLETED, FAILED = "COMPLETED", "FAILED"

MOST_COLLISIONS = 1_000
"""Draws in a row of what was tried, after which a space counts as exhausted. A stock oracle ends after 21, which leaves
one configuration of 36 untried more often than not."""


class Kept(keras_tuner.Oracle):  # type: ignore[misc]
    """An oracle that holds the recorded trials. It is never asked itself, but a draft of it."""

    trials: dict[str, Any]
    ongoing_trials: dict[str, Any]
    end_order: list[str]

    def draft(self) -> Self:
        """One that may be told more and asked once, and leaves no trace here."""
        other = copy.copy(self)
        other.part()
        return other

    def part(self) -> None:
        """Shares nothing any more, of what is about to change, with the one that it is a copy of."""
        self.trials = dict(self.trials)
        self.ongoing_trials = dict(self.ongoing_trials)
        self.end_order = list(self.end_order)

    def ask(self, trial_id: str) -> tuple[str, dict[str, Any] | None]:
        """RUNNING with values for a new trial; IDLE or STOPPED without."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the Gaussian process, whose kernel is not ours to choose
            answer = self.populate_space(trial_id)
        return answer["status"], answer.get("values")

    def state(self) -> dict[str, Any]:
        """Plain JSON: what the proposal changed in the oracle, where its values do not tell."""
        return {"seed_state": self._seed_state}

    def enter(self, trial_id: str, values: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """A trial that was proposed with these values, after which the oracle stood so."""
        self._seed_state = state["seed_state"]
        self.observe(trial_id, values)
        self.start_order.append(trial_id)

    def observe(self, trial_id: str, values: Mapping[str, Any]) -> None:
        """A trial that runs, whoever proposed it."""
        trial = Trial(self.holding(values), trial_id)
        self._record_values(trial)
        self.trials[trial_id] = self.ongoing_trials[trial_id] = trial

    def leave(self, trial_id: str, outcome: Outcome) -> None:
        """The trial has ended."""
        trial = copy.copy(self.ongoing_trials.pop(trial_id))
        trial.status = FAILED if outcome.score is None else COMPLETED
        trial.score = outcome.score
        self.trials[trial_id] = trial
        self.end_order.append(trial_id)

    def holding(self, values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
        """The space with these values. Its own `copy` would build each parameter anew."""
        hyperparameters = copy.copy(self.hyperparameters)
        hyperparameters.values = dict(values)
        return hyperparameters
