"""Folds of the training images, as scikit-learn cuts them: stratified, shuffled, seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tuner.errors import UsageError
from tuner.files import new_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from sklearn.model_selection import StratifiedKFold

Fold = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Rows that train, rows that score."""


def splitter(n_folds: int, seed: int) -> StratifiedKFold:
    """scikit-learn's own, for whoever wants the same folds of the same labels."""
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(n_folds, shuffle=True, random_state=seed)


def folds(labels: NDArray[np.integer], n_folds: int, *, seed: int, share: float | None = None) -> list[Fold]:
    """Positions in `labels`; with `share` that part of each fold's two sides, drawn as successive halving draws it.

    Raises UsageError where a class has too few images for every fold to hold one.
    """
    rarest = int(np.unique(labels, return_counts=True)[1].min())
    if rarest < n_folds:
        raise UsageError(f"--folds must not exceed the images of the rarest class, {rarest}. Got {n_folds}.")
    base = splitter(n_folds, seed)
    if share is not None:
        # Private, but the very class whose folds HalvingGridSearchCV scores on: drawn otherwise, they would differ.
        from sklearn.model_selection._search_successive_halving import _SubsampleMetaSplitter

        base = _SubsampleMetaSplitter(base_cv=base, fraction=share, subsample_test=True, random_state=seed)
    positions = np.arange(len(labels))
    return [(train.astype(np.int64), test.astype(np.int64)) for train, test in base.split(positions, labels)]


def save_folds(folds: Sequence[Fold], rows: NDArray[np.int64], path: Path) -> None:
    """The folds as rows of the training arrays, `train_0`, `test_0`, ...: an .npz, whole or not at all."""
    arrays: dict[str, NDArray[np.int64]] = {}
    for index, (train, test) in enumerate(folds):
        arrays |= {f"train_{index}": rows[train], f"test_{index}": rows[test]}
    with new_file(path) as work, work.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
