"""A folder that is replaced whole or not at all, and files that are added to one."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_AN_HOUR = 3600.0


def replace(folder: Path, files: Mapping[str, bytes], passing: Callable[[str], None] = lambda _moment: None) -> None:
    """Puts `files`, by path relative to `folder`, in the place of what was there.

    They are written beside it, flushed to the disk and renamed into place. `passing` is told of each file, and when all
    are written, what was there has stepped aside, and the new folder has its name. Raises OSError, with the old folder
    whole.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.{end}") for end in ("new", "old"))
    try:
        for name, content in files.items():
            _write(fresh / name, content)
            passing("file")
        _flush_folders(fresh)
        passing("written")
        _swap(folder, fresh, old, passing)
        passing("renamed")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    _flush(folder.parent)
    _sweep(folder)


def add(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts `files`, by path relative to `folder`, there, each whole or not at all. What else stands there stays.

    Raises OSError.
    """
    for name, content in files.items():
        path = folder / name
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            _write(fresh, content)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    _flush(folder)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folders(top: Path) -> None:
    for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
        _flush(folder)


def _flush(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders; its renames reach the disk by themselves.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(folder: Path, fresh: Path, old: Path, passing: Callable[[str], None]) -> None:
    """Renames, because no system renames over a folder that is not empty."""
    try:
        folder.rename(old)
    except FileNotFoundError:
        fresh.rename(folder)
        return
    passing("aside")
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def _sweep(folder: Path) -> None:
    """Removes what killed writers left. Young leftovers may belong to one at work."""
    with suppress(OSError):
        now = folder.stat().st_mtime
        for left in folder.parent.glob(f".{glob.escape(folder.name)}.????????.*"):
            if left.suffix in {".new", ".old"} and now - left.stat().st_mtime > _AN_HOUR:
                shutil.rmtree(left, ignore_errors=True)
