"""Bytes of a file, plain or gzipped, with the place at which they turn out wrong."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"
GZIP_RATIO = 1032
"""Deflate packs no tighter than this. Source: zlib's technical details, maximum compression factor."""


class Stream(Protocol):
    """All that a Reader needs: plain files, gzip files, members of archives."""

    def read(self, size: int = -1, /) -> bytes: ...


class Reader:
    """Reads forward, knows its offset in the unpacked bytes, and never asks for more than it was told to expect."""

    def __init__(self, stream: Stream, name: str, n_bytes_at_most: int) -> None:
        self._stream = stream
        self.name = name
        self.offset = 0
        self._at_most = n_bytes_at_most

    def read(self, n: int) -> bytes:
        """Exactly n bytes. Raises DataError when the file ends before."""
        got = self.some(n)
        if len(got) < n:
            raise DataError(f"{self.name}: byte {self.offset:,}: the file ends here, {n - len(got):,} bytes too early")
        return got

    def promise(self, n: int) -> None:
        """Refuses n bytes to come that this file cannot hold, before anything is allocated or written."""
        if self.offset + n > self._at_most:
            raise DataError(
                f"{self.name}: byte {self.offset:,}: the header promises {n:,} more bytes "
                f"than a file of this size can hold"
            )

    def end(self) -> None:
        if self.some(1):
            raise DataError(f"{self.name}: byte {self.offset - 1:,}: the file goes on after its last image or label")

    def some(self, n: int) -> bytes:
        """At most n bytes; fewer only at the end."""
        try:
            got = self._stream.read(n)
        except EOFError:
            raise DataError(f"{self.name}: after byte {self.offset:,}: the gzip file is truncated") from None
        except (gzip.BadGzipFile, zlib.error, tarfile.TarError) as error:
            raise DataError(f"{self.name}: after byte {self.offset:,}: damaged data ({error})") from None
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror or error}") from None
        self.offset += len(got)
        return got


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A reader of the file's unpacked bytes. What decides whether it is gzipped is its content, not its name."""
    with binary(path) as raw:
        start = raw.read(512)
        raw.seek(0)
        refuse_web_page(start, str(path))
        size = path.stat().st_size
        if start.startswith(GZIP_MAGIC):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield Reader(unpacked, str(path), size * GZIP_RATIO)
        else:
            yield Reader(raw, str(path), size)


@contextmanager
def binary(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    with stream:
        yield stream


def refuse_web_page(start: bytes, name: str) -> None:
    """A proxy or a dead mirror answers with a page of HTML, which then lies under the name of the data."""
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise DataError(f"{name}: byte 0: this is a web page (HTML or XML), not data. Delete it and fetch it again")
    if not start:
        raise DataError(f"{name}: byte 0: the file is empty")
