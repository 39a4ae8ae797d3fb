"""An .npz with x_train, y_train, x_test, y_test, as Keras keeps MNIST. Read piece by piece, never unpickled."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Literal

import numpy as np

from tuner.data.formats.members import Members
from tuner.data.formats.piece import PIECE, Piece, as_labels, check_count, check_same
from tuner.data.formats.reading import Reader, binary, refuse_web_page
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tuner.data.card import Card

KEYS = ("x_train", "y_train", "x_test", "y_test")
BRIGHTEST = 255
# NumPy parses a header as a Python literal, and lets some of the parser's own errors through.
_HEADER_ERRORS = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError)


def members(place: Path) -> Members:
    """The file itself, or the one .npz in the folder."""
    if place.is_file():
        return Members(files=(place,) if place.suffix == ".npz" else ())
    files = tuple(sorted(place.glob("*.npz")))
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        return Members(files=files, missing=(f"a choice between {names} (give one of them)",))
    return Members(files=files)


def read(found: Members, card: Card) -> Iterator[Piece]:
    (path,) = found.files
    with _archive(path) as archive:
        missing = [key for key in KEYS if f"{key}.npy" not in archive.namelist()]
        if missing:
            held = ", ".join(name.removesuffix(".npy") for name in archive.namelist()[:8]) or "nothing"
            raise DataError(f"{path}: must hold the arrays {', '.join(KEYS)}. Got {held}")
        yield from _split("train", path, archive, card)
        yield from _split("test", path, archive, card)


def _split(split: Literal["train", "test"], path: Path, archive: zipfile.ZipFile, card: Card) -> Iterator[Piece]:
    name = f"{path}[x_{split}]"
    answers = _labels(f"{path}[y_{split}]", archive, f"y_{split}", card.n_classes)
    with _array(name, archive, f"x_{split}") as (reader, shape, dtype):
        _check_images(name, shape, dtype, card)
        check_same(shape[0], name, len(answers), f"{path}[y_{split}]")
        n_bytes = math.prod(card.image_shape) * dtype.itemsize
        reader.promise(shape[0] * n_bytes)
        for start in range(0, shape[0], PIECE):
            some = answers[start : start + PIECE]
            values = np.frombuffer(reader.read(len(some) * n_bytes), dtype=dtype)
            yield Piece(
                split=split,
                images=_as_pixels(values, name).reshape(-1, *card.image_shape),
                labels=some,
                images_file=str(path),
                labels_file=str(path),
            )
        reader.end()


def _labels(name: str, archive: zipfile.ZipFile, key: str, n_classes: int) -> NDArray[np.uint8]:
    with _array(name, archive, key) as (reader, shape, dtype):
        if shape[1:] not in {(), (1,)} or dtype.kind not in "iu":
            raise DataError(f"{name}: labels must be whole numbers, one an image. Got {dtype} of shape {shape}")
        reader.promise(shape[0] * dtype.itemsize)
        values = np.frombuffer(reader.read(shape[0] * dtype.itemsize), dtype=dtype)
        reader.end()
    return as_labels(values, n_classes, name, lambda i: f"element {i:,}")


def _check_images(name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic], card: Card) -> None:
    height, width, channels = card.image_shape
    accepted: set[tuple[int, ...]] = {(height, width, channels)}
    if channels == 1:
        accepted |= {(height, width), (height * width,)}
    if shape[1:] not in accepted:
        raise DataError(f"{name}: images of {card.title} must have the shape {card.image_shape}. Got {shape[1:]}")
    if dtype.kind not in "iu":
        raise DataError(f"{name}: pixels must be whole numbers from 0 to {BRIGHTEST} (uint8). Got {dtype}")


def _as_pixels(values: NDArray[np.integer], name: str) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    if values.size and (values.min() < 0 or values.max() > BRIGHTEST):
        raise DataError(f"{name}: pixels must be from 0 to {BRIGHTEST}. Got {values.min()} to {values.max()}")
    return values.astype(np.uint8)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with binary(path) as raw:
        refuse_web_page(raw.read(512), str(path))
        try:
            with zipfile.ZipFile(raw) as archive:
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(f"{path}: damaged .npz ({error})") from None


@contextmanager
def _array(
    name: str, archive: zipfile.ZipFile, key: str
) -> Iterator[tuple[Reader, tuple[int, ...], np.dtype[np.generic]]]:
    info = archive.getinfo(f"{key}.npy")
    with archive.open(info) as stream:
        shape, dtype = _header(name, stream)
        check_count(shape[0], name, "its header")
        # file_size is only what the zip's directory claims; reading past the real end fails by itself.
        yield Reader(stream, name, info.file_size), shape, dtype


def _header(name: str, stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    try:
        version = np.lib.format.read_magic(stream)
        parse = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = parse(stream)
    except _HEADER_ERRORS as error:
        raise DataError(f"{name}: damaged .npy header ({str(error).splitlines()[0][:100]})") from None
    if dtype.hasobject:
        raise DataError(f"{name}: holds pickled Python objects, which are never loaded. Save it as uint8")
    if not shape or (is_fortran and len(shape) > 1):
        raise DataError(f"{name}: must be an array in C order with one row an image. Got shape {shape}")
    return shape, dtype
