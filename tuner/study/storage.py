"""Optuna's SQLite storage, opened the way that survives. The only importer of optuna.storages."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from sqlite3 import DatabaseError, OperationalError
from typing import TYPE_CHECKING, Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import URL, event
from sqlalchemy.exc import SQLAlchemyError

from tuner.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = b"SQLite format 3\x00"


def open_storage(path: Path, *, writable: bool) -> RDBStorage:
    """The database at `path`; made where it is missing and `writable`. Raises StudyError where it is not ours."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if path.exists():
        _check(path)
    url = _url(path, writable=writable)
    try:
        with database_errors(path):
            storage = RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}}, skip_table_creation=not writable)
    except RuntimeError as error:  # Optuna's word for a schema of another version
        raise StudyError(f"{path}: written by another version of Optuna: {_one_line(error)}.") from None
    event.listen(storage.engine, "connect", _durable)
    storage.engine.dispose()  # the connection that the constructor opened has not heard of it
    return storage


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Whatever reading rows of the database at `path` raises, as one StudyError that says why."""
    try:
        with storage_errors(path):
            yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudyError(f"{path}: damaged: a row cannot be read ({_one_line(error)}).") from None


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """What SQLite, SQLAlchemy and Optuna raise over the database at `path`, as one StudyError that says why."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, DatabaseError) as error:
        why = _innermost(error)
        full = isinstance(why, OperationalError) and "full" in str(why)
        rest = "Free some space and give the same command again" if full else "Nothing was written over"
        raise StudyError(f"{path}: {'the disk is full' if full else _one_line(why)}. {rest}.") from None


def _innermost(error: BaseException) -> BaseException:
    """SQLite's own words are the ones that say something."""
    while (cause := getattr(error, "orig", None) or error.__cause__) is not None:
        error = cause
    return error


def _url(path: Path, *, writable: bool) -> str:
    # RDBStorage runs str.format on its URL, so a brace in a folder's name must be doubled.
    if writable:
        url = URL.create("sqlite", database=str(path))
    else:
        url = URL.create("sqlite", database=f"file:{path.as_posix()}", query={"mode": "ro", "uri": "true"})
    return url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")


def _durable(connection: sqlite3.Connection, _record: Any) -> None:
    # The rollback journal with EXTRA: WAL has a fault that corrupts databases on SQLite 3.7.0 to 3.51.2.
    connection.execute("PRAGMA synchronous=EXTRA")


def _check(path: Path) -> None:
    """Damage is better found here than in the middle of a search.

    Opened for writing even by readers: a commit that `kill -9` cut off is rolled back by the next to open the file, and
    who opens it read-only cannot. On a file that is write-protected SQLite reads only.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(HEADER))
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}.") from None
    if start != HEADER:
        raise StudyError(f"{path}: damaged or not a study: it is no SQLite database.")
    with (
        database_errors(path),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=60)) as connection,
    ):
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if verdict != "ok":
        raise StudyError(f"{path}: damaged: {verdict.splitlines()[0]}.")
    if not {"studies", "trials", "trial_params"} <= tables:
        raise StudyError(f"{path}: not a study: it is another program's database.")


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
