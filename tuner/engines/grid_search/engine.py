"""scikit-learn's schedules as an engine: each candidate is a trial, scored by its folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tuner.engines import Exhausted, Idle, Proposal
from tuner.engines.grid_search.grids import ITERATION, grid
from tuner.engines.grid_search.schedules import Round, key_of, rounds
from tuner.trial import Stage, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import optuna
    from numpy.typing import NDArray

    from search_spaces import Value
    from tuner.engines import History, Setting
    from tuner.engines.grid_search.schedules import Key
    from tuner.trial import Epoch, Trial

PENDING = frozenset({TrialState.WAITING, TrialState.RUNNING})


class GridSearchEngine:
    """Looks each candidate up among the study's trials, and proposes the first that is not there yet."""

    knows_its_end = True
    goes_on = False

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._products: list[dict[str, list[Value]]] = []
        self._current: Round | None = None
        """The round that is being scored. Those before it are, and what is scored does not change."""

    def propose(self, history: History) -> Proposal | Idle | Exhausted:
        found = _Found(history.trials(), self._setting.plan.folds or 0)
        if self._current is None or found.scores(self._current) is not None:
            reached, over = rounds(self._setting, self._grid(), found.scores)
            if over:
                return Exhausted(_all_done(self._setting.plan.algorithm, reached, found))
            self._current = reached[-1]
        for values, key in zip(self._current.candidates, self._current.keys, strict=True):
            if key not in found:
                return self._proposal(values, self._current)
        return Idle()

    def judge(self, trial: optuna.Trial, curve: Sequence[Epoch]) -> str:
        return ""

    def _proposal(self, values: Mapping[str, Value], of: Round) -> Proposal:
        return Proposal(
            configuration=self._setting.space.check_values(values),
            stage=Stage(samples=of.samples),
            notes={} if of.iteration is None else {ITERATION: of.iteration},
        )

    def _grid(self) -> list[dict[str, list[Value]]]:
        """Listed when it is first needed: of a large space that takes its time."""
        self._products = self._products or grid(self._setting.space)
        return self._products


class _Found:
    """What a study's trials say of candidates."""

    def __init__(self, trials: Sequence[Trial], n_folds: int) -> None:
        self._trials = trials
        self._none = (np.nan,) * n_folds
        self._by_key: dict[Key, Trial] = {}
        for trial in trials:
            key = key_of(trial.values, trial.stage.samples)
            # Of a candidate that is there twice, its own scores count before a failure or a repeat.
            if key not in self._by_key or trial.state is TrialState.COMPLETE:
                self._by_key[key] = trial

    def __contains__(self, key: Key) -> bool:
        return key in self._by_key

    def scores(self, of: Round) -> NDArray[np.float64] | None:
        """(candidates, folds), NaN where a candidate failed or was turned down; None while one is still to come."""
        found = [self._by_key.get(key) for key in of.keys]
        if any(trial is None or trial.state in PENDING for trial in found):
            return None
        return np.array([self._folds(trial) for trial in found if trial], dtype=np.float64)

    def unscored(self, of: Iterable[Key]) -> int:
        return sum(bool(np.isnan(self._folds(self._by_key[key])).any()) for key in of)

    def _folds(self, trial: Trial) -> tuple[float, ...]:
        """scikit-learn's `error_score=nan`: one fold that fails leaves the candidate without a mean."""
        if trial.repeats is not None:
            trial = self._trials[trial.repeats]
        complete = trial.state is TrialState.COMPLETE and len(trial.folds) == len(self._none)
        return tuple(fold.accuracy for fold in trial.folds) if complete else self._none


def _all_done(algorithm: str, reached: Sequence[Round], found: _Found) -> str:
    n = len(reached[0].candidates)
    what = f"all {n} drawn configurations" if algorithm == "random" else f"all {n} configurations of the grid"
    text = f"{what} are scored"
    if len(reached) > 1:
        text += f", the best of them in {len(reached)} rounds of halving"
    lost = found.unscored(key for each in reached for key in each.keys)
    return f"{text}, {lost} without success" if lost else text
