"""Pruners that Optuna has not."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from optuna.pruners import BasePruner
from optuna.trial import TrialState

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

ENOUGH = 3
"""Complete trials that gains can be told from."""


class HopelessPruner(BasePruner):
    """Extrapolates: a trial ends which would stay behind the best even with the gain that others had left.

    The gain from an epoch on is taken from the complete trials, a quantile of what they still gained after as many
    epochs. Early epochs leave much to gain, and more where they are noisy: there it waits by itself.
    """

    def __init__(self, quantile: float) -> None:
        self._quantile = quantile

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        step = trial.last_step
        if step is None or len(complete) < ENOUGH:
            return False
        best = max(max(each.intermediate_values.values()) for each in complete)
        gains = [_gain(each, step) for each in complete]
        return _so_far(trial, step) + float(np.quantile(gains, self._quantile)) < best


def _so_far(trial: FrozenTrial, step: int) -> float:
    return max(value for epoch, value in trial.intermediate_values.items() if epoch <= step)


def _gain(trial: FrozenTrial, step: int) -> float:
    return max(trial.intermediate_values.values()) - _so_far(trial, step)


class OnSingleEpochs(BasePruner):
    """Shows another pruner the scores of the epochs themselves, where our engine shows the best until then."""

    def __init__(self, pruner: BasePruner) -> None:
        self._pruner = pruner

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        shown = copy.copy(trial)
        shown.intermediate_values = study.get_trials(deepcopy=False)[trial.number].intermediate_values
        return self._pruner.prune(study, shown)
