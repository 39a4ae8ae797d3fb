"""Files and folders that are whole or not there: a temporary name beside the target, fsync, rename. And their sums."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFINISHED = ".unfinished-"
MANIFEST = "manifest.json"


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal sum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; what the block writes there replaces `path` when it ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{UNFINISHED}{path.name}-", suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    work = Path(name)
    try:
        yield work
        _sync(work)
        work.replace(path)
        _sync(path.parent)
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its name, and its place, when the block ends without an error.

    Where a folder stood there, it steps aside first: between the two renames there is none, never a half-made one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{folder.name}-", dir=folder.parent))
    try:
        yield work
        for path in work.iterdir():
            _sync(path)
        _sync(work)
        _replace(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def sweep(folder: Path, name: str) -> None:
    """Removes what a killed process left behind while it made `name` here. The caller holds the lock of `name`."""
    for left in folder.glob(f"{UNFINISHED}{name}-*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`path` holds `value` as indented JSON, or what it held before."""
    with new_file(path) as work:
        work.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_manifest(folder: Path, **facts: Any) -> None:
    """The sums of all files of `folder`, written last, so that a folder with a true manifest is complete."""
    files = {file.name: checksum(file) for file in sorted(folder.iterdir()) if file.name != MANIFEST}
    write_json(folder / MANIFEST, {**facts, "files": files})


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of `folder` where every file it names has the sum it gives; None where anything is amiss."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = all(checksum(folder / name) == stored for name, stored in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if whole else None


def _replace(new: Path, folder: Path) -> None:
    """Renames, because no system renames over a folder that holds files. What others have mapped stays valid."""
    aside = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{folder.name}-", dir=folder.parent))
    try:
        if folder.exists():
            folder.rename(aside / "old")
        new.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt":  # Windows opens no folders; its renames reach the disk by themselves
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
