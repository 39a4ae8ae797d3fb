"""What of a study's folder can go without a loss, and the end of a whole study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.keeping import Keeper
from tuner.study.backups import list_backups, newest_whole
from tuner.study.leftovers import entries, remove, size_of, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tuner.plan import Keep
    from tuner.study import Folder, Study

SET_ASIDE = ".damaged-"
"""Stands in the name of a database that `tune repair` moved out of the way."""


@dataclass(frozen=True, kw_only=True)
class Waste:
    """Files and folders of one kind that can go."""

    what: str
    paths: tuple[Path, ...]
    size: int
    """Bytes."""


def waste(study: Study, keep: Keep) -> list[Waste]:
    """What can go of a sound study that nobody searches; the caller holds its lock. The database, the split, the
    retrained winner, the report and guesses that wait are not among it.
    """
    folder = study.folder
    found = {
        "checkpoints": Keeper(study, keep).unwanted(),
        "backups but the newest": _older_backups(folder),
        "logs": entries(folder.logs),
        "damaged files": [*entries(folder.damaged), *_set_aside(folder)],
        "unfinished files": list(unfinished(folder)),
    }
    return [_waste(what, paths) for what, paths in found.items() if paths]


def clear(found: Iterable[Waste]) -> None:
    """Removes it."""
    for each in found:
        for path in each.paths:
            remove(path)


def refuse_link(folder: Folder) -> None:
    """Raises StudyError where the folder is a link: what it leads to is elsewhere, and not ours to delete."""
    if folder.path.is_symlink():
        raise StudyError(f"{folder.path}: is a link to {folder.path.readlink()}. Remove it yourself.")


def everything(folder: Folder) -> list[Waste]:
    """All that makes the study, in the order in which it has to go.

    The database goes last: whoever is killed before finds the study again, and can delete it again.
    """
    others = [path for path in entries(folder.path) if _is_ours(folder, path) and path not in _door(folder)]
    database = [path for path in others if path.name.startswith(folder.database.name)]
    parts = {
        "files of the study": [path for path in others if path not in database],
        "database": database,
    }
    return [_waste(what, paths) for what, paths in parts.items() if paths]


def close(folder: Folder) -> list[Path]:
    """The study's folder is gone once everything is and nobody holds it. Returns what is not ours and stays in it."""
    left = [path for path in entries(folder.path) if path not in _door(folder)]
    if not left:
        for path in _door(folder):
            remove(path)
        folder.path.rmdir()
    return left


def _older_backups(folder: Folder) -> list[Path]:
    """Where none is whole, all of them stay: it is for `tune repair` to say so."""
    newest = newest_whole(folder)
    return [each.path for each in list_backups(folder) if newest is not None and each != newest]


def _set_aside(folder: Folder) -> list[Path]:
    return [path for path in entries(folder.path) if path.name.startswith(f"{folder.database.name}{SET_ASIDE}")]


def _door(folder: Folder) -> tuple[Path, ...]:
    """What must be there while somebody holds the study."""
    return folder.path / "lock", folder.path / "holder.json"


def _is_ours(folder: Folder, path: Path) -> bool:
    whole = {folder.split, folder.best, folder.report, folder.logs, folder.inbox, folder.all_checkpoints}
    begins = (folder.database.name, "folds", ".unfinished-", f".{folder.report.name}.")
    return path in whole | {folder.backups, folder.damaged} or path.name.startswith(begins)


def _waste(what: str, paths: Iterable[Path]) -> Waste:
    found = tuple(paths)
    return Waste(what=what, paths=found, size=sum(map(size_of, found)))
