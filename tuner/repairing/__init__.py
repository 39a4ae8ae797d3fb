"""A study checked from end to end, and mended as far as that goes. Nothing is deleted but what was unfinished."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from functools import cache, partial
from typing import TYPE_CHECKING

from tuner.errors import TuneError
from tuner.repairing import files
from tuner.repairing.best import mend_best
from tuner.repairing.checkpoints import mend_checkpoints
from tuner.repairing.database import mend_database
from tuner.repairing.findings import Finding, Standing, broken
from tuner.repairing.running import release
from tuner.study import Study, hold, is_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuner.study import Folder

    Step = Callable[[], Finding | None]

__all__ = ["Finding", "Standing", "repair"]


def repair(folder: Folder, *, dry_run: bool = False) -> tuple[Finding, ...]:
    """What was found and done. Cut off at any point, it can be begun again. A dry run writes nothing and holds nothing,
    so that it can be given while a search goes on.

    Raises StudyError where the database is damaged and nothing can take its place: then nothing was touched. BusyError
    where somebody holds the study. What goes wrong once the database is sound again is a finding like others: what that
    cost has to be told.
    """
    with ExitStack() as stack:
        stack.enter_context(nullcontext() if dry_run else hold(folder.path, folder.name))
        first, where = mend_database(folder, stack, dry_run=dry_run)
        found = [_tried(what, step) for what, step in _steps(folder, where, dry_run=dry_run)]
    return first, *(each for each in found if each is not None)


def _steps(folder: Folder, where: Folder, *, dry_run: bool) -> Iterator[tuple[str, Step]]:
    """`where` has the sound database."""

    @cache
    def study() -> Study:
        opened = Study.open(where)
        opened.folder = folder
        return opened

    yield "running trials", lambda: release(study(), dry_run=dry_run)
    yield "split", lambda: files.mend_split(study(), dry_run=dry_run)
    yield "best model", lambda: mend_best(study(), dry_run=dry_run)
    yield "folds", partial(files.mend_folds, folder, dry_run=dry_run)
    yield "checkpoints", lambda: mend_checkpoints(study(), dry_run=dry_run)
    yield "backups", partial(files.mend_backups, folder, dry_run=dry_run)
    if not (dry_run and is_held(folder.path)):  # what its holder writes is unfinished too
        yield "unfinished files", partial(files.sweep, folder, dry_run=dry_run)


def _tried(what: str, step: Step) -> Finding | None:
    try:
        return step()
    except (TuneError, OSError) as error:
        return broken(what, "could not be mended", _why(error))


def _why(error: TuneError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error).rstrip(".")
