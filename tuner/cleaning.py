"""What of a study's folder can go without a loss, and the end of a whole study."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.keeping import OPEN, Keeper
from tuner.study import Study
from tuner.study.backups import list_backups, newest_whole, shows_a_study
from tuner.study.belongings import belongings, contents, door, shared
from tuner.study.folder import JOURNALS, SET_ASIDE
from tuner.study.leftovers import drop, entries, remove, size_of, unfinished
from tuner.study.remnants import LOST, read_remnants

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """What came of a removal."""

    gone: Sequence[Waste] = ()
    """As far as it is gone."""
    stays: Mapping[Path, str] = field(default_factory=dict)
    """What could not be removed -> why."""


def waste(study: Study, keep: Keep, spare: Container[Path] = (), *, busy: bool = False) -> list[Waste]:
    """What can go of a sound study; who removes it holds its lock. The database, the split, the retrained winner, the
    report and guesses that wait are not among it, nor what to `spare`. Of one that is `busy` with a search, what looks
    unfinished is being written.
    """
    folder = study.folder
    checkpoints = Keeper(study, keep).unwanted()
    found = {
        "checkpoints": [path for path in checkpoints if not _is_empty(path)],
        "empty folders": [path for path in checkpoints if _is_empty(path)],
        "backups but the newest": _older_backups(folder),
        "logs": entries(folder.logs),
        "damaged files": [*entries(folder.damaged), *(path for path in _set_aside(folder) if path not in spare)],
        "unfinished files": [] if busy else list(unfinished(folder)),
    }
    return [_waste(what, paths) for what, paths in found.items() if paths]


def spared(study: Study) -> tuple[Path, ...]:
    """Damaged databases from which more trials can be read than the study has, and what SQLite kept beside them."""
    own = sum(trial.state not in OPEN and trial.detail != LOST for trial in study.trials())
    rich = [path.name for path in study.folder.set_aside if _n_readable(path, study.folder.name) > own]
    names = {f"{name}{end}" for name in rich for end in ("", *JOURNALS)}
    return tuple(path for path in _set_aside(study.folder) if path.name in names)


def _n_readable(damaged: Path, name: str) -> int:
    """Trials that had ended. Earlier versions sealed none, so that nothing shows which of them are sound."""
    left = read_remnants(damaged, name)
    return len(left.trials or left.ended)


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not entries(path)


def clear(found: Iterable[Waste], *, in_order: bool = False) -> Cleared:
    """Removes it; `in_order`, nothing of a kind before all that came before it is gone."""
    gone: list[Waste] = []
    stays: dict[Path, str] = {}
    for each in found:
        if in_order and stays:
            break
        left = {path: why for path in each.paths if (why := remove(path))}
        size = each.size - sum(map(size_of, left))
        if size or len(left) < len(each.paths):
            gone.append(Waste(what=each.what, paths=tuple(p for p in each.paths if p not in left), size=max(size, 0)))
        stays |= left
    return Cleared(gone=gone, stays=stays)


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
