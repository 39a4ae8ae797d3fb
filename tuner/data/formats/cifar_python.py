"""CIFAR-10's python version, which Keras keeps. Its batches are pickles, and a pickle is a program: we do not run it.

We read its tokens, as a disassembler does, and take the array's bytes (the pixels) and the list of small integers
(the labels). Nothing is imported, constructed or called, whatever the file asks for. Batches that somebody pickled
again are read where they keep the published form (protocols 3 and 4), and refused otherwise.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from tuner.data.formats.batches import batches
from tuner.data.formats.batches import members as find_batches
from tuner.data.formats.piece import Piece, as_labels, check_same
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuner.data.card import Card
    from tuner.data.formats.members import Members
    from tuner.data.formats.reading import Reader

MOST_BYTES = 64_000_000
"""Of one batch; a published one has 31 MB."""
MOST_TOKENS = 500_000
"""Of one batch; a published one has 60,000."""
FLAGS = {"NEWTRUE": True, "NEWFALSE": False}
"""An array's last two fields: whether it is in Fortran order, then its bytes. Source: ndarray.__reduce__, version 1."""
KEYS = ("batch_label", "labels", "data", "filenames")


@dataclass(frozen=True, kw_only=True)
class Batch:
    pixels: bytes
    in_columns: bool
    """Whether the array was stored in Fortran order."""
    labels: tuple[int, ...]


def members(place: Path) -> Members:
    return find_batches(place, suffix="", folder="cifar-10-batches-py", mark="py")


def read(found: Members, card: Card) -> Iterator[Piece]:
    height, width, channels = card.image_shape
    n_pixels = math.prod(card.image_shape)
    for split, reader in batches(found, ""):
        batch = _batch(reader)
        n = len(batch.pixels) // n_pixels
        if n * n_pixels != len(batch.pixels) or not n:
            raise DataError(
                f"{reader.name}: must hold images of {n_pixels:,} bytes each. Got {len(batch.pixels):,} bytes in all"
            )
        check_same(n, reader.name, len(batch.labels), reader.name)
        flat = np.frombuffer(batch.pixels, dtype=np.uint8)
        rows = flat.reshape(n_pixels, n).T if batch.in_columns else flat.reshape(n, n_pixels)
        labels = np.array(batch.labels, dtype=np.int64)
        yield Piece(
            split=split,
            images=np.ascontiguousarray(rows).reshape(-1, channels, height, width).transpose(0, 2, 3, 1),
            labels=as_labels(labels, card.n_classes, reader.name, lambda i: f"label {i:,}"),
            images_file=reader.name,
            labels_file=reader.name,
        )


def _batch(reader: Reader) -> Batch:
    data = reader.some(MOST_BYTES)
    reader.end()
    try:
        return _from_tokens(data)
    except (ValueError, IndexError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise DataError(f"{reader.name}: not a batch of CIFAR-10's python version ({reason[:200]})") from None


def _from_tokens(data: bytes) -> Batch:
    pixels, in_columns, key, before = b"", False, "", ""
    labels: list[int] = []
    last = 0
    for token, value, position in islice(pickletools.genops(data), MOST_TOKENS):
        last = position or 0
        if isinstance(value, (str, bytes)):
            if before in FLAGS:
                pixels, in_columns = _as_bytes(value), FLAGS[before]
            key = _key(value) or key
        elif key == "labels" and isinstance(value, int) and token.name in {"BININT", "BININT1", "BININT2"}:
            labels.append(value)
        before = token.name
    if data[last : last + 1] != b".":
        raise ValueError(f"it has more than {MOST_TOKENS:,} tokens")
    return Batch(pixels=pixels, in_columns=in_columns, labels=tuple(labels))


def _as_bytes(value: str | bytes) -> bytes:
    # Python 2 strings come as text of Latin-1, one character a byte.
    return value if isinstance(value, bytes) else value.encode("latin-1", errors="replace")


def _key(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return text if text in KEYS else ""
