"""A data set at hand: what it is, and the only door to its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tuner.data import manifest
from tuner.data.card import ARRAYS, Card
from tuner.errors import DataError
from tuner.files import checksum

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """Prepared images and labels, training and test. Only `finish` calls `test`, once: trials never see it."""

    name: str
    title: str
    folder: Path
    """Holds train_images.npy, train_labels.npy, test_images.npy, test_labels.npy and data.json."""
    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    fingerprint: str
    """SHA-256 over images and labels of both splits; see preparing.fingerprint."""
    test_counts: tuple[int, ...]
    """Test images of each class."""
    source: str
    """Where the files were found, for a person."""
    note: str = ""
    """What is unusual about them; empty when nothing is."""

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def train_images_path(self) -> Path:
        """For `np.load(path, mmap_mode="r", allow_pickle=False)` in another process: uint8, (n, h, w, c)."""
        return self.folder / "train_images.npy"

    @property
    def train_labels_path(self) -> Path:
        """uint8, (n,)."""
        return self.folder / "train_labels.npy"

    @property
    def test_images_path(self) -> Path:
        return self.folder / "test_images.npy"

    @property
    def test_labels_path(self) -> Path:
        return self.folder / "test_labels.npy"

    def train(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Memory-mapped, read-only images (n, h, w, c) and labels (n,), their checksums verified."""
        return self._load("train_images"), self._load("train_labels")

    def test(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The sealed test set, in the form of `train`. Calling this is opening it: record that you did."""
        return self._load("test_images"), self._load("test_labels")

    @property
    def test_sums(self) -> tuple[str, str]:
        """SHA-256 of the files of the test images and labels as they were prepared. Opens neither."""
        stored = {array.file: array.sha256 for array in manifest.read(self.folder).arrays}
        return stored[self.test_images_path.name], stored[self.test_labels_path.name]

    def verify(self) -> None:
        """Raises DataError unless all four files are, byte for byte, what was prepared."""
        for name in ARRAYS:
            self._check(name)

    def _load(self, name: str) -> NDArray[np.uint8]:
        stored = self._check(name)
        path = self.folder / stored.file
        try:
            array: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, TypeError, SyntaxError, RecursionError, EOFError):  # of a header that somebody wrote
            raise DataError(f"{path}: damaged: it holds no array. {self._remedy}") from None
        if array.dtype != np.uint8 or array.shape != stored.shape:
            raise DataError(f"{path}: damaged: it holds {array.dtype} of shape {array.shape}. {self._remedy}")
        return array

    def _check(self, name: str) -> manifest.Stored:
        """What the manifest says of the array, whose file is as it says."""
        path = self.folder / f"{name}.npy"
        try:
            (stored,) = (array for array in manifest.read(self.folder).arrays if array.file == path.name)
            whole = checksum(path) == stored.sha256
        except manifest.DamagedError as damage:
            raise DataError(f"{self.folder}: damaged: {damage}. {self._remedy}") from None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
        if not whole:
            raise DataError(f"{path}: damaged: its checksum is not the prepared one. {self._remedy}")
        return stored

    @property
    def _remedy(self) -> str:
        return f"Delete {self.folder} and give the same command again: it will be prepared anew"


def open_prepared(folder: Path, card: Card) -> ImageData:
    """The data in a prepared folder; sizes are checked here, sums when arrays are loaded. Raises DamagedError."""
    found = manifest.read(folder)
    shapes = {array.file: array.shape for array in found.arrays}
    if found.name != card.name or shapes["train_images.npy"][1:] != card.image_shape:
        raise manifest.DamagedError(f"it holds {found.name} of another shape")
    return ImageData(
        name=card.name,
        title=card.title,
        folder=folder,
        image_shape=card.image_shape,
        class_names=card.class_names,
        n_train=shapes["train_images.npy"][0],
        n_test=shapes["test_images.npy"][0],
        fingerprint=found.fingerprint,
        test_counts=found.test_counts,
        source=found.source,
        note=found.note,
    )
