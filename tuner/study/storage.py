"""Optuna's SQLite storage, opened the way that survives. The only importer of optuna.storages."""

from __future__ import annotations

import shlex
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
from tuner.home import studies_root
from tuner.study.seal import SEAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

__all__ = ["InMemoryStorage", "models"]

HEADER = b"SQLite format 3\x00"

SCHEMA = "v3.2.0.a"
"""Of Optuna's tables as the installed version makes them. To find out takes longer than all else at opening."""

TIMEOUT = 60.0
"""Seconds to wait for others who read or write."""


def open_storage(path: Path, *, writable: bool) -> RDBStorage:
    """Optuna's own storage over the database at `path`, for its own tools. Raises StudyError where it is not ours."""
    check(path)
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
    check(path)
    engine = create_engine(_url(path, writable=True), connect_args={"timeout": TIMEOUT})
    event.listen(engine, "connect", _durable)
    return engine


@contextmanager
def copied(path: Path) -> Iterator[Engine]:
    """To read what the database at `path` holds now. Raises likewise."""
    with closing(sound_copy(path)) as memory:
        yield over(memory)


def over(memory: sqlite3.Connection) -> Engine:
    """To read what the database in memory holds."""
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
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = RDBStorage("sqlite://")
    yield storage
    with closing(sqlite3.connect(path)) as file, closing(storage.engine.raw_connection()) as memory:
        memory.driver_connection.backup(file)  # type: ignore[union-attr]
    storage.engine.dispose()


DAMAGE = (LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError, RecursionError)
"""What reading a row raises whose bytes are not what was written."""


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Whatever reading rows of the database at `path` raises, as one StudyError that says why."""
    try:
        with storage_errors(path):
            yield
    except DAMAGE as error:
        raise StudyError(f"{path}: damaged: a row cannot be read ({_one_line(error)}). {repairing(path)}") from None


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """What SQLite, SQLAlchemy and Optuna raise over the database at `path`, as one StudyError that says why."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, DatabaseError) as error:
        why = _innermost(error)
        raise StudyError(f"{path}: {_told(why, path)}") from None


def _told(why: BaseException, path: Path) -> str:
    """What went wrong, and what to do."""
    code = getattr(why, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full. Free some space and give the same command again."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{_one_line(why)}. {repairing(path)}"
    if code == sqlite3.SQLITE_IOERR:
        return f"{_one_line(why)}: it may be failing, or a quota or a limit on the size of files be reached."
    return f"{_one_line(why)}. Nothing was written over."


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


def check(path: Path) -> None:
    """Raises StudyError where the file is damaged, not Optuna's, or of another version of it: better here than in the
    middle of a search.
    """
    sound_copy(path).close()


def sound_copy(path: Path) -> sqlite3.Connection:
    """The database as it is at this moment, in memory, looked through. Raises as `check` does."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _check_header(path)
    memory = copy(path)
    with database_errors(path):
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
    with storage_errors(path), closing(sqlite3.connect(source, uri=True, timeout=TIMEOUT)) as file:
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
    if version == SCHEMA:
        return
    optunas = RDBStorage("sqlite://")
    if version != optunas.get_head_version():
        older = not version or version in optunas.get_all_versions()
        told = f"(its tables are {version or 'not numbered'})"
        if older:
            raise Outdated(f"{path}: written by an older version of Optuna {told}. {repairing(path)}")
        raise TooNew(f"{path}: written by a newer version of Optuna {told}. Type: pip install -U optuna")


def repairing(path: Path) -> str:
    """What to type for the database at `path`."""
    folder = path.parent
    return f"Try: tune repair {folder.name if folder.parent == studies_root() else shlex.quote(str(folder))}"


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
