"""A study's database copied into memory and looked through, by SQLite alone: no Optuna, no SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.study.trouble import repairing, row_errors, sqlite_errors

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b"SQLite format 3\x00"

SCHEMA = "v3.2.0.a"
"""Of Optuna's tables as the installed version makes them. To find out takes longer than all else at opening."""

TIMEOUT = 60.0
"""Seconds to wait for others who read or write."""


def check(path: Path) -> None:
    """Raises StudyError where the file is damaged, not Optuna's, or of another version of it: better here than in the
    middle of a search.
    """
    sound_copy(path).close()


def sound_copy(path: Path) -> sqlite3.Connection:
    """The database as it is at this moment, in memory, looked through. Raises as `check` does."""
    _check_header(path)
    memory = copy(path)
    with row_errors(path), sqlite_errors(path):
        (verdict,) = memory.execute("PRAGMA quick_check(1)").fetchone()
        tables = {row[0] for row in memory.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        versions = "SELECT version_num FROM alembic_version" if "alembic_version" in tables else "SELECT ''"
        version = memory.execute(versions).fetchone()
    if verdict != "ok":
        raise StudyError(f"{path}: damaged: {verdict.splitlines()[-1]}. {repairing(path)}")
    if not {"studies", "trials", "trial_params"} <= tables:
        raise StudyError(f"{path}: not a study: it is another program's database.")
    _check_version(path, version[0] if version else "")
    return memory


def copy(path: Path) -> sqlite3.Connection:
    """The database in memory. A search cannot commit while somebody reads, so all else that takes time is done there.

    Opened for writing even by readers: a commit that `kill -9` cut off is rolled back by the next to open the file, and
    who opens it read-only cannot. On a file that is write-protected SQLite reads only.
    """
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    source = f"{path.absolute().as_uri()}?mode=rw"
    with sqlite_errors(path), closing(sqlite3.connect(source, uri=True, timeout=TIMEOUT)) as file:
        file.backup(memory)
    return memory


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether the tables are those that the installed version of Optuna makes."""
    try:
        return bool(connection.execute("SELECT version_num FROM alembic_version").fetchone() == (SCHEMA,))
    except DatabaseError:
        return False


def _check_header(path: Path) -> None:
    try:
        if not path.is_file():  # a pipe would be waited for, for ever
            raise StudyError(f"{path}: not a study: it is no file.")
        with path.open("rb") as file:
            start = file.read(len(HEADER))
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}.") from None
    if start != HEADER:
        raise StudyError(f"{path}: damaged or not a study: it is no SQLite database. {repairing(path)}")


def _check_version(path: Path, version: str) -> None:
    if version != SCHEMA:
        from tuner.study.storage import check_version

        check_version(path, version)
