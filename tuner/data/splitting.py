"""Training and validation indices: stratified, seeded, stored with the fingerprint of the data they index."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuner.errors import StudyError, UsageError
from tuner.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FEWEST_PER_CLASS = 2
"""One image to train on, one to validate with."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Which training images train and which validate; no image does both."""

    train: NDArray[np.int64]
    """Indices into the training arrays, ascending."""
    validation: NDArray[np.int64]
    """Likewise."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Both together, ascending: what a winner is retrained on, and what folds are cut from."""
        return np.sort(np.concatenate([self.train, self.validation]))


def split(labels: NDArray[np.integer], *, validation: float, seed: int, limit: int | None = None) -> Split:
    """A stratified split: each class's share of either side is within one image of its share of the whole.

    `validation` is the fraction held back. `limit` first takes a stratified sample of that many images, training and
    validation together. The same labels, numbers and seed give the same split. Raises UsageError.
    """
    if not 0 < validation < 1:
        raise UsageError(f"the validation share must lie between 0 and 1, both excluded. Got {validation}")
    everything = np.arange(len(labels), dtype=np.int64)
    _check_classes(labels, f"the {len(labels):,} training images")
    random = np.random.default_rng(seed)
    chosen = everything if limit is None or limit >= len(labels) else _limited(labels, limit, random)
    n_validation = round(len(chosen) * validation)
    n_classes = len(np.unique(labels))
    if not n_classes <= n_validation <= len(chosen) - n_classes:
        raise UsageError(
            f"training and validation must each get at least one image of {n_classes} classes. Got "
            f"{len(chosen) - n_validation:,} and {n_validation:,} of {len(chosen):,} images"
        )
    held_back = chosen[_sample(labels[chosen], n_validation, random)]
    return Split(train=np.setdiff1d(chosen, held_back, assume_unique=True), validation=held_back)


def class_counts(labels: NDArray[np.integer], n_classes: int) -> tuple[int, ...]:
    """How many images each class has."""
    return tuple(np.bincount(labels, minlength=n_classes).tolist())


def save_split(split: Split, path: Path, fingerprint: str) -> None:
    """Writes an .npz, whole or not at all."""
    with new_file(path) as work, work.open("wb") as stream:
        np.savez(stream, train=split.train, validation=split.validation, fingerprint=np.array(fingerprint))


def load_split(path: Path, fingerprint: str) -> Split:
    """Raises StudyError when the file is missing or damaged, or indexes other data."""
    try:
        arrays = _load_arrays(path)
    except FileNotFoundError:
        raise StudyError(f"{path}: the study's split is missing") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        raise StudyError(f"{path}: the study's split is damaged") from None
    kept = str(arrays.pop("fingerprint"))
    if any(array.dtype != np.int64 or array.ndim != 1 for array in arrays.values()):
        raise StudyError(f"{path}: the study's split is damaged")
    if kept != fingerprint:
        raise StudyError(
            f"{path}: the study was started on other data. Fingerprint then {kept[:12]}, now {fingerprint[:12]}"
        )
    return Split(**arrays)


def _load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.exists() and not path.is_file():  # a pipe would be waited for, for ever
        raise zipfile.BadZipFile
    # The zip's own sums first: NumPy would parse a damaged header before it came upon them.
    with zipfile.ZipFile(path) as archive:
        if archive.testzip():
            raise zipfile.BadZipFile
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in ("train", "validation", "fingerprint")}


def _limited(labels: NDArray[np.integer], limit: int, random: np.random.Generator) -> NDArray[np.int64]:
    n_classes = len(np.unique(labels))
    if limit < FEWEST_PER_CLASS * n_classes:
        raise UsageError(
            f"the limit must leave {FEWEST_PER_CLASS} images for each of {n_classes} classes, "
            f"so at least {FEWEST_PER_CLASS * n_classes}. Got {limit}"
        )
    chosen = _sample(labels, limit, random)
    if len(np.unique(labels[chosen])) < n_classes:
        raise UsageError(f"the limit {limit} leaves nothing of the rarest class. Raise it")
    _check_classes(labels[chosen], f"the limit of {limit:,} images")
    return chosen


def _check_classes(labels: NDArray[np.integer], where: str) -> None:
    classes, counts = np.unique(labels, return_counts=True)
    if not len(classes):
        raise UsageError(f"{where} cannot be split: there are none")
    rarest = int(np.argmin(counts))
    if counts[rarest] < FEWEST_PER_CLASS:
        raise UsageError(
            f"each class must have at least {FEWEST_PER_CLASS} images to be split. "
            f"In {where} class {classes[rarest]} has {counts[rarest]}"
        )


def _sample(labels: NDArray[np.integer], n: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Positions in `labels`: n of them, ascending, each class within one of its exact share.

    Source: the largest remainder method (Hamilton's).
    """
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * (n / len(labels))
    take = np.floor(exact).astype(np.int64)
    # Ties between remainders are common (balanced classes); the seed decides them, not the order of the classes.
    by_remainder = np.lexsort((random.permutation(len(classes)), take - exact))
    take[by_remainder[: n - take.sum()]] += 1
    drawn = [
        random.permutation(np.flatnonzero(labels == label))[:number]
        for label, number in zip(classes, take, strict=True)
    ]
    return np.sort(np.concatenate(drawn)).astype(np.int64)
