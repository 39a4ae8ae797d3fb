"""What lies in a study's folder: its entries without following links, their sizes, and what killed processes left."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.files import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.study.folder import Folder

AN_HOUR = 3600.0
"""Seconds. What is younger may belong to a process at work that needs no lock: `tune report`, `tune enqueue`."""


def entries(folder: Path) -> list[Path]:
    """What stands in `folder`, by name; nothing where it is missing, or a link to somewhere else."""
    return [] if folder.is_symlink() else _scanned(folder)


def _scanned(folder: Path) -> list[Path]:
    try:
        return sorted(Path(each.path) for each in os.scandir(folder))
    except OSError:
        return []


def folders(folder: Path) -> list[Path]:
    """The folders that stand in `folder`; not links to some."""
    return [path for path in entries(folder) if path.is_dir() and not path.is_symlink()]


def checkpoint_entries(folder: Folder) -> list[Path]:
    """What stands where the study's checkpoints are kept. Who has moved that place to another disk has left a link
    there: that one is followed.
    """
    return _scanned(folder.all_checkpoints)


def checkpoint_folders(folder: Folder) -> list[Path]:
    """The folders among it; not links to some."""
    return [path for path in checkpoint_entries(folder) if path.is_dir() and not path.is_symlink()]


def backup_entries(folder: Folder) -> list[Path]:
    """What stands where the study's backups are kept, likewise also where that is a link to another disk."""
    return _scanned(folder.backups)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder. Links count for themselves."""
    if path.is_dir() and not path.is_symlink():
        return sum(size_of(each) for each in entries(path))
    try:
        return path.lstat().st_size
    except OSError:  # it is gone already
        return 0


def remove(path: Path) -> str:
    """The file, or the folder with all that is in it, is gone, as far as it may be removed. Of a link, the link.
    Returns why it is still there; empty where it is not.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)  # what else of it can go; of a file, nothing
        return (error.strerror or str(error)) if os.path.lexists(path) else ""
    return ""


def drop(folder: Path) -> None:
    """The folder is gone if it is empty. Of a link to one, the link."""
    with suppress(OSError):
        if folder.is_symlink():
            folder.unlink()
        else:
            folder.rmdir()


def unfinished(folder: Folder, now: float | None = None) -> Iterator[Path]:
    """What was being written when its process was killed. The caller holds the study's lock."""
    trials = checkpoint_folders(folder)
    locked = [
        *entries(folder.path),
        *backup_entries(folder),
        *entries(folder.damaged),
        *(path for each in trials for path in entries(each)),
        *(path for each in trials for fold in folders(each) for path in entries(fold)),
    ]
    yield from (path for path in locked if path.name.startswith(UNFINISHED))
    now = time.time() if now is None else now
    others = [
        *(path for path in entries(folder.path) if path.name.startswith(f".{folder.report.name}.")),
        *(path for path in entries(folder.report) if path.name.startswith(".")),
        *(path for path in entries(folder.inbox) if path.name.startswith(UNFINISHED)),
    ]
    yield from (path for path in others if now - _modified(path, now) > AN_HOUR)


def _modified(path: Path, now: float) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return now
