"""A sound database to take the place of a damaged one: of all that can be had, the one that costs least."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.files import read_manifest
from tuner.keeping import OPEN
from tuner.repairing.examining import examine
from tuner.repairing.findings import counted, lost_text
from tuner.repairing.salvaging import NEEDED, Merged, agrees, merge, salvage
from tuner.repairing.witnesses import MOST, Witnesses, is_newest, witnesses
from tuner.study import Folder, Study
from tuner.study.backups import Backup, list_backups
from tuner.study.guard import WRITER
from tuner.study.remnants import Remnants, read_remnants
from tuner.study.storage import upgrade
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Recovery:
    path: Path
    told: str
    """Where it is from; after `restored` or the like."""
    verb: tuple[str, str]
    """What is done, and what would be."""
    lost: tuple[int, ...] = ()
    """Numbers of the trials that it lacks."""
    forgotten: tuple[str, ...] = ()
    """Names of what was kept with the study, and is in it no more."""
    n_existed: int = 0
    unseen: str = ""
    """Of which trials nobody can know whether there were any: `finished after 2026-11-27 14:05`; empty where the
    damaged file or the backup tells of all.
    """

    def text(self, *, dry_run: bool) -> str:
        loss = self.loss(dry_run=dry_run)
        return f"{self.verb[dry_run]} {self.told}{f'; {loss}' if loss else ', nothing lost'}"

    def loss(self, *, dry_run: bool) -> str:
        """What it costs, in words; empty where nothing is known that it does."""
        is_ = "would be" if dry_run else "is"
        told = [lost_text(self.lost, self.n_existed, dry_run=dry_run, at_least=bool(self.unseen))]
        if self.unseen and not self.lost:
            told.append(f"what {self.unseen} {is_} lost, if there was anything")
        if self.forgotten:
            told.append(f"what was kept as {', '.join(self.forgotten)} {is_} lost")
        return ", and ".join(filter(None, told))


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The newest backup that is good, copied."""

    backup: Backup
    path: Path
    study: Study
    trials: Sequence[Trial]

    @property
    def made(self) -> str:
        """When, in local time."""
        return f"{self.backup.made.astimezone():%Y-%m-%d %H:%M}"

    @property
    def ended(self) -> set[int]:
        return {trial.number for trial in self.trials if trial.state not in OPEN}

    @property
    def open(self) -> set[int]:
        return {trial.number for trial in self.trials if trial.state in OPEN}


def recovery(folder: Folder, why: str, scratch: Path) -> Recovery:
    """Every row of the damaged file where all can be read; else its trials one by one, with those of the newest good
    backup, or that backup alone, whichever has more of them. Raises StudyError where there is none of these.

    Nobody writes to it: the mark of who wrote to the damaged file is not in it.
    """
    found = _recovered(folder, why, scratch)
    with closing(sqlite3.connect(found.path)) as writing:
        writing.execute("DELETE FROM study_system_attributes WHERE key = ?", (WRITER,))
        writing.commit()
    return found


def _recovered(folder: Folder, why: str, scratch: Path) -> Recovery:
    restored = _newest_good(folder, scratch / "backup")
    source = _readable(folder)
    whole = _whole(folder, source, restored, scratch / "own") if source else None
    if whole is not None:
        return whole
    remnants = read_remnants(source, folder.name) if source else Remnants()
    into = Folder(scratch / "merged" / folder.name)
    merged = merge(remnants, restored.study if restored else None, into)
    if merged is not None and (restored is None or _tells_more(merged, restored)):
        return _of_merged(folder, merged, remnants, restored, into)
    if restored is None:
        raise StudyError(_refusal(folder, why, remnants))
    return _of_backup(folder, restored, remnants)


def _readable(folder: Folder) -> Path | None:
    """The damaged file; where none is there, the one that a repair moved out of the way before it was killed."""
    if os.path.lexists(folder.database):
        return folder.database if folder.database.is_file() else None
    return folder.set_aside[-1] if folder.set_aside else None


def _newest_good(folder: Folder, scratch: Path) -> Restored | None:
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
            return Restored(backup=backup, path=copy.database, study=Study.open(copy), trials=examined.trials)
    return None


def _whole(folder: Folder, source: Path, restored: Restored | None, own: Path) -> Recovery | None:
    own.mkdir()
    trials = salvage(source, own)
    if trials is None or (restored is not None and not agrees(trials, restored.trials)):
        return None
    whose = "its rows" if source == folder.database else f"the rows of {source.name}"
    n = counted(sum(trial.state in FINISHED for trial in trials), "finished trial")
    return Recovery(path=own / "study.db", told=f"all of {whose}: {n}", verb=("read", "would read"))


def _tells_more(merged: Merged, restored: Restored) -> bool:
    """What is kept with the study is newer in the damaged file, where that has any."""
    return len(merged.ended) > len(restored.ended) or merged.attributes != restored.study.optuna.user_attrs


def _of_merged(folder: Folder, merged: Merged, remnants: Remnants, restored: Restored | None, into: Folder) -> Recovery:
    seen = _seen(folder, remnants)
    existed = _up_to_highest(remnants.ended, remnants.open, merged.ended, seen.existed) | set(merged.trials)
    lost = existed - set(merged.trials) | ((remnants.ended | seen.ended) - merged.ended)
    return Recovery(
        path=into.database,
        told=_told(merged, remnants, restored),
        verb=("read", "would read"),
        lost=tuple(sorted(lost)),
        forgotten=tuple(sorted(remnants.spoilt - merged.attributes.keys())),
        n_existed=len(existed),
        unseen="" if remnants.tells_all else f"came after trial {max(merged.trials)}",
    )


def _told(merged: Merged, remnants: Remnants, restored: Restored | None) -> str:
    told = f"its trials one by one: {merged.n_own:,} of its own" if merged.n_own else "what is kept with the study"
    if restored is None:
        return told
    n_theirs = len(merged.ended) - merged.n_own
    if n_theirs:
        told += f", {n_theirs:,} of the backup of {restored.made}"
    old = sorted(remnants.spoilt & restored.study.optuna.user_attrs.keys() - remnants.unsummed.keys() - set(NEEDED))
    return f"{told}, {' and '.join(old)} as of {restored.made}" if old else told


def _of_backup(folder: Folder, restored: Restored, remnants: Remnants) -> Recovery:
    seen = _seen(folder, remnants)
    existed = _up_to_highest(remnants.ended, remnants.open, restored.ended, seen.existed) | restored.open
    lost = existed - restored.ended - (restored.open - remnants.ended - seen.ended)
    tells_all = remnants.tells_all or (not lost and is_newest(folder, restored.study, restored.backup.made))
    n = counted(sum(trial.state in FINISHED for trial in restored.trials), "finished trial")
    named = remnants.spoilt | set(remnants.attributes)
    return Recovery(
        path=restored.path,
        told=f"the backup of {restored.made}, {n}",
        verb=("restored", "would restore"),
        lost=tuple(sorted(lost)),
        forgotten=tuple(sorted(named - set(restored.study.optuna.user_attrs))),
        n_existed=len(existed),
        unseen="" if tells_all else f"finished after {restored.made}",
    )


def _seen(folder: Folder, remnants: Remnants) -> Witnesses:
    """What the rest of the folder shows; nothing where the damaged file itself tells of every trial."""
    none: frozenset[int] = frozenset()
    return Witnesses(existed=none, ended=none) if remnants.tells_all else witnesses(folder)


def _up_to_highest(*shown: Iterable[int]) -> set[int]:
    """Numbers of trials are counted up: the highest that anything shows tells of all before it."""
    return set(range(max((number for each in shown for number in each if number < MOST), default=-1) + 1))


def _refusal(folder: Folder, why: str, remnants: Remnants) -> str:
    model = ""
    if read_manifest(folder.best) is not None:
        model = f" The retrained model in {folder.best} is whole, and still works."
    return (
        f"{folder.database}: damaged ({why}), {_unreadable(remnants)} can be read, and there is no good backup in "
        f"{folder.backups}. Nothing was touched.{model} To begin anew: tune clean {folder.called} --delete, or search "
        "under another --study NAME."
    )


def _unreadable(remnants: Remnants) -> str:
    missing = [name for name in NEEDED if name not in remnants.attributes]
    if not remnants.trials or not missing:
        return "no trial of it"
    return f"{counted(len(remnants.trials), 'trial')} but not what the study keeps as {' and '.join(missing)}"
