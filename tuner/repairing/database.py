"""The study's database: mended from its own rows or from a backup, or brought to today's tables."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tuner import crashing
from tuner.errors import StudyError
from tuner.files import UNFINISHED, new_file, sync
from tuner.repairing.examining import Examined, examine
from tuner.repairing.findings import Finding, counted, mended, sound
from tuner.repairing.salvaging import agrees, readable_trials, salvage
from tuner.study import Folder, take_snapshot
from tuner.study.backups import Backup, list_backups, take
from tuner.study.folder import JOURNALS, SET_ASIDE
from tuner.study.storage import upgrade
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """A sound database that can take the place of a damaged one."""

    path: Path
    told: str


def mend_database(folder: Folder, *, dry_run: bool) -> Finding:
    """Leaves a sound database, or all as it was. Raises StudyError where that cannot be done."""
    examined = examine(folder)
    if examined.outdated:
        return _upgraded(folder, dry_run=dry_run)
    if not examined.damage:
        return sound("database", f"{counted(_n_finished(examined.trials), 'finished trial')}, all rows read")
    _refuse_link(folder, examined.damage)
    with _scratch(folder, dry_run=dry_run) as scratch:
        recovery = _recovery(folder, examined.damage, scratch)
        done = recovery.told
        if not dry_run:
            aside = _put(recovery.path, folder)
            done += f"; the damaged file is {aside.name}" if aside else ""
    return mended("database", examined.damage, done)


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


def _recovery(folder: Folder, why: str, scratch: Path) -> Recovery:
    """What loses least: every row of the damaged file where all can be read, else the newest backup that is good."""
    backup, examined = _newest_good(folder, scratch / "backup")
    source = _readable(folder)
    own = scratch / "own"
    own.mkdir()
    salvaged = salvage(source, own) if source else None
    if salvaged is not None and (backup is None or agrees(salvaged, examined.trials)):
        whose = "its rows" if source == folder.database else f"the rows of {source.name if source else ''}"
        told = f"all of {whose} could be read: {counted(_n_finished(salvaged), 'finished trial')}, nothing lost"
        return Recovery(path=own / "study.db", told=told)
    if backup is None:
        raise StudyError(
            f"{folder.database}: damaged ({why}), and there is no good backup in {folder.backups}. Nothing was touched."
        )
    kept = {trial.number for trial in examined.trials if trial.state in FINISHED}
    readable = readable_trials(source) if source else None
    told = (
        f"restored the backup of {_local(backup.made)}, {counted(len(kept), 'finished trial')}{_lost(readable, kept)}"
    )
    return Recovery(path=scratch / "backup" / "study.db", told=told)


def _readable(folder: Folder) -> Path | None:
    """The damaged file; where none is there, the one that a repair moved out of the way before it was killed."""
    if os.path.lexists(folder.database):
        return folder.database if folder.database.is_file() else None
    return folder.set_aside[-1] if folder.set_aside else None


def _newest_good(folder: Folder, scratch: Path) -> tuple[Backup | None, Examined]:
    """The newest backup whose sum is right and which makes a sound study, copied into `scratch`."""
    scratch.mkdir()
    copy = Folder(scratch)
    for backup in list_backups(folder):
        if not backup.is_whole:
            continue
        shutil.copyfile(backup.path, copy.database)
        examined = examine(copy)
        if examined.outdated:
            upgrade(copy.database)
            examined = examine(copy)
        if not examined.damage:
            return backup, examined
    return None, Examined()


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _lost(readable: set[int] | None, kept: set[int]) -> str:
    """What of the damaged file the backup does not have."""
    if readable is None:
        return "; what was finished later is lost"
    lost = sorted(readable - kept)
    if not lost:
        return ", nothing lost that can still be read"
    numbers = ", ".join(map(str, lost[:10])) + (", ..." if len(lost) > 10 else "")  # noqa: PLR2004
    return f"; lost: {counted(len(lost), 'trial')} finished later ({numbers})"


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


def _upgraded(folder: Folder, *, dry_run: bool) -> Finding:
    """Its tables made today's, on a copy, after a backup."""
    found = "tables of an older version of Optuna"
    _refuse_link(folder, found)
    with _scratch(folder, dry_run=dry_run) as scratch:
        copy = Folder(scratch)
        take_snapshot(folder.database, copy.database)
        upgrade(copy.database)
        examined = examine(copy)
        if examined.damage or examined.outdated:
            why = examined.damage or "they are still older"
            raise StudyError(f"{folder.database}: {found}, which could not be changed: {why}. Nothing was touched.")
        done = f"made today's: {counted(len(examined.trials), 'trial')}"
        if not dry_run:
            backup = take(folder)
            done += f"; the file as it was is {backup.path.name}" if backup else "; the newest backup is as it was"
            _replace(copy.database, folder)
    return mended("database", found, done)


def _replace(new: Path, folder: Folder) -> None:
    sync(new)
    new.replace(folder.database)
    sync(folder.path)
