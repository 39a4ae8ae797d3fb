"""What every file format is read into: pieces of labelled images, small enough to hold in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PIECE = 5_000
"""Images in one piece: 4 MB of Fashion-MNIST, 15 MB of CIFAR-10."""
MOST_IMAGES = 1_000_000
"""A file that promises more images in one split is taken for damaged."""
MOST_CLASSES = 256
"""Labels are kept as uint8."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """Some images of one split, in the order of the file."""

    split: Literal["train", "test"]
    images: NDArray[np.uint8]
    """(n, height, width, channels)."""
    labels: NDArray[np.uint8]
    """(n,)."""
    images_file: str
    """What an error about these images calls their file."""
    labels_file: str


def as_labels(values: NDArray[np.integer], n_classes: int, file: str, place: Callable[[int], str]) -> NDArray[np.uint8]:
    """The labels as uint8. `place` tells where in the file label i stands."""
    wrong = np.flatnonzero((values < 0) | (values >= n_classes))
    if wrong.size:
        first = int(wrong[0])
        raise DataError(
            f"{file}: {place(first)}: labels must be from 0 to {n_classes - 1}. Got {values[first]}"
            + (f", and {wrong.size - 1:,} more such labels" if wrong.size > 1 else "")
        )
    return values.astype(np.uint8)


def check_count(n: int, file: str, place: str) -> None:
    if not 0 < n <= MOST_IMAGES:
        raise DataError(f"{file}: {place}: the number of images must be from 1 to {MOST_IMAGES:,}. Got {n:,}")


def check_same(n_images: int, images_file: str, n_labels: int, labels_file: str) -> None:
    if n_images != n_labels:
        raise DataError(f"{labels_file}: holds {n_labels:,} labels, but {images_file} holds {n_images:,} images")
