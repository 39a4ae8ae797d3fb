"""From a study that scored by folds to its table of candidates. What is known of the folds' images stands in files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reports.report import Candidate, CrossValidation
from tuner.engines.grid_search.grids import ITERATION
from tuner.trial import Fold, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports.report import Data
    from tuner.plan import Plan
    from tuner.study import Study
    from tuner.trial import Trial

UNENDED = frozenset({TrialState.WAITING, TrialState.RUNNING})


def cross_validation(study: Study, trials: Sequence[Trial], data: Data) -> CrossValidation | None:
    """None where one validation split scored the trials."""
    n_folds = study.plan.folds
    if n_folds is None:
        return None
    rounds = {trial.stage.samples: trial.engine[ITERATION] for trial in trials if ITERATION in trial.engine}
    ended = [trial for trial in trials if trial.state not in UNENDED]
    candidates = [_candidate(trial, trials, n_folds, rounds) for trial in ended]
    return CrossValidation(
        n_folds=n_folds,
        n_images=sum(data.counts["train"]),
        candidates=tuple(sorted(candidates, key=lambda each: (each.iteration or 0, each.trial))),
    )


def _candidate(trial: Trial, trials: Sequence[Trial], n_folds: int, rounds: Mapping[int | None, int]) -> Candidate:
    scored = trial if trial.repeats is None else trials[trial.repeats]
    folds: list[Fold | None] = [*scored.folds, *[None] * n_folds][:n_folds]
    return Candidate(
        trial=trial.number,
        values=trial.values,
        accuracies=tuple(fold.accuracy if fold else math.nan for fold in folds),
        fit_seconds=tuple(fold.seconds if fold else math.nan for fold in folds),
        score_seconds=tuple(fold.score_seconds if fold else math.nan for fold in folds),
        iteration=rounds.get(trial.stage.samples),
        samples=trial.stage.samples,
    )


def images_scored(study: Study, samples: int | None, n_images: int) -> int:
    """Images that all folds together are scored on, each once, where they are cut from `samples` of `n_images`."""
    if not study.folder.folds(samples).is_file():
        return samples or n_images
    with np.load(study.folder.folds(samples), allow_pickle=False) as arrays:
        return sum(len(arrays[name]) for name in arrays.files if name.startswith("test_"))


def protocol(plan: Plan, data: Data, which: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Sentences on folds, scoring, selection and testing, and what `more` there is to say; `which` trials can win."""
    n_train, n_test = (sum(data.counts[split]) for split in ("train", "test"))
    halving = plan.algorithm == "halving"
    sample = (
        "In each round of halving, both sides of every fold are cut down to the same share of their images, drawn "
        f"with the seed {plan.seed}."
    )
    return (
        (
            f"The {n_train:,} training images were cut into {plan.folds} folds (StratifiedKFold, shuffled, seeded with "
            f"{plan.seed}); each is scored by a model trained on the others. No trial sees the {n_test:,} test images."
        ),
        *([sample] if halving else []),
        "A trial's score is the mean accuracy of its folds. Each is trained for all epochs of its configuration.",
        f"Weights, order of the images and dropout are seeded alike in all trials and folds, with {plan.seed}.",
        (
            f"The winner is {which} with the best score{' among those on the most images' if halving else ''}. It is "
            "trained again from scratch on all training images, for all of its epochs."
        ),
        *more,
        "The test set is opened after that, when nothing is left to choose.",
    )
