"""A sound database to take the place of a damaged one: of all that can be had, the one that costs least."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.files import read_manifest
from tuner.keeping import checkpointed
from tuner.repairing.examining import examine
from tuner.repairing.findings import counted, lost_text
from tuner.repairing.salvaging import Merged, agrees, merge, salvage
from tuner.study import Folder, Study
from tuner.study.backups import Backup, list_backups
from tuner.study.remnants import Remnants, read_remnants
from tuner.study.storage import upgrade
from tuner.trial import FINISHED, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tuner.trial import Trial

OPEN = frozenset({TrialState.WAITING, TrialState.RUNNING})


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

    def text(self, *, dry_run: bool) -> str:
        loss = self.loss(dry_run=dry_run)
        return f"{self.verb[dry_run]} {self.told}{f'; {loss}' if loss else ', nothing lost'}"

    def loss(self, *, dry_run: bool) -> str:
        """What it costs, in words; empty where nothing is known that it does."""
        told = [lost_text(self.lost, self.n_existed, dry_run=dry_run)]
        if self.forgotten:
            told.append(f"what was kept as {', '.join(self.forgotten)} {'would be' if dry_run else 'is'} lost")
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
    """
    restored = _newest_good(folder, scratch / "backup")
    source = _readable(folder)
    whole = _whole(folder, source, restored, scratch / "own") if source else None
    if whole is not None:
        return whole
    remnants = read_remnants(source, folder.name) if source else Remnants()
    into = Folder(scratch / "merged" / folder.name)
    merged = merge(remnants, restored.study if restored else None, into)
    if merged is not None and (restored is None or len(merged.ended) > len(restored.ended)):
        return _of_merged(folder, merged, remnants, restored, into)
    if restored is None:
        raise StudyError(_refusal(folder, why))
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


def _of_merged(folder: Folder, merged: Merged, remnants: Remnants, restored: Restored | None, into: Folder) -> Recovery:
    existed = _existed(folder, remnants, merged.ended) | set(merged.trials)
    lost = existed - set(merged.trials) | (remnants.ended - merged.ended)
    theirs = restored.study.optuna.user_attrs if restored else {}
    n_theirs = len(merged.ended) - merged.n_own
    told = f"its trials one by one: {merged.n_own:,} of its own"
    if restored is not None and n_theirs:
        told += f", {n_theirs:,} of the backup of {restored.made}"
    return Recovery(
        path=into.database,
        told=told,
        verb=("read", "would read"),
        lost=tuple(sorted(lost)),
        forgotten=tuple(sorted(remnants.spoilt - set(theirs))),
        n_existed=len(existed),
    )


def _of_backup(folder: Folder, restored: Restored, remnants: Remnants) -> Recovery:
    existed = _existed(folder, remnants, restored.ended) | restored.open
    lost = existed - restored.ended - (restored.open - remnants.ended)
    n = counted(sum(trial.state in FINISHED for trial in restored.trials), "finished trial")
    return Recovery(
        path=restored.path,
        told=f"the backup of {restored.made}, {n}",
        verb=("restored", "would restore"),
        lost=tuple(sorted(lost)),
        n_existed=len(existed),
    )


def _existed(folder: Folder, remnants: Remnants, ended: Iterable[int]) -> set[int]:
    """Numbers of the trials that there were: they are counted up, so that the highest that anything shows tells."""
    manifest = read_manifest(folder.best) or {}
    winner = manifest.get("trial")
    shown = [*remnants.ended, *remnants.open, *ended, *checkpointed(folder)]
    return set(range(max([*shown, winner if isinstance(winner, int) else -1, -1]) + 1))


def _refusal(folder: Folder, why: str) -> str:
    model = ""
    if read_manifest(folder.best) is not None:
        model = f" The retrained model in {folder.best} is whole, and still works."
    return (
        f"{folder.database}: damaged ({why}), no trial of it can be read, and there is no good backup in "
        f"{folder.backups}. Nothing was touched.{model} To begin anew: tune clean {folder.called} --delete, or search "
        "under another --study NAME."
    )
