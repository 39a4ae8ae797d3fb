"""The study's database: mended from its own rows or from a backup, or brought to today's tables."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tuner import crashing
from tuner.errors import StudyError
from tuner.files import UNFINISHED, new_file, sync
from tuner.repairing.examining import examine
from tuner.repairing.findings import Finding, counted, mended, sound
from tuner.repairing.recovering import recovery
from tuner.study import Folder, take_snapshot
from tuner.study.backups import take
from tuner.study.folder import JOURNALS, SET_ASIDE
from tuner.study.storage import upgrade
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuner.trial import Trial

OLDER = "tables of an older version of Optuna"


def mend_database(folder: Folder, until: ExitStack, *, dry_run: bool) -> tuple[Finding, Folder]:
    """Leaves a sound database, or all as it was; and says in which folder it is. In a dry run that is one that is there
    `until` that ends. Raises StudyError where it cannot be done.
    """
    examined = examine(folder)
    if not examined.outdated and not examined.damage:
        return sound("database", f"{counted(_n_finished(examined.trials), 'finished trial')}, all rows read"), folder
    _refuse_link(folder, examined.damage or OLDER)
    with ExitStack() as done:
        scratch = (until if dry_run else done).enter_context(_scratch(folder, dry_run=dry_run))
        if examined.outdated:
            return _upgraded(folder, scratch, dry_run=dry_run)
        return _recovered(folder, examined.damage, scratch, dry_run=dry_run)


def _n_finished(trials: Sequence[Trial]) -> int:
    return sum(trial.state in FINISHED for trial in trials)


def _refuse_link(folder: Folder, why: str) -> None:
    if folder.database.is_symlink():
        target = folder.database.readlink()
        raise StudyError(
            f"{folder.database}: {why}, but it is a link to {target}. Nothing was touched: mend that file."
        )


@contextmanager
def _scratch(folder: Folder, *, dry_run: bool) -> Iterator[Path]:
    """A folder for a database on its way to its place, on the same disk. A dry run writes nothing to the study's."""
    where = None if dry_run else folder.path
    with tempfile.TemporaryDirectory(prefix=f"{UNFINISHED}repair-", dir=where, ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


# --- a damaged one ----------------------------------------------------------------------------------------------------


def _recovered(folder: Folder, why: str, scratch: Path, *, dry_run: bool) -> tuple[Finding, Folder]:
    found = recovery(folder, why, scratch)
    done = found.text(dry_run=dry_run)
    if not dry_run:
        aside = _put(found.path, folder)
        done += f"; the damaged file is {aside.name}" if aside else ""
    told = replace(
        mended("database", why, done), loss=found.loss(dry_run=dry_run), lost=found.lost, n_existed=found.n_existed
    )
    return told, Folder(found.path.parent) if dry_run else folder


def _put(new: Path, folder: Folder) -> Path | None:
    """The new database takes the place of the damaged one. Returns where that is now; None where there was none.

    There is a database of that name at any moment, and never an old journal beside the new one: whoever is killed in
    between finds a damaged study as before, and can begin again.
    """
    sync(new)
    crashing.here("repair-ready")
    aside = _set_aside(folder) if os.path.lexists(folder.database) else None
    for end in JOURNALS:
        journal = Path(f"{folder.database}{end}")
        if os.path.lexists(journal):
            journal.replace(Path(f"{aside}{end}") if aside else Path(f"{_aside(folder)}{end}"))
    crashing.here("repair-aside")
    new.replace(folder.database)
    sync(folder.path)
    crashing.here("repair-renamed")
    return aside


def _aside(folder: Folder) -> Path:
    return folder.path / f"{folder.database.name}{SET_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _set_aside(folder: Folder) -> Path:
    """A second name for the damaged file, or a copy under one. What a killed repair made already is good enough."""
    database = folder.database
    for other in folder.set_aside:
        if database.is_file() and filecmp.cmp(database, other, shallow=False):
            return other
    aside = _aside(folder)
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = Path(f"{_aside(folder)}-{number}")
    try:
        os.link(database, aside)
    except OSError:  # a folder under that name, or a file system that knows no second names
        _copy_aside(database, aside)
    return aside


def _copy_aside(database: Path, aside: Path) -> None:
    """Moves what cannot be copied: for a moment no database has its name then."""
    try:
        with new_file(aside) as work:
            shutil.copyfile(database, work)
    except OSError:
        database.rename(aside)


# --- an older one -----------------------------------------------------------------------------------------------------


def _upgraded(folder: Folder, scratch: Path, *, dry_run: bool) -> tuple[Finding, Folder]:
    """Its tables made today's, on a copy, after a backup."""
    copy = Folder(scratch)
    take_snapshot(folder.database, copy.database)
    upgrade(copy.database)
    examined = examine(copy)
    if examined.damage or examined.outdated:
        why = examined.damage or "they are still older"
        raise StudyError(f"{folder.database}: {OLDER}, which could not be changed: {why}. Nothing was touched.")
    done = f"{'would be ' if dry_run else ''}made today's: {counted(len(examined.trials), 'trial')}"
    if dry_run:
        return mended("database", OLDER, done), copy
    backup = take(folder)
    done += f"; the file as it was is {backup.path.name}" if backup else "; the newest backup is as it was"
    _replace(copy.database, folder)
    return mended("database", OLDER, done), folder


def _replace(new: Path, folder: Folder) -> None:
    sync(new)
    new.replace(folder.database)
    sync(folder.path)
