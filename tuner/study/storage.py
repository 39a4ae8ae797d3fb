"""Optuna's SQLite storage, opened the way that survives. The only importer of optuna.storages."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING, Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import InMemoryStorage, RDBStorage
from optuna.storages._rdb import models
from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from tuner.errors import StudyError
from tuner.study.copying import TIMEOUT, check, sound_copy
from tuner.study.seal import SEAL
from tuner.study.trouble import repairing, row_errors, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

__all__ = ["InMemoryStorage", "models"]


def open_storage(path: Path, *, writable: bool) -> RDBStorage:
    """Optuna's own storage over the database at `path`, for its own tools. Raises StudyError where it is not ours."""
    _check(path)
    url = _url(path, writable=writable).render_as_string(hide_password=False)
    # RDBStorage runs str.format on its URL, so a brace in a folder's name must be doubled.
    url = url.replace("{", "{{").replace("}", "}}")
    with database_errors(path):
        storage = RDBStorage(
            url, engine_kwargs={"connect_args": {"timeout": TIMEOUT}}, skip_table_creation=not writable
        )
    event.listen(storage.engine, "connect", _durable)
    storage.engine.dispose()  # the connection that the constructor opened has not heard of it
    return storage


def open_engine(path: Path) -> Engine:
    """To write to the database at `path`. Raises StudyError where it is damaged or not ours, and leaves it as it is."""
    _check(path)
    engine = create_engine(_url(path, writable=True), connect_args={"timeout": TIMEOUT})
    event.listen(engine, "connect", _durable)
    return engine


@contextmanager
def copied(path: Path) -> Iterator[Engine]:
    """To read what the database at `path` holds now. Raises likewise."""
    with closing(sound_copy(path)) as memory:
        yield over(memory)


def _check(path: Path) -> None:
    """Raises likewise."""
    check(path)
    _be_quiet()


def _be_quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def over(memory: sqlite3.Connection) -> Engine:
    """To read what the database in memory holds."""
    _be_quiet()
    return create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)


class Outdated(StudyError):
    """Its tables are those of an older version of Optuna."""


class TooNew(StudyError):
    """Its tables are those of a newer version of Optuna."""


def upgrade(path: Path) -> None:
    """Makes the tables of an older version of Optuna today's. Not for a file that is not backed up."""
    url = _url(path, writable=True).render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
    with database_errors(path):
        storage = RDBStorage(url, skip_compatibility_check=True, skip_table_creation=True)
        storage.upgrade()
        with begin(storage.engine, writing=True) as connection:  # the same values may be written otherwise now
            for table in ("study_system_attributes", "trial_system_attributes"):
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE key = ?", (SEAL,))  # noqa: S608
        storage.engine.dispose()


@contextmanager
def begin(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """One transaction: what it reads is of one moment, and what it writes is on the disk at its end, or none of it."""
    with engine.begin() as connection:
        # Python's driver by itself begins a transaction with the first change, which may be after the first look.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        yield connection


@contextmanager
def new_database(path: Path) -> Iterator[RDBStorage]:
    """An empty storage in memory, where no statement waits for the disk. At the end of the block it is at `path`."""
    _be_quiet()
    storage = RDBStorage("sqlite://")
    yield storage
    with closing(sqlite3.connect(path)) as file, closing(storage.engine.raw_connection()) as memory:
        memory.driver_connection.backup(file)  # type: ignore[union-attr]
    storage.engine.dispose()


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Whatever reading rows of the database at `path` raises, as one StudyError that says why."""
    with row_errors(path), storage_errors(path):
        yield


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """What SQLite, SQLAlchemy and Optuna raise over the database at `path`, as one StudyError that says why."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, DatabaseError) as error:
        why = _innermost(error)
        raise StudyError(f"{path}: {told(why, path)}") from None


def _innermost(error: BaseException) -> BaseException:
    """SQLite's own words are the ones that say something."""
    while (cause := getattr(error, "orig", None) or error.__cause__) is not None:
        error = cause
    return error


def _url(path: Path, *, writable: bool) -> URL:
    # Not as a plain path, which SQLite would make anew where somebody has deleted it meanwhile.
    query = {"mode": "rw" if writable else "ro", "uri": "true"}
    return URL.create("sqlite", database=path.absolute().as_uri(), query=query)


def _durable(connection: sqlite3.Connection, _record: Any) -> None:
    # The rollback journal with EXTRA: WAL has a fault that corrupts databases on SQLite 3.7.0 to 3.51.2.
    connection.execute("PRAGMA synchronous=EXTRA")


def check_version(path: Path, version: str) -> None:
    """Raises StudyError where the tables of that version are not those of the installed Optuna."""
    optunas = RDBStorage("sqlite://")
    if version != optunas.get_head_version():
        older = not version or version in optunas.get_all_versions()
        told_version = f"(its tables are {version or 'not numbered'})"
        if older:
            raise Outdated(f"{path}: written by an older version of Optuna {told_version}. {repairing(path)}")
        raise TooNew(f"{path}: written by a newer version of Optuna {told_version}. Type: pip install -U optuna")
