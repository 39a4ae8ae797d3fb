"""What a damaged database still tells of its study: every row that can be read, if a seal vouches for it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuner.study.reading import CHILDREN, fetch_study
from tuner.study.seal import SEAL
from tuner.study.sealed import first_id, named_attributes, sound_attributes, sound_trials, unsummed_attributes
from tuner.study.storage import begin, database_errors, models, over
from tuner.study.tables import PARAMS, STUDIES, STUDY_SYSTEM, STUDY_USER, SYSTEM, TRIALS, USER
from tuner.study.trouble import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial
    from sqlalchemy import Result, Table

    from tuner.study.reading import StudyRows

LOST = "lost: its rows could not be read"
"""The detail of a trial that stands where a repair found nothing left of one: those after it keep their numbers."""

TRIES = 200_000
"""Ranges of rows of a table that cannot be read before the rest of it is given up: some seconds."""

SMALLEST = 32
"""Bytes of a row at least: how many there may be where the end of a table cannot be read."""

COUNTING = (TRIALS, PARAMS, USER, SYSTEM)
"""Tables that have a row of every trial."""


@dataclass(frozen=True, kw_only=True)
class Remnants:
    """None of it where nothing can be read."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Of the study, those that are what was written."""
    unsummed: Mapping[str, Any] = field(default_factory=dict)
    """Of the others, those that can be read, and whose sums cannot."""
    spoilt: frozenset[str] = frozenset()
    """Names of those that were there, and are not among `attributes`."""
    trials: Mapping[int, FrozenTrial] = field(default_factory=dict)
    """By number, those that had ended and are what was written."""
    ended: frozenset[int] = frozenset()
    """Numbers of the trials that had ended, whatever else of them can be read."""
    open: frozenset[int] = frozenset()
    """Numbers of those that had not."""
    tells_all: bool = False
    """Whether there was no trial but these: one table at least could be read to its end."""


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
        torn = _copied(database, memory)
        _settle(memory, name)
        memory.commit()
        with database_errors(database), begin(engine, writing=False) as connection:
            rows = fetch_study(connection, name, _sound_rows)
        return Remnants() if rows is None else _of_rows(rows, tells_all=not torn.issuperset(COUNTING))


def _of_rows(rows: StudyRows, *, tells_all: bool) -> Remnants:
    attributes = sound_attributes(rows)
    ended, open_ = _numbers(rows)
    return Remnants(
        attributes=attributes,
        unsummed=unsummed_attributes(rows),
        spoilt=frozenset(named_attributes(rows) - set(attributes)),
        trials=sound_trials(rows),
        ended=ended,
        open=open_,
        tells_all=tells_all,
    )


def _numbers(rows: StudyRows) -> tuple[frozenset[int], frozenset[int]]:
    """Of the trials that had ended, and of those that had not. What one flipped digit can make is none of a trial: an
    id that only one table has, a number above the highest id.
    """
    first, own, sealed = first_id(rows), {row.trial_id for row in rows.trials}, rows.sealed
    named = Counter([*own, *(each for found in rows.children.values() for each in {row.trial_id for row in found})])
    real = {trial_id for trial_id, n_tables in named.items() if n_tables > 1} or own
    highest = max(real, default=0) - first
    shown = {row.number: row.trial_id for row in rows.trials if 0 <= row.number <= highest}
    finished = {row.number for row in rows.trials if row.state.is_finished() or row.trial_id in sealed}
    ended = shown.keys() & finished | {trial_id - first for trial_id in sealed & real if trial_id >= first}
    return frozenset(ended), frozenset(shown.keys() - ended)


def _copied(database: Path, memory: sqlite3.Connection) -> set[Table]:
    """Copies what can be read. Returns the tables of which something cannot."""
    tables = (STUDIES, STUDY_USER, STUDY_SYSTEM, TRIALS, *CHILDREN)
    torn = set(tables)
    with suppress(sqlite3.Error, UnicodeDecodeError), closing(open_damaged(database)) as damaged:
        # What is torn within a text breaks the seal of what it belongs to, and hides nothing else in the row.
        damaged.text_factory = lambda found: found.decode(errors="replace")
        for table in tables:
            if _copy(damaged, memory, table, database.stat().st_size):
                torn.discard(table)
    return torn


def _copy(damaged: sqlite3.Connection, memory: sqlite3.Connection, table: Table, size: int) -> bool:
    """Whether every row could be read."""
    names = ", ".join(column.name for column in table.c)
    marks = ", ".join("?" * len(table.c))
    lost: list[int] = []
    rows = _rows(damaged, f"SELECT {names} FROM {table.name} NOT INDEXED", size, lost)  # noqa: S608, Optuna's names
    # What breaks a rule of the table is damaged too.
    memory.executemany(f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608
    return not lost


def _rows(damaged: sqlite3.Connection, query: str, size: int, lost: list[int]) -> Iterator[Sequence[Any]]:
    """In halves, and those in halves, wherever a row among them cannot be read; what cannot be goes to `lost`."""
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
            else:
                lost.append(first)
    lost += [first for first, _ in waiting]


def _last(damaged: sqlite3.Connection, query: str, size: int) -> int:
    table = query.split(" FROM ")[1]
    most = size // SMALLEST
    with suppress(sqlite3.Error):
        (found,) = damaged.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608
        return min(found or 0, most)
    return most


def _settle(memory: sqlite3.Connection, name: str) -> None:
    """Makes one study of the rows, where those that say so are damaged or lost."""
    _own(memory, name)
    _place_trials(memory)


def _own(memory: sqlite3.Connection, name: str) -> None:
    """The study is the one that most rows name; what names one that there is not belongs to it."""
    named = "SELECT study_id FROM trials UNION ALL SELECT study_id FROM study_user_attributes"
    most = f"SELECT study_id FROM ({named}) GROUP BY study_id ORDER BY count(*) DESC LIMIT 1"  # noqa: S608
    (study,) = memory.execute(most).fetchone() or (None,)
    if study is None:
        return
    if memory.execute("SELECT 1 FROM studies WHERE study_id = ?", (study,)).fetchone() is None:
        memory.execute("DELETE FROM studies")
        memory.execute("INSERT INTO studies (study_id, study_name) VALUES (?, ?)", (study, name))
    for table in (TRIALS, STUDY_USER, STUDY_SYSTEM):
        memory.execute(
            f"UPDATE OR IGNORE {table.name} SET study_id = ? "  # noqa: S608, Optuna's names
            "WHERE study_id NOT IN (SELECT study_id FROM studies)",
            (study,),
        )


def _place_trials(memory: sqlite3.Connection) -> None:
    """A row in the table of trials for each whose own is lost, by the id that its other rows have: two tables' at
    least, so that one flipped digit makes none. Which state it ended in, if it has a seal, nothing tells but that.
    """
    shift = "SELECT trial_id - number FROM trials GROUP BY trial_id - number ORDER BY count(*) DESC LIMIT 1"
    (first,) = memory.execute(shift).fetchone() or (1,)
    names = " UNION ALL ".join(f"SELECT DISTINCT trial_id FROM {table.name}" for table in CHILDREN)  # noqa: S608
    sealed = "SELECT trial_id FROM trial_system_attributes WHERE key = ?"
    chosen = f"(SELECT min(study_id) FROM studies), iif(trial_id IN ({sealed}), 'COMPLETE', 'RUNNING')"  # noqa: S608
    memory.execute(
        f"INSERT OR IGNORE INTO trials (trial_id, number, study_id, state) SELECT trial_id, trial_id - ?, {chosen} "  # noqa: S608
        f"FROM ({names}) GROUP BY trial_id HAVING count(*) > 1",
        (first, SEAL),
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
