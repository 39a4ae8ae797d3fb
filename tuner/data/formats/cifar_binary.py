"""CIFAR-10's binary version: records of a label and 3 x 32 x 32 pixels. Source: cs.toronto.edu/~kriz/cifar.html."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tuner.data.formats.batches import batches
from tuner.data.formats.batches import members as find_batches
from tuner.data.formats.piece import PIECE, Piece, as_labels, check_count
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuner.data.card import Card
    from tuner.data.formats.members import Members

SUFFIX = ".bin"


def members(place: Path) -> Members:
    return find_batches(place, suffix=SUFFIX, folder="cifar-10-batches-bin", mark="bin")


def read(found: Members, card: Card) -> Iterator[Piece]:
    height, width, channels = card.image_shape
    record = 1 + math.prod(card.image_shape)
    for split, reader in batches(found, SUFFIX):
        n = 0
        while data := reader.some(PIECE * record):
            if len(data) % record:
                raise DataError(
                    f"{reader.name}: byte {reader.offset:,}: the file must consist of records of {record:,} bytes. "
                    f"The last one has {len(data) % record:,}"
                )
            rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, record)
            place = partial(_place, start=reader.offset - len(data), record=record)
            yield Piece(
                split=split,
                images=rows[:, 1:].reshape(-1, channels, height, width).transpose(0, 2, 3, 1),
                labels=as_labels(rows[:, 0], card.n_classes, reader.name, place),
                images_file=reader.name,
                labels_file=reader.name,
            )
            n += len(rows)
            check_count(n, reader.name, f"byte {reader.offset:,}")
        check_count(n, reader.name, "byte 0")


def _place(i: int, *, start: int, record: int) -> str:
    return f"byte {start + i * record:,}"
