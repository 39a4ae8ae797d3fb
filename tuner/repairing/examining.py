"""Whether a study's database is sound: SQLite's own checks, all of them, and every row read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import BusyError, StudyError
from tuner.study import Study
from tuner.study.copying import HEADER
from tuner.study.storage import Outdated, TooNew

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.study import Folder
    from tuner.trial import Trial

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""What SQLite answers where the bytes are not a database's. All else (a lock, a full disk) says nothing of them."""
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

ATTACHED = "*** in database main ***"
"""Before what SQLite finds in the first of several databases, of which there is but one."""

PROBLEMS = 20
"""That are looked for before it is enough."""
PATIENCE = 5.0
"""Seconds to wait for another program that has the file locked."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What came of it."""

    damage: str = ""
    """One line; empty where it is sound."""
    outdated: bool = False
    """Whether its tables are those of an older version of Optuna. Its rows are not read then."""
    trials: tuple[Trial, ...] = ()


def examine(folder: Folder) -> Examined:
    """The study's database. Raises StudyError where it cannot be looked at, or a later version wrote it; BusyError
    where another program has it locked.
    """
    database = folder.database
    if not os.path.lexists(database):
        return Examined(damage="it is missing")
    if not database.is_file():
        return Examined(damage="it is no file")
    if not database.stat().st_size:
        return Examined(damage="it is empty")
    with database.open("rb") as file:
        if file.read(len(HEADER)) != HEADER:  # to open it otherwise might play a journal into it
            return Examined(damage="it is no SQLite database")
    if damage := _integrity(database):
        return Examined(damage=damage)
    try:
        study = Study.open(folder)
        trials = tuple(study.trials())
        _ = study.plan, study.created
    except Outdated:
        return Examined(outdated=True)
    except TooNew:
        raise
    except StudyError as error:
        return Examined(damage=str(error).removeprefix(f"{database}: ").partition(" Try: ")[0].rstrip("."))
    return Examined(trials=trials)


def _integrity(database: Path) -> str:
    """What SQLite finds wrong, shortly; empty for nothing."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as reading:
            found = [row[0] for row in reading.execute(f"PRAGMA integrity_check({PROBLEMS})")]
            strays = reading.execute("PRAGMA foreign_key_check").fetchall()
    except UnicodeDecodeError:  # of a message of SQLite's, which holds the bytes that are amiss
        return "its schema is damaged"
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # Python's own errors have none
        if code in DAMAGE:
            return " ".join(str(error).split())
        if code in BUSY:
            raise BusyError(f"{database}: another program has it locked. Close that first.") from None
        raise StudyError(f"{database}: cannot be looked at: {error}. Nothing was touched.") from None
    if found != ["ok"]:
        return " ".join(str(found[0]).removeprefix(ATTACHED).split())[:120]
    return _stray(len(strays)) if strays else ""


def _stray(n: int) -> str:
    return "1 row belongs to no trial" if n == 1 else f"{n:,} rows belong to no trial"
