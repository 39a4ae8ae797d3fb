"""What a damaged database still tells: all of it, into a new one, or at least which trials it held."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.repairing.examining import examine
from tuner.study import Folder
from tuner.study.storage import new_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tuner.trial import Trial

FINISHED = ("COMPLETE", "PRUNED", "FAIL")


def salvage(damaged: Path, into: Path) -> tuple[Trial, ...] | None:
    """Copies every row of the damaged database into a new one, `into`/study.db, and returns its trials.

    None where a row cannot be read, or where what was read makes no sound study: such a copy is not to be used. Indices
    are not read, so that damage to them costs nothing.
    """
    try:
        with new_database(into / "study.db") as storage, closing(storage.engine.raw_connection()) as fresh:
            _copy(damaged, fresh.driver_connection)  # type: ignore[arg-type]
            fresh.commit()
        examined = examine(Folder(into))
    except (sqlite3.Error, StudyError, OverflowError, UnicodeDecodeError):
        return None
    return None if examined.damage or examined.outdated else examined.trials


def _copy(damaged: Path, fresh: sqlite3.Connection) -> None:
    tables = [row[0] for row in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    with closing(_reading(damaged)) as reading:
        for table in tables:
            columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})")]
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            rows = reading.execute(f"SELECT {names} FROM {table} NOT INDEXED").fetchall()  # noqa: S608, Optuna's names
            fresh.execute(f"DELETE FROM {table}")  # noqa: S608
            fresh.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


def readable_trials(damaged: Path) -> set[int] | None:
    """Numbers of the finished trials that can still be read, from either end; None where not even one can."""
    found: set[int] = set()
    with suppress(sqlite3.Error), closing(_reading(damaged)) as reading:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                found.update(_numbers(reading, order))
    return found or None


def _numbers(reading: sqlite3.Connection, order: str) -> Iterator[int]:
    rows = reading.execute(f"SELECT number, state FROM trials NOT INDEXED ORDER BY trial_id {order}")  # noqa: S608
    yield from (number for number, state in rows if isinstance(number, int) and state in FINISHED)


def _reading(damaged: Path) -> sqlite3.Connection:
    """Of the file as it is: nothing is rolled back, nothing locked, and so nothing of it changes."""
    reading = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    reading.execute("PRAGMA writable_schema=ON")  # without it SQLite reads nothing of a file that was cut short
    return reading


def agrees(salvaged: Sequence[Trial], backed_up: Sequence[Trial]) -> bool:
    """Whether every trial that had ended when the backup was made is the same in both."""
    ended = [trial for trial in backed_up if trial.finished_after is not None]
    return all(trial.number < len(salvaged) and salvaged[trial.number] == trial for trial in ended)
