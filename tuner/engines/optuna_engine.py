"""Optuna's TPE and pruners, asked and told."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import numpy as np
import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState as Row

from search_spaces import Bool, Choice, Chooser, Float, Int, Parameter, SearchSpace
from tuner.engines import Proposal
from tuner.trial import Value, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

N_STARTUP = 8
"""Trained trials that are drawn at random before TPE models them."""

FIRST_RUNG = 4
"""Epochs before a trial can be pruned. The first epochs of convolutional networks are too noisy to judge by."""

PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    # Asynchronous successive halving goes on with the best third at epochs 4, 12, 36, ...
    # Source: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, algorithm 2.
    "asha": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=FIRST_RUNG, reduction_factor=3),
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=FIRST_RUNG - 1),
    "none": optuna.pruners.NopPruner,
}


class OptunaEngine:
    """TPE over the joint space of each branch, the presets first."""

    def __init__(self, space: SearchSpace, *, seed: int, pruner: str = "asha") -> None:
        self._space = space
        self._seed = seed
        self._pruner = PRUNERS[pruner]()

    def propose(self, study: optuna.Study) -> Proposal:
        study.sampler = self._sampler(study)
        trial = study.ask()
        return Proposal(trial, self._space.configure(chooser(trial)))

    def judge(self, trial: optuna.Trial) -> str:
        trial.study.pruner = self._pruner
        if not trial.should_prune():
            return ""
        return "others did better after as many epochs"

    def _sampler(self, study: optuna.Study) -> TPESampler:
        """A fresh sampler each time, seeded by the number of trials, so that a resumed study neither repeats its
        first proposals nor needs anything but its history.
        """
        rows = study.get_trials(deepcopy=False)
        # Proposals that were turned down are in the history, as violated constraints, and shall not end the start-up.
        n_untrained = sum(row.state in {Row.COMPLETE, Row.PRUNED} and not row.intermediate_values for row in rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return TPESampler(
                seed=int(np.random.SeedSequence((self._seed, len(rows))).generate_state(1)[0]),
                n_startup_trials=N_STARTUP + n_untrained,
                # Without group, parameters of a branch that is not always taken fall outside the joint model.
                multivariate=True,
                group=True,
                # Counts running trials as poor, so two GPUs do not get twins.
                constant_liar=True,
            )


def chooser(trial: optuna.Trial) -> Chooser:
    """Asks the trial for each active parameter, under its own name."""
    return lambda parameter: plain(_suggest(trial, parameter))


def _suggest(trial: optuna.Trial, parameter: Parameter) -> Value:
    match parameter.domain:
        case Choice(options=options):
            return cast("Value", trial.suggest_categorical(parameter.name, options))
        case Bool():
            return trial.suggest_categorical(parameter.name, [False, True])
        case Int(low=low, high=high, log=log, step=step):
            return trial.suggest_int(parameter.name, low, high, log=log, step=1 if log else step or 1)
        case Float(low=low, high=high, log=log, step=step):
            return trial.suggest_float(parameter.name, low, high, log=log, step=step)
