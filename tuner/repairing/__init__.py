"""A study checked from end to end, and mended as far as that goes. Nothing is deleted but what was unfinished."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from tuner.repairing import files
from tuner.repairing.database import mend_database
from tuner.repairing.findings import Finding, Standing, counted, mended, sound
from tuner.study import Study, hold, is_held
from tuner.trial import TrialState

if TYPE_CHECKING:
    from tuner.study import Folder

__all__ = ["Finding", "Standing", "repair"]


def repair(folder: Folder, *, dry_run: bool = False) -> tuple[Finding, ...]:
    """What was found and done. Cut off at any point, it can be begun again. A dry run writes nothing and holds nothing,
    so that it can be given while a search goes on.

    Raises StudyError where the database is damaged and nothing can take its place: then nothing was touched. BusyError
    where somebody holds the study.
    """
    with nullcontext() if dry_run else hold(folder.path, folder.name):
        first = mend_database(folder, dry_run=dry_run)
        found: list[Finding | None] = [first]
        if first.standing is Standing.SOUND or not dry_run:
            found += _mend_study(folder, dry_run=dry_run)
        found += [
            files.mend_folds(folder, dry_run=dry_run),
            files.mend_checkpoints(folder, dry_run=dry_run),
            files.mend_backups(folder, dry_run=dry_run),
        ]
        if not (dry_run and is_held(folder.path)):  # what its holder writes is unfinished too
            found.append(files.sweep(folder, dry_run=dry_run))
    return tuple(each for each in found if each is not None)


def _mend_study(folder: Folder, *, dry_run: bool) -> list[Finding | None]:
    """What needs a sound database."""
    study = Study.open(folder)
    return [
        _release(study, dry_run=dry_run),
        files.mend_split(study, dry_run=dry_run),
        files.mend_best(study, dry_run=dry_run),
    ]


def _release(study: Study, *, dry_run: bool) -> Finding:
    """Trials that a dead process left running wait again."""
    n = sum(trial.state is TrialState.RUNNING for trial in study.trials())
    if dry_run and is_held(study.folder.path):
        return sound("running trials", f"{n}, of the process that holds the study")
    if not n:
        return sound("running trials", "none that a dead process left")
    if dry_run:
        return mended(
            "running trials", f"{counted(n, 'trial')} of a dead process", "would wait, to go on where they were"
        )
    with closing(Study.open(study.folder, writable=True)) as writable:
        writable.release_interrupted()
    return mended("running trials", f"{counted(n, 'trial')} of a dead process", "they wait, to go on where they were")
