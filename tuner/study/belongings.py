"""Which of the things in a study's folder are ours, by their names. All others are somebody's, and never deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuner.files import UNFINISHED
from tuner.study.backups import NAME
from tuner.study.folder import RETRAINED, SET_ASIDE
from tuner.study.leftovers import backup_entries, checkpoint_entries, entries

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.study.folder import Folder

DATABASE = re.compile(rf"study\.db(-journal|-wal|-shm|{re.escape(SET_ASIDE)}.+)?")
FOLDS = re.compile(r"folds(-[0-9]+)?\.npz")


def belongings(folder: Folder) -> dict[str, list[Path]]:
    """All that is ours but the door, by what it is, in the order in which it can go: whoever is killed on the way still
    finds what shows that a study is there, and can go on.
    """
    there = entries(folder.path)
    database = [path for path in there if DATABASE.fullmatch(path.name)]
    return {
        "files of the study": [
            *(path for path in checkpoint_entries(folder) if _is_checkpoint(folder, path)),
            *(path for path in there if _is_of_the_study(folder, path)),
        ],
        "database": sorted(database, key=lambda path: path == folder.database),
        "backups": [path for path in backup_entries(folder) if _is_backup(path)],
        "split": [path for path in there if path == folder.split],
    }


def contents(folder: Folder) -> list[Path]:
    """What stands in the folder and in those of its places where others may have put something; not the door."""
    places = {place for place in shared(folder) if place.is_dir() or place.is_symlink()}
    own = [path for path in entries(folder.path) if path not in {*door(folder), *places}]
    return [*own, *checkpoint_entries(folder), *backup_entries(folder)]


def strangers(folder: Folder) -> list[Path]:
    """What is not ours of it."""
    ours = {path for found in belongings(folder).values() for path in found}
    return [path for path in contents(folder) if path not in ours]


def shared(folder: Folder) -> tuple[Path, ...]:
    """Its places in which only what has a name of ours is ours; all that is in the others we may write over."""
    return folder.all_checkpoints, folder.backups


def door(folder: Folder) -> tuple[Path, ...]:
    """What must be there while somebody holds the study."""
    return folder.path / "holder.json", folder.path / "lock"


def _is_of_the_study(folder: Folder, path: Path) -> bool:
    whole = {folder.best, folder.report, folder.logs, folder.inbox, folder.damaged, folder.confirmation.path}
    begun = path.name.startswith((UNFINISHED, f".{folder.report.name}."))
    return path in whole or begun or FOLDS.fullmatch(path.name) is not None


def _is_checkpoint(folder: Folder, path: Path) -> bool:
    name = path.name
    of_a_trial = name.isascii() and name.isdigit() and path == folder.checkpoints(int(name))
    return path.is_dir() and (of_a_trial or RETRAINED.fullmatch(name) is not None or name.startswith(UNFINISHED))


def _is_backup(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None or path.name.startswith(UNFINISHED)
