"""What is known of a data set before any file is opened. Needs no numpy, so that `tune --help` may list names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tuner.data.formats.piece import Piece

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
"""The four arrays of every data set, in the order in which they are written, hashed and reported."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that the mirrors of a data set hold."""

    file: str
    sha256: str
    n_bytes: int
    """Size of the published file; a mirror that sends more is cut off."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A data set as its authors publish it, and where its files may lie."""

    name: str
    title: str
    description: str
    image_shape: tuple[int, int, int]
    """(height, width, channels); one channel is grey, three are red, green, blue."""
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    licence: str
    citation: str
    homepage: str

    formats: tuple[str, ...]
    """Names in `formats.FORMATS`, tried in this order."""
    keras: tuple[str, ...] = ()
    """Files or folders below Keras's datasets folder."""
    package: str = ""
    """Debian package that installs the files in /usr/share/datasets/<name>; empty when there is none."""
    mirrors: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Published MD5 by file name, for files whose arrays' sums are not known to us."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each array's bytes in C order, by name in ARRAYS: the same whatever file format brought them."""
    made: Callable[[], Iterator[Piece]] | None = None
    """Makes the data set on this machine, for one that an installed package carries."""

    @property
    def n_classes(self) -> int:
        return len(self.class_names)
