"""Which parameters moved the scores, by functional analysis of variance."""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import optuna
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row

from reports.report import Importance
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Container

    from tuner.trial import Trial

ENOUGH = 8
"""Trials below which a forest of trees sees nothing but chance."""

TRAINED = frozenset({TrialState.COMPLETE, TrialState.PRUNED})

METHOD = "functional ANOVA over a random forest (Hutter et al. 2014), by Optuna"


def importance(study: optuna.Study, trials: list[Trial]) -> Importance:
    """Shares of the parameters that all trained trials have, from the score after the epoch that all of them reached:
    complete trials alone would leave out most of what was learnt, since pruning ends the poor ones early. Where folds
    score, from the mean of the folds on as many images as most trials had.
    """
    rows = {row.number: row for row in study.get_trials(deepcopy=False)}
    trained = _on_equal_images(trials) or [trial for trial in trials if trial.curve and trial.state in TRAINED]
    if len(trained) < ENOUGH:
        note = f"It takes at least {ENOUGH} trained trials to tell which parameters matter. There are {len(trained)}."
        return Importance(n_trials=len(trained), note=note)
    scores, source = _scores(trained)
    shares = _shares([_complete(rows[trial.number], score) for trial, score in zip(trained, scores, strict=True)])
    if not shares:
        return Importance(n_trials=len(trained), note="The parameters that all trials share did not vary.")
    note = (
        f"Computed from {source}. "
        "Parameters that only some trials have (a layer more, another optimizer's settings) are left out."
    )
    if len(trained) < 3 * len(shares):
        note += f" With {len(trained)} trials for {len(shares)} parameters this is a hint, not a finding."
    return Importance(shares=shares, n_trials=len(trained), method=METHOD, note=note)


def _on_equal_images(trials: list[Trial]) -> list[Trial]:
    """Complete trials whose folds were cut from as many images: of the largest such group."""
    scored = [trial for trial in trials if trial.folds and trial.state is TrialState.COMPLETE]
    samples = Counter(trial.stage.samples for trial in scored).most_common(1)
    return [trial for trial in scored if trial.stage.samples == samples[0][0]]


def _scores(trained: list[Trial]) -> tuple[list[float], str]:
    """What the trials are compared by, and what that is in words."""
    if trained[0].folds:
        samples = trained[0].stage.samples
        where = "" if samples is None else f" on {samples:,} images"
        return [trial.score or 0.0 for trial in trained], f"the mean of the folds{where}, of {len(trained)} trials"
    epoch = min(len(trial.curve) for trial in trained)
    scores = [trial.curve[epoch - 1].val_accuracy or 0.0 for trial in trained]
    return scores, f"the validation accuracy after epoch {epoch}, which all {len(trained)} trained trials reached"


def _shares(rows: list[FrozenTrial]) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances  # brings scikit-learn: a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shares = get_param_importances(_Scored(rows), evaluator=FanovaImportanceEvaluator(seed=0))
    except (RuntimeError, ValueError):  # all scores or all values equal
        return {}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()} if total > 0 else {}


class _Scored(optuna.Study):
    """A study of these rows as they are. Optuna's own copies each of them deeply, which takes longer than all else."""

    def __init__(self, rows: list[FrozenTrial]) -> None:
        made = optuna.create_study(direction="maximize")
        super().__init__(made.study_name, made._storage)  # noqa: SLF001 - there is no other way to one's own class
        self._rows = rows

    def get_trials(self, deepcopy: bool = True, states: Container[Row] | None = None) -> list[FrozenTrial]:
        return [row for row in self._rows if states is None or row.state in states]


def _complete(row: FrozenTrial, value: float) -> FrozenTrial:
    scored = copy.copy(row)
    scored.state, scored.values = Row.COMPLETE, [value]
    return scored
