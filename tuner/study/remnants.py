"""What a damaged database still tells of its study: every row that can be read, if a seal vouches for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuner.study.reading import CHILDREN, fetch_study
from tuner.study.storage import DAMAGE, begin, database_errors, models, over
from tuner.study.tables import STUDIES, STUDY_SYSTEM, STUDY_USER, TRIALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial
    from sqlalchemy import Result, Table

LOST = "lost: its rows could not be read"
"""The detail of a trial that stands where a repair found nothing left of one: those after it keep their numbers."""

TRIES = 200_000
"""Ranges of rows of a table that cannot be read before the rest of it is given up: some seconds."""

SMALLEST = 32
"""Bytes of a row at least: how many there may be where the end of a table cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Remnants:
    """None of it where nothing can be read."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Of the study, those that are what was written."""
    spoilt: frozenset[str] = frozenset()
    """Names of those that were there, and are not among them."""
    trials: Mapping[int, FrozenTrial] = field(default_factory=dict)
    """By number, those that had ended and are what was written."""
    ended: frozenset[int] = frozenset()
    """Numbers of the trials that had ended, whatever else of them can be read."""
    open: frozenset[int] = frozenset()
    """Numbers of those that had not."""


def open_damaged(database: Path) -> sqlite3.Connection:
    """The file as it is: nothing is rolled back, nothing locked, and so nothing of it changes."""
    reading = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    reading.execute("PRAGMA writable_schema=ON")  # without it SQLite reads nothing of a file that was cut short
    return reading


def read_remnants(database: Path, name: str) -> Remnants:
    """What of the study called `name` is left in the database. Whether that has another name does not matter."""
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as memory:
        engine = over(memory)
        models.BaseModel.metadata.create_all(engine)
        with suppress(sqlite3.Error), closing(open_damaged(database)) as damaged:
            for table in (STUDIES, STUDY_USER, STUDY_SYSTEM, TRIALS, *CHILDREN):
                _copy(damaged, memory, table, database.stat().st_size)
        _name(memory, name)
        memory.commit()
        with database_errors(database), begin(engine, writing=False) as connection:
            rows = fetch_study(connection, name, _sound_rows)
        if rows is None:
            return Remnants()
        attributes = rows.sound_attributes()
        return Remnants(
            attributes=attributes,
            spoilt=frozenset(rows.named_attributes() - set(attributes)),
            trials=rows.sound_trials(),
            ended=frozenset(row.number for row in rows.trials if row.state.is_finished()),
            open=frozenset(row.number for row in rows.trials if not row.state.is_finished()),
        )


def _copy(damaged: sqlite3.Connection, memory: sqlite3.Connection, table: Table, size: int) -> None:
    names = ", ".join(column.name for column in table.c)
    marks = ", ".join("?" * len(table.c))
    rows = _rows(damaged, f"SELECT {names} FROM {table.name} NOT INDEXED", size)  # noqa: S608, Optuna's names
    # What breaks a rule of the table is damaged too.
    memory.executemany(f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608


def _rows(damaged: sqlite3.Connection, query: str, size: int) -> Iterator[Sequence[Any]]:
    """In halves, and those in halves, wherever a row among them cannot be read."""
    waiting, tries = [(1, _last(damaged, query, size))], TRIES
    while waiting and tries:
        first, last = waiting.pop()
        try:
            yield from damaged.execute(f"{query} WHERE rowid BETWEEN ? AND ?", (first, last)).fetchall()
        except (sqlite3.Error, UnicodeDecodeError, OverflowError):
            tries -= 1
            if first < last:
                middle = (first + last) // 2
                waiting += [(middle + 1, last), (first, middle)]


def _last(damaged: sqlite3.Connection, query: str, size: int) -> int:
    table = query.split(" FROM ")[1]
    most = size // SMALLEST
    with suppress(sqlite3.Error):
        (found,) = damaged.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608
        return min(found or 0, most)
    return most


def _name(memory: sqlite3.Connection, name: str) -> None:
    """The row of the study itself, where it is lost and the trials say which it was."""
    if memory.execute("SELECT 1 FROM studies").fetchone() is None:
        memory.execute(
            "INSERT INTO studies (study_id, study_name) "
            "SELECT study_id, ? FROM trials GROUP BY study_id ORDER BY count(*) DESC LIMIT 1",
            (name,),
        )


def _sound_rows(found: Result[Any]) -> Sequence[Any]:
    """But those whose cells are none that Optuna writes: a state that there is not, a date that is none."""
    rows: list[Any] = []
    while True:
        try:
            row = found.fetchone()
        except DAMAGE:
            continue
        if row is None:
            return rows
        rows.append(row)
