"""IDX files, as MNIST is published: a big-endian header, then bytes.

Source: yann.lecun.com/exdb/mnist, "File formats for the MNIST database".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

import numpy as np

from tuner.data.formats.members import Members
from tuner.data.formats.piece import PIECE, Piece, as_labels, check_count, check_same
from tuner.data.formats.reading import Reader, opened
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tuner.data.card import Card

ROLES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
UNSIGNED_BYTE = 8
LABELS_START = 8


def members(place: Path) -> Members:
    """The four files, each with or without .gz, with a dash or a dot before `idx`."""
    found = {role: _file(place, role) for role in ROLES}
    files = tuple(path for path in found.values() if path)
    return Members(files=files, missing=tuple(f"{role}-ubyte" for role, path in found.items() if not path))


def _file(place: Path, role: str) -> Path | None:
    dotted = role.replace("-idx", ".idx")
    for name in (f"{role}-ubyte", f"{dotted}-ubyte", f"{role}-ubyte.gz", f"{dotted}-ubyte.gz"):
        if (place / name).is_file():
            return place / name
    return None


def read(found: Members, card: Card) -> Iterator[Piece]:
    train_images, train_labels, test_images, test_labels = found.files
    yield from _split("train", train_images, train_labels, card)
    yield from _split("test", test_images, test_labels, card)


def _split(split: Literal["train", "test"], images: Path, labels: Path, card: Card) -> Iterator[Piece]:
    answers = _labels(labels, card.n_classes)
    height, width, _ = card.image_shape
    with opened(images) as reader:
        n, *shape = _header(reader, 3)
        if shape != [height, width]:
            raise DataError(
                f"{images}: byte 8: images of {card.title} must be {height} x {width}. Got {shape[0]} x {shape[1]}"
            )
        check_same(n, str(images), len(answers), str(labels))
        reader.promise(n * height * width)
        for start in range(0, n, PIECE):
            some = answers[start : start + PIECE]
            pixels = np.frombuffer(reader.read(len(some) * height * width), dtype=np.uint8)
            yield Piece(
                split=split,
                images=pixels.reshape(-1, height, width, 1),
                labels=some,
                images_file=str(images),
                labels_file=str(labels),
            )
        reader.end()


def _labels(path: Path, n_classes: int) -> NDArray[np.uint8]:
    with opened(path) as reader:
        (n,) = _header(reader, 1)
        reader.promise(n)
        values = np.frombuffer(reader.read(n), dtype=np.uint8)
        reader.end()
    return as_labels(values, n_classes, str(path), lambda i: f"byte {LABELS_START + i:,}")


def _header(reader: Reader, n_dimensions: int) -> list[int]:
    magic = reader.read(4)
    expected = bytes((0, 0, UNSIGNED_BYTE, n_dimensions))
    if magic != expected:
        raise DataError(
            f"{reader.name}: byte 0: an IDX file of {n_dimensions} dimension{'s' * (n_dimensions > 1)} "
            f"must start with {expected.hex(' ')}. Got {magic.hex(' ')}"
        )
    sizes = list(struct.unpack(f">{n_dimensions}I", reader.read(4 * n_dimensions)))
    check_count(sizes[0], reader.name, "byte 4")
    return sizes
