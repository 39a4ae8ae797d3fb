"""Optuna's TPE and pruners, asked and told."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING

import numpy as np
import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState as Row

from tuner.distributions import chooser
from tuner.engines import History, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from search_spaces import SearchSpace
    from tuner.trial import Epoch

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
    """TPE over the joint space of each branch."""

    knows_its_end = False
    goes_on = False

    def __init__(self, space: SearchSpace, *, seed: int, pruner: str = "asha") -> None:
        self._space = space
        self._seed = seed
        self._pruner = PRUNERS[pruner]()

    def propose(self, history: History) -> Proposal:
        study = history.optuna
        study.sampler = self._sampler(study)
        trial = study.ask()
        return Proposal(configuration=self._space.configure(chooser(trial)), trial=trial)

    def judge(self, trial: optuna.Trial, curve: Sequence[Epoch]) -> str:
        study = trial.study
        row = copy.copy(study._storage.get_trial(trial._trial_id))  # noqa: SLF001 - the trial's own view is stale
        row.intermediate_values = {epoch.epoch: epoch.val_accuracy or 0.0 for epoch in curve}
        return "others did better after as many epochs" if self._pruner.prune(study, row) else ""

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
