"""data.json: what a prepared folder holds, sealed by a sum of its own. The only module that knows its form."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tuner.data.card import ARRAYS

if TYPE_CHECKING:
    from pathlib import Path

FILE = "data.json"
VERSION = 2


class DamagedError(Exception):
    """A prepared folder is not what was written. Its text says in which way."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One prepared .npy file."""

    file: str
    n_bytes: int
    sha256: str
    """Of the whole file."""
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    name: str
    source: str
    note: str
    fingerprint: str
    arrays: tuple[Stored, ...]
    """In the order of card.ARRAYS."""
    test_counts: tuple[int, ...]
    """Test images of each class, so that a report can tell them without opening the test set."""


def write(manifest: Manifest, folder: Path) -> None:
    body = {"version": VERSION, **asdict(manifest)}
    text = json.dumps({**body, "seal": _seal(body)}, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest, after a check of its seal and of every file's presence and size. Raises DamagedError."""
    try:
        body = json.loads((folder / FILE).read_bytes())
        seal = body.pop("seal")
    except FileNotFoundError:
        raise DamagedError(f"{FILE} is missing") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise DamagedError(f"{FILE} is not readable") from None
    if seal != _seal(body):
        raise DamagedError(f"{FILE} has been changed")
    if body.pop("version", None) != VERSION:
        raise DamagedError(f"{FILE} is of another version")
    made = _made(body)
    for array in made.arrays:
        _check_size(folder, array)
    return made


def _made(body: dict[str, Any]) -> Manifest:
    """A seal tells of damage, not of who made it: what is sealed may still be anything."""
    try:
        arrays = tuple(Stored(**{**array, "shape": tuple(array["shape"])}) for array in body.pop("arrays"))
        made = Manifest(arrays=arrays, test_counts=tuple(body.pop("test_counts")), **body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DamagedError(f"{FILE} is not as this program writes it") from None
    if [array.file for array in arrays] != [f"{name}.npy" for name in ARRAYS]:
        raise DamagedError(f"{FILE} names other files")
    return made


def _check_size(folder: Path, array: Stored) -> None:
    path = folder / array.file
    if not path.is_file():
        raise DamagedError(f"{array.file} is missing")
    size = path.stat().st_size
    if size != array.n_bytes:
        raise DamagedError(f"{array.file} has {size:,} bytes instead of {array.n_bytes:,}")


def _seal(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
