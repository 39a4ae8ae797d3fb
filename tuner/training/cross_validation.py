"""A configuration scored fold by fold, each fold by a GridSearchCV of scikit-learn's with one point and one split."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from sklearn.model_selection import GridSearchCV

from search_spaces import SearchSpace
from tuner.engines.grid_search.grids import PREFIX
from tuner.timing import Phase, Timing
from tuner.training.classifier import SpaceClassifier
from tuner.training.fit import Checkpointing, Supervision
from tuner.trial import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tuner.messages import CrossValidate

Rows = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Rows that train, rows that score."""


def cross_validate(
    job: CrossValidate,
    on_fold: Callable[[Fold], None],
    should_stop: Callable[[], bool],
    on_remark: Callable[[str], None] = lambda _: None,
    timing: Callable[[], Timing] = Timing,
) -> None:
    """Scores the folds that are left and tells of each. One that was cut off goes on from its last epoch.

    Raises what a training raises: Stopped, NotFinite, and whatever goes wrong.
    """
    images, labels = (np.load(path, mmap_mode="r", allow_pickle=False) for path in (job.images, job.labels))
    space = SearchSpace.parse(job.space, "the study's space")
    classifier = SpaceClassifier(
        space,
        images.shape[1:],
        job.n_classes,
        epochs=job.epochs,
        random_state=job.seed,
        precision=job.precision,
    )
    for index, rows in enumerate(_folds(job.folds)):
        if index >= job.skip:
            watch = Supervision(should_stop=should_stop, on_remark=on_remark, timing=timing)
            on_fold(_scored(job, classifier, index, images, labels, rows, watch=watch))
            keras.utils.clear_session()


def _scored(
    job: CrossValidate,
    classifier: SpaceClassifier,
    index: int,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    rows: Rows,
    *,
    watch: Supervision,
) -> Fold:
    checkpointing = Checkpointing(folder=Path(job.checkpoints) / f"fold-{index}", identity=f"{job.identity}-{index}")
    spans: list[float] = []
    supervision = replace(watch, checkpointing=checkpointing, on_epoch=lambda epoch: spans.append(epoch.seconds))
    point = {f"{PREFIX}{name}": [value] for name, value in job.values.items()}
    search = GridSearchCV(
        classifier.set_params(supervision=supervision), point, cv=[rows], refit=False, error_score="raise"
    )
    results = search.fit(images, labels).cv_results_
    watch.timing().shift(Phase.VALIDATING, float(results["mean_score_time"][0]))
    shutil.rmtree(checkpointing.folder, ignore_errors=True)
    return Fold(
        fold=index,
        accuracy=float(results["split0_test_score"][0]),
        # Of a fold that was cut off scikit-learn saw only the rest.
        seconds=round(max(float(results["mean_fit_time"][0]), sum(spans)), 3),
        score_seconds=round(float(results["mean_score_time"][0]), 3),
    )


def _folds(path: str) -> list[Rows]:
    with np.load(path, allow_pickle=False) as arrays:
        return [(arrays[f"train_{i}"], arrays[f"test_{i}"]) for i in range(len(arrays.files) // 2)]
