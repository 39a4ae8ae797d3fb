"""The one writer's mark in the database: whoever writes has put it there, and writes only while it still stands.

The lock file is the first door, and tells who holds it. This is the second, for when the first is gone: a file system
that does not lock, a lock file that somebody removed.
"""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import threading
import uuid
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tuner.errors import BusyError, HeldError, StudyError
from tuner.study.lock import QUIET, Holder, is_ours, is_young, lives, silence, this_process
from tuner.study.reading import last_id
from tuner.study.storage import begin, storage_errors
from tuner.study.tables import STUDY_SYSTEM
from tuner.study.writing import StudyChange, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

WRITER = "tune:writer"
"""The study's system attribute that is the mark."""

BEAT = 20.0
"""Seconds between two signs of life of a writer: the time of the database's file is set."""


@contextmanager
def beating(path: Path) -> Iterator[None]:
    """While the block runs, whoever looks at the database at `path` from another machine sees that somebody lives."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            with suppress(OSError):
                os.utime(path)

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


@dataclass
class Guard:
    """The way to write to the study `row` of the database at `path`."""

    path: Path
    engine: Engine
    row: int
    mark: str
    """What no other writer has."""
    file: tuple[int, int]
    """Device and inode of the file that we opened."""

    @contextmanager
    def transaction(self, last: int) -> Iterator[Connection]:
        """Committed at the end of the block, with an fsync, or not at all. `last` is the highest id of a trial that we
        know of.

        Raises BusyError where another process has taken over, StudyError where the file is not the one that we opened
        or cannot be written.
        """
        with storage_errors(self.path):
            self._check_file()
            try:
                with begin(self.engine, writing=True) as connection:
                    self._check_mark(connection)
                    if last_id(connection) != last:
                        raise StudyError(f"{self.path}: another program has added trials. Nothing more was written.")
                    yield connection
            except IntegrityError:
                raise StudyError(f"{self.path}: another program writes to it. Nothing more was written.") from None

    def release(self) -> None:
        """Takes the mark away, where it is ours."""
        with storage_errors(self.path), begin(self.engine, writing=True) as connection:
            if _mark(connection, self.row).get("uuid") == self.mark:
                connection.execute(delete(STUDY_SYSTEM).where(*_where(self.row)))
        self.engine.dispose()

    def _check_file(self) -> None:
        """A file that was deleted or replaced SQLite goes on writing into without a word."""
        if (found := _file(self.path)) != self.file:
            what = "was deleted" if found is None else "is another file now"
            raise StudyError(f"{self.path}: it {what} while the study was open. Nothing more was written.")

    def _check_mark(self, connection: Connection) -> None:
        found = _mark(connection, self.row)
        if found.get("uuid") != self.mark:
            who = f"process {found['pid']} on {found['host']}" if "pid" in found else "another program"
            raise BusyError(f"{self.path}: {who} has taken the study over. This process writes nothing more.")


def take(connection: Connection, path: Path, row: int, name: str) -> Guard:
    """Puts our mark on the study. Raises BusyError where that of a process stands there that lives."""
    file = _file(path)
    if file is None:
        raise StudyError(f"{path}: no study there.")
    _refuse_living(_mark(connection, row), path, name)
    guard = Guard(path=path, engine=connection.engine, row=row, mark=uuid.uuid4().hex, file=file)
    change = StudyChange(system_attrs={WRITER: {"uuid": guard.mark, **asdict(this_process())}})
    write(connection, row, change, {})
    return guard


def refuse_living(path: Path, name: str) -> None:
    """Raises BusyError where the mark in the database at `path` is that of another process that lives, wherever. Reads
    the file as it is, without a lock. One that is damaged cannot be asked, and refuses nobody.
    """
    if not path.is_file():
        return
    source = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(source, uri=True)) as reading:
            rows = reading.execute("SELECT value_json FROM study_system_attributes WHERE key = ?", (WRITER,)).fetchall()
    except sqlite3.Error:
        return
    for (text,) in rows:
        _refuse_living(_parsed(text), path, name)


def _refuse_living(mark: dict[str, Any], path: Path, name: str) -> None:
    try:
        holder = Holder(pid=int(mark["pid"]), host=str(mark["host"]), started=str(mark["started"]))
    except (KeyError, TypeError, ValueError, OverflowError):  # none, or none that we know
        return
    if is_ours(holder) or not lives(holder):
        return
    ago = silence(path)
    if holder.is_elsewhere and ago > QUIET:
        return
    rest = _when_to_try(path, ago) if holder.is_elsewhere else "Wait for it, or stop it."
    raise HeldError(f"study '{name}' is held by process {holder.pid} on {holder.host}. {rest}")


def _when_to_try(path: Path, ago: float) -> str:
    if is_young(ago):
        return f"It lived {max(ago, 0):.0f} s ago. If that machine is gone, try again in {QUIET - ago:.0f} s."
    return (
        f"Nothing tells whether it lives: {path.name} is dated {-ago:.0f} s ahead of this machine's clock. "
        f"If that machine is gone, type: touch {shlex.quote(str(path))} and try again {QUIET:.0f} s later."
    )


def _mark(connection: Connection, row: int) -> dict[str, Any]:
    return _parsed(connection.execute(select(STUDY_SYSTEM.c.value_json).where(*_where(row))).scalar())


def _parsed(text: str | bytes | None) -> dict[str, Any]:
    try:
        mark = json.loads(text or "")
    except (ValueError, TypeError, RecursionError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _where(row: int) -> tuple[Any, ...]:
    return STUDY_SYSTEM.c.study_id == row, STUDY_SYSTEM.c.key == WRITER


def _file(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116, Path's own is several times slower
    except OSError:
        return None
    return found.st_dev, found.st_ino
