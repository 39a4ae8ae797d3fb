"""Which parameters moved the scores, by functional analysis of variance."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as Row

from reports.report import Importance
from tuner.trial import TrialState

if TYPE_CHECKING:
    from tuner.trial import Trial

ENOUGH = 8
"""Trials below which a forest of trees sees nothing but chance."""

METHOD = "functional ANOVA over a random forest (Hutter et al. 2014), by Optuna"


def importance(study: optuna.Study, trials: list[Trial]) -> Importance:
    """Shares of the parameters that all trained trials have, from the score after the epoch that all of them reached:
    complete trials alone would leave out most of what was learnt, since pruning ends the poor ones early.
    """
    rows = {row.number: row for row in study.get_trials(deepcopy=False)}
    trained = [trial for trial in trials if trial.curve and trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    if len(trained) < ENOUGH:
        note = f"It takes at least {ENOUGH} trained trials to tell which parameters matter. There are {len(trained)}."
        return Importance(n_trials=len(trained), note=note)
    epoch = min(len(trial.curve) for trial in trained)
    copies = [_copy(rows[trial.number], trial.curve[epoch - 1].val_accuracy or 0.0) for trial in trained]
    shares = _shares(copies)
    if not shares:
        return Importance(n_trials=len(trained), note="The parameters that all trials share did not vary.")
    note = (
        f"Computed from the validation accuracy after epoch {epoch}, which all {len(trained)} trained trials reached. "
        "Parameters that only some trials have (a layer more, another optimizer's settings) are left out."
    )
    if len(trained) < 3 * len(shares):
        note += f" With {len(trained)} trials for {len(shares)} parameters this is a hint, not a finding."
    return Importance(shares=shares, n_trials=len(trained), method=METHOD, note=note)


def _shares(rows: list[FrozenTrial]) -> dict[str, float]:
    copy = optuna.create_study(direction="maximize")
    copy.add_trials(rows)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shares = get_param_importances(copy, evaluator=FanovaImportanceEvaluator(seed=0))
    except (RuntimeError, ValueError):  # all scores or all values equal
        return {}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()} if total > 0 else {}


def _copy(row: FrozenTrial, value: float) -> FrozenTrial:
    return create_trial(state=Row.COMPLETE, value=value, params=row.params, distributions=row.distributions)
