"""What of a study's folder can go without a loss, and the end of a whole study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.keeping import Keeper
from tuner.study import Study
from tuner.study.backups import list_backups, newest_whole, shows_a_study
from tuner.study.belongings import belongings, contents, door, shared
from tuner.study.folder import SET_ASIDE
from tuner.study.leftovers import drop, entries, remove, size_of, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tuner.plan import Keep
    from tuner.study import Folder


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


def refuse_others(folder: Folder) -> None:
    """Raises StudyError where the folder is a link: what it leads to is elsewhere, and not ours to delete. Likewise
    where nothing shows that it is a study of ours, sound or damaged.
    """
    if folder.path.is_symlink():
        raise StudyError(f"{folder.path}: is a link to {folder.path.readlink()}. Remove it yourself.")
    try:
        Study.open(folder)
    except StudyError as error:
        if not shows_a_study(folder):
            why = str(error).partition(" Try: ")[0]
            raise StudyError(
                f"{why} No split and no backup shows that a study of tune is there: nothing was deleted."
            ) from None


def everything(folder: Folder) -> list[Waste]:
    """All that makes the study, in the order in which it has to go."""
    return [_waste(what, paths) for what, paths in belongings(folder).items() if paths]


def close(folder: Folder) -> list[Path]:
    """The study's folder is gone once everything is. Returns what stays in it; or itself, where something came anew.

    The caller holds its lock, which goes with it: who comes in between is kept out, and who comes later finds no study.
    """
    left = contents(folder)
    for place in shared(folder):
        drop(place)
    for path in door(folder):
        remove(path)
    drop(folder.path)
    return left or [folder.path] * folder.path.exists()


def _older_backups(folder: Folder) -> list[Path]:
    """Where none is whole, all of them stay: it is for `tune repair` to say so."""
    newest = newest_whole(folder)
    return [each.path for each in list_backups(folder) if newest is not None and each != newest]


def _set_aside(folder: Folder) -> list[Path]:
    return [path for path in entries(folder.path) if path.name.startswith(f"{folder.database.name}{SET_ASIDE}")]


def _waste(what: str, paths: Iterable[Path]) -> Waste:
    found = tuple(paths)
    return Waste(what=what, paths=found, size=sum(map(size_of, found)))
