"""Pieces in, a sealed folder of memory-mappable arrays out. The only module that writes them."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tuner.data import manifest
from tuner.data.card import ARRAYS, Card
from tuner.data.sets import CARDS
from tuner.errors import DataError
from tuner.files import checksum, new_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

    from tuner.data.formats.piece import Piece


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where pieces come from."""

    source: str
    """For a person."""
    variants: bool
    """Whether other contents than the published ones are welcome, and only noted."""
    note: str = ""


class ArrayFile:
    """An .npy file that grows by rows; its header is written again when the number of rows is known."""

    def __init__(self, path: Path, row_shape: tuple[int, ...]) -> None:
        self.path = path
        self.n = 0
        self.source = ""
        self._row_shape = row_shape
        self._sum = hashlib.sha256()

    def __enter__(self) -> Self:
        self._stream = self.path.open("w+b")
        self._write_header()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.seek(0)
        self._write_header()
        self._stream.close()

    def append(self, rows: NDArray[np.uint8], source: str) -> None:
        data = np.ascontiguousarray(rows).data
        self._stream.write(data)
        self._sum.update(data)
        self.n += len(rows)
        self.source = source

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.n, *self._row_shape)

    @property
    def sha256(self) -> str:
        """Of the array's bytes in C order, without the header."""
        return self._sum.hexdigest()

    def stored(self) -> manifest.Stored:
        size = self.path.stat().st_size
        return manifest.Stored(file=self.path.name, n_bytes=size, sha256=checksum(self.path), shape=self.shape)

    def _write_header(self) -> None:
        # NumPy pads the header so that the first axis may grow to 21 digits in place.
        header = {"descr": "|u1", "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(self._stream, header)


def prepare(pieces: Iterator[Piece], card: Card, folder: Path, origin: Origin) -> None:
    """Fills `folder`. Unless `origin` welcomes variants of the data set, its arrays must be the published ones.

    Raises DataError naming the file at fault; `folder` is then as it was before.
    """
    with new_folder(folder) as work:
        arrays = _write_arrays(pieces, card, work)
        test_labels = np.load(work / "test_labels.npy", allow_pickle=False)
        note = _compare(arrays, card, variants=origin.variants) or origin.note
        manifest.write(
            manifest.Manifest(
                name=card.name,
                source=origin.source,
                note=note,
                fingerprint=fingerprint({name: (array.shape, array.sha256) for name, array in arrays.items()}),
                arrays=tuple(array.stored() for array in arrays.values()),
                test_counts=tuple(np.bincount(test_labels, minlength=card.n_classes).tolist()),
            ),
            work,
        )


def fingerprint(arrays: dict[str, tuple[tuple[int, ...], str]]) -> str:
    r"""One SHA-256 for a data set's images and labels, both splits; the file format that brought them plays no part.

    It is the sum of four lines `<name> uint8 <shape, joined by x> <sha256 of the bytes in C order>\n`, in the order
    of card.ARRAYS: `train_images uint8 60000x28x28x1 2e48...`.
    """
    lines = (f"{name} uint8 {'x'.join(map(str, arrays[name][0]))} {arrays[name][1]}\n" for name in ARRAYS)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _write_arrays(pieces: Iterator[Piece], card: Card, work: Path) -> dict[str, ArrayFile]:
    with ExitStack() as stack:
        arrays = {
            name: stack.enter_context(
                ArrayFile(work / f"{name}.npy", card.image_shape if name.endswith("images") else ())
            )
            for name in ARRAYS
        }
        for piece in pieces:
            arrays[f"{piece.split}_images"].append(piece.images, piece.images_file)
            arrays[f"{piece.split}_labels"].append(piece.labels, piece.labels_file)
        return arrays


def _compare(arrays: dict[str, ArrayFile], card: Card, *, variants: bool) -> str:
    """What to say of arrays that are not the published ones; nothing when they are, or when no sums are known."""
    train = arrays["train_images"]
    for other in CARDS:
        if other.name != card.name and other.sha256.get("train_images") == train.sha256:
            raise DataError(f"{train.source}: holds the training images of {other.title}, not of {card.title}")
    differing = [array for name, array in arrays.items() if not _as_published(name, array, card)]
    if not differing:
        return ""
    files = ", ".join(dict.fromkeys(array.source for array in differing))
    if variants:
        return f"not {card.title} as published: other contents in {files}"
    raise DataError(
        f"{files}: wrong checksum: the contents are not those of {card.title} as published. Delete it and try again"
    )


def _as_published(name: str, array: ArrayFile, card: Card) -> bool:
    n = card.n_train if name.startswith("train") else card.n_test
    return array.n == n and card.sha256.get(name, array.sha256) == array.sha256
