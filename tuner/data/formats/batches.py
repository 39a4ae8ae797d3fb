"""The six batches of CIFAR-10, in a folder or still in their .tar.gz; nothing is ever unpacked onto the disk."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from tuner.data.formats.members import Members
from tuner.data.formats.reading import Reader, binary, opened, refuse_web_page
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAIN = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
TEST = ("test_batch",)
ARCHIVE = ".tar.gz"
MOST_UNPACKED = 400_000_000
"""Bytes looked through for the six batches: twice what the published archive holds."""
MOST_HEADERS = 1_000_000
"""Bytes of an archive's headers. The published ones have nine members, with 512 bytes for each."""


def members(place: Path, *, suffix: str, folder: str, mark: str) -> Members:
    """The batches at `place`: themselves, in a subfolder named `folder`, or in an archive with `mark` in its name."""
    if place.is_file():
        is_ours = place.name.endswith(ARCHIVE) and mark in place.name
        return Members(files=(place,) if is_ours else ())
    for inner in (place, place / folder):
        files = {name: inner / f"{name}{suffix}" for name in (*TRAIN, *TEST)}
        found = tuple(path for path in files.values() if path.is_file())
        if found:
            missing = tuple(path.name for path in files.values() if path not in found)
            return Members(files=found, missing=missing)
    return Members(files=tuple(sorted(place.glob(f"*{mark}*{ARCHIVE}")))[:1])


def batches(found: Members, suffix: str) -> Iterator[tuple[Literal["train", "test"], Reader]]:
    """A reader for each batch, in order."""
    if found.files[0].name.endswith(ARCHIVE):
        yield from _archived(found.files[0], suffix)
        return
    for path in found.files:
        with opened(path) as reader:
            yield _split(path.name), reader


def _archived(path: Path, suffix: str) -> Iterator[tuple[Literal["train", "test"], Reader]]:
    with binary(path) as raw, _unpacking(path):
        refuse_web_page(raw.read(512), str(path))
        raw.seek(0)
        with _Rationed(fileobj=raw) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
            held = _find(archive, path, suffix)
            unpacked.left = 2 * MOST_UNPACKED  # the batches, and all of it once more for its sum
            for name in (*TRAIN, *TEST):
                info = held[name + suffix]
                stream = archive.extractfile(info)
                if stream:
                    yield _split(name), Reader(stream, f"{path}[{name}{suffix}]", info.size)
            _read_to_end(unpacked, path)


class _Rationed(gzip.GzipFile):
    """Gives so many bytes and no more. tarfile holds a whole header in memory, and each one that comes before a member:
    one may claim gigabytes, and thousands may follow each other.
    """

    left = MOST_HEADERS

    def read(self, size: int | None = -1) -> bytes:
        self.left -= size or 0
        if size is None or size < 0 or self.left < 0:
            raise tarfile.ReadError("its headers are too long")
        return super().read(size)


def _find(archive: tarfile.TarFile, path: Path, suffix: str) -> dict[str, tarfile.TarInfo]:
    wanted = {f"{name}{suffix}" for name in (*TRAIN, *TEST)}
    held: dict[str, tarfile.TarInfo] = {}
    while wanted - held.keys() and (info := archive.next()):
        if info.offset_data + info.size > MOST_UNPACKED:
            raise DataError(f"{path}: unpacks to more than {MOST_UNPACKED:,} bytes")
        name = info.name.rpartition("/")[2]
        if info.isreg() and name in wanted:
            held.setdefault(name, info)
    if missing := sorted(wanted - held.keys()):
        raise DataError(f"{path}: must hold the six batches of CIFAR-10. Missing: {', '.join(missing)}")
    return held


def _read_to_end(unpacked: gzip.GzipFile, path: Path) -> None:
    """Gzip keeps its checksum at the very end, and checks it only when it comes by."""
    while unpacked.read(1 << 20):
        if unpacked.tell() > MOST_UNPACKED:
            raise DataError(f"{path}: unpacks to more than {MOST_UNPACKED:,} bytes")


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zlib.error, EOFError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: damaged archive ({error})") from None
    except OSError as error:
        raise DataError(f"{path}: damaged archive ({error.strerror or error})") from None


def _split(name: str) -> Literal["train", "test"]:
    return "test" if name.startswith(TEST) else "train"
