"""What stands in a study's folder beside its database: checked, and what is damaged moved out of the way."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import tuner.data
from tuner.errors import BusyError, DataError, StudyError, UsageError
from tuner.repairing.findings import Finding, broken, counted, mended, sound
from tuner.study.backups import list_backups
from tuner.study.belongings import FOLDS
from tuner.study.leftovers import entries, remove, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuner.study import Folder, Study


def mend_split(study: Study, *, dry_run: bool) -> Finding:
    """Which images train and which validate; cut anew where the data set is at hand, which gives the very same."""
    plan, path = study.plan, study.folder.split
    try:
        tuner.data.load_split(path, plan.data_fingerprint)
    except StudyError as error:
        why = str(error).removeprefix(f"{path}: ").rstrip(".")
    else:
        return sound("split", "its images are known")
    if dry_run:  # to look for the data set might put it into the cache
        return mended("split", why, "would be cut anew, if its data set is at hand")
    place = study.fact("run", {}).get("data")
    try:
        data = tuner.data.find(plan.dataset, data=Path(place) if place else None, download=False)
        if data.fingerprint != plan.data_fingerprint:
            return broken("split", why, f"the data set {plan.dataset} that was found is another one")
        split = tuner.data.split(data.train()[1], validation=plan.validation, seed=plan.seed, limit=plan.limit)
        move_to_damaged(study.folder, [path])
        tuner.data.save_split(split, path, data.fingerprint)
    except (DataError, UsageError, BusyError) as error:
        return broken("split", why, f"to cut it anew its data set is needed: {error}")
    return mended("split", why, "cut anew from the same data and seed")


def mend_folds(folder: Folder, *, dry_run: bool) -> Finding | None:
    """None where the study has none."""
    there = [path for path in entries(folder.path) if FOLDS.fullmatch(path.name)]
    bad = [path for path in there if not _is_whole_archive(path)]
    if bad and not dry_run:
        move_to_damaged(folder, bad)
    if not there:
        return None
    return finding("folds", len(there), len(bad), "file", "the next run cuts them anew", dry_run=dry_run)


def _is_whole_archive(path: Path) -> bool:
    if not path.is_file():  # a pipe would be waited for, for ever
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return False


def mend_backups(folder: Folder, *, dry_run: bool) -> Finding:
    there = list_backups(folder)
    bad = [each.path for each in there if not each.is_whole]
    if bad and not dry_run:
        move_to_damaged(folder, bad)
    return finding("backups", len(there), len(bad), "backup", dry_run=dry_run)


def sweep(folder: Folder, *, dry_run: bool) -> Finding:
    """What killed processes left unfinished."""
    left = list(unfinished(folder))
    if not dry_run:
        for path in left:
            remove(path)
    if not left:
        return sound("unfinished files", "none")
    return mended("unfinished files", f"{len(left)} that killed processes left", f"{_would(dry_run)}removed")


def finding(what: str, there: int, bad: int, noun: str, then: str = "", *, dry_run: bool) -> Finding:
    """Of things that are as they were written, or moved out of the way."""
    if not there:
        return sound(what, "none")
    if not bad:
        return sound(what, f"{counted(there, noun)}, as written")
    rest = f"; {then}" if then else ""
    return mended(what, f"{bad} of {counted(there, noun)} damaged", f"{_would(dry_run)}moved to damaged/{rest}")


def _would(dry_run: bool) -> str:
    return "would be " if dry_run else ""


def move_to_damaged(folder: Folder, paths: Iterable[Path]) -> None:
    """Into the folder for what is damaged, each under a name of its own that says where it was."""
    folder.damaged.mkdir(exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    for path in paths:
        if path.exists() or path.is_symlink():
            name = "-".join(path.relative_to(folder.path).parts)
            shutil.move(path, folder.damaged / f"{name}-{stamp}")  # the checkpoints may be on another disk
