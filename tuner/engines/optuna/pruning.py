"""Optuna's pruners, asked about a trial that runs elsewhere, by the curve of its first objective."""

from __future__ import annotations

import copy
import math
import warnings
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    SuccessiveHalvingPruner,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tuner.trial import Epoch

FIRST_RUNG = 4
"""Epochs before a trial can be pruned. The first epochs of convolutional networks are too noisy to judge by."""

REDUCTION = 3
"""Of three that reach a rung, one goes on."""

PATIENCE = FIRST_RUNG - 1
"""Optuna's pruner of that name looks at one epoch more: at the last four, against all before them."""

ENOUGH = 5
"""Complete trials below which their median says nothing."""


def _median(_max_epochs: int = 0) -> BasePruner:
    return MedianPruner(n_startup_trials=ENOUGH, n_warmup_steps=FIRST_RUNG)


PRUNERS: Mapping[str, Callable[[int], BasePruner]] = {
    # Asynchronous successive halving goes on with the best third at epochs 4, 12, 36, ...
    # Source: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, algorithm 2.
    "asha": lambda _: SuccessiveHalvingPruner(min_resource=FIRST_RUNG, reduction_factor=REDUCTION),
    # Of 20 epochs it makes two brackets: three fifths of the trials are judged at epochs 4 and 12, the others at 12
    # alone. Source: Li et al. 2018, Hyperband, section 3; with ASHA in each bracket.
    "hyperband": lambda max_epochs: HyperbandPruner(
        min_resource=FIRST_RUNG, max_resource=max_epochs, reduction_factor=REDUCTION
    ),
    "median": _median,
    "patient": lambda _: PatientPruner(_median(), patience=PATIENCE),
    "none": lambda _: NopPruner(),
}
"""By the most epochs that a trial may have."""


def make_pruner(name: str, max_epochs: int) -> BasePruner:
    """The pruner of that name in the catalogue. Same curves, same verdicts; what it has to remember the study keeps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return PRUNERS[name](max_epochs)


def ends(pruner: BasePruner, trial: optuna.Trial, curve: Sequence[Epoch], *, seed: int) -> bool:
    """Whether the pruner would end the trial after the last epoch of its curve.

    A score that is no number is not shown to it: it would take it for the poorest, where the worker says what happened.
    """
    if _number(curve[-1].val_accuracy) is None:
        return False
    row = copy.copy(trial.study._storage.get_trial(trial._trial_id))  # noqa: SLF001 - the trial's own view is stale
    row.intermediate_values = dict(zip((epoch.epoch for epoch in curve), _shown(pruner, curve), strict=True))
    return pruner.prune(_view(trial.study, str(seed)), row)


def _shown(pruner: BasePruner, curve: Sequence[Epoch]) -> Iterable[float]:
    """The best score until each epoch, which is what a trial's own score is in the end: rungs that compared the scores
    of single epochs would end good trials for an unlucky one. Held to recorded trainings: benchmarks/defaults.md.
    """
    scores = [_number(epoch.val_accuracy) or 0.0 for epoch in curve]
    # The patient pruner looks for scores that fell behind earlier ones, which the best so far never does.
    return scores if isinstance(pruner, PatientPruner) else accumulate(scores, max)


def _number(score: float | None) -> float | None:
    return score if score is not None and math.isfinite(score) else None


def _view(study: optuna.Study, name: str) -> optuna.Study:
    """The study with its first objective alone, under this name. Pruners refuse studies of several objectives, and
    Hyperband chooses a trial's bracket by a hash of the study's name and the trial's number: by the folder's name two
    studies of one seed would be pruned differently.
    """
    storage: Any = _FirstObjective(study._storage, study._study_id)  # noqa: SLF001
    return optuna.Study(study_name=name, storage=storage, sampler=study.sampler)


class _FirstObjective:
    """A storage that knows one study, and the first direction of it. Everything else is the storage's own."""

    def __init__(self, storage: Any, study_id: int) -> None:
        self._storage = storage
        self._study_id = study_id

    def get_study_id_from_name(self, _name: str) -> int:
        return self._study_id

    def get_study_directions(self, study_id: int) -> list[optuna.study.StudyDirection]:
        directions: list[optuna.study.StudyDirection] = self._storage.get_study_directions(study_id)
        return directions[:1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)
