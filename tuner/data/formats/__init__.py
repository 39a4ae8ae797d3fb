"""Every file format that data sets are read from: one small file each, and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.data.formats import cifar_binary, cifar_python, idx, npz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tuner.data.card import Card
    from tuner.data.formats.members import Members
    from tuner.data.formats.piece import Piece


@dataclass(frozen=True, kw_only=True)
class Format:
    """How files become pieces. A format opens nothing until it is read, and reads no more than a piece at a time."""

    wanted: str
    """What to put at a place, for a person."""
    members: Callable[[Path], Members]
    """The format's files at an existing file or folder."""
    read: Callable[[Members, Card], Iterator[Piece]]
    """All of train, then all of test. Raises DataError naming the file, and the byte or element, of the first fault."""


FORMATS: Mapping[str, Format] = {
    "idx": Format(wanted="the four IDX files", members=idx.members, read=idx.read),
    "npz": Format(wanted="an .npz with x_train, y_train, x_test, y_test", members=npz.members, read=npz.read),
    "cifar-binary": Format(
        wanted="CIFAR-10's binary version (cifar-10-binary.tar.gz or its folder)",
        members=cifar_binary.members,
        read=cifar_binary.read,
    ),
    "cifar-python": Format(
        wanted="its python version (cifar-10-python.tar.gz or its folder)",
        members=cifar_python.members,
        read=cifar_python.read,
    ),
}
