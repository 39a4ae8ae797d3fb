"""A study read to be shown, by SQLite alone: what loading Optuna and SQLAlchemy takes is more than all of the reading.

It tells what a `Study` opened on the same file would, and refuses the same damage.
"""

from __future__ import annotations

import json
import weakref
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tuner.study.collecting import uncollected
from tuner.study.copying import sound_copy
from tuner.study.records import trial_from
from tuner.study.seal import SEAL, check_attributes
from tuner.study.streaming import stored_trials
from tuner.study.trouble import row_errors, sqlite_errors
from tuner.study.view import NEEDED, StudyView, no_study, not_ours

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from tuner.study.folder import Folder
    from tuner.study.streaming import StoredTrial
    from tuner.trial import Trial

KINDS = frozenset({"FINITE", "INF_POS", "INF_NEG", "NAN"})
"""Of numbers, as Optuna's tables tell them apart."""

DIRECTIONS = frozenset({"NOT_SET", "MINIMIZE", "MAXIMIZE"})


class Look(StudyView):
    """A study as it stood when it was looked at. Its trials are read when they are first asked for."""

    def __init__(self, folder: Folder, memory: sqlite3.Connection) -> None:
        """`memory` is a copy of its database. Raises as `look` does."""
        self.folder = folder
        self._memory = memory
        with row_errors(folder.database), sqlite_errors(folder.database):
            self._study = _study_id(memory, folder)
            self._attributes = _facts(memory, self._study)

    def trials(self) -> list[Trial]:
        return list(self._trials)

    @cached_property
    def _trials(self) -> list[Trial]:
        """Raises StudyError where one is damaged."""
        with row_errors(self.folder.database), sqlite_errors(self.folder.database), uncollected():
            return list(self.read())

    def read(self) -> Iterator[Trial]:
        """One after another, as they are read: raises what a damaged row raises."""
        return map(_trial, stored_trials(self._memory, self._study))


def look(folder: Folder) -> Look:
    """The study in `folder` as it is now. Raises StudyError where there is none, or it is damaged or not ours."""
    if not folder.database.exists():
        raise no_study(folder.database)
    memory = sound_copy(folder.database)
    found = Look(folder, memory)
    weakref.finalize(found, memory.close)
    return found


def check_rows(folder: Folder, memory: sqlite3.Connection) -> None:
    """Raises StudyError where the copy of its database cannot be read to its last row."""
    found = Look(folder, memory)
    with row_errors(folder.database), sqlite_errors(folder.database):
        for _ in found.read():
            pass


def _study_id(memory: sqlite3.Connection, folder: Folder) -> int:
    """Of the study of that name, or else of the first."""
    found = memory.execute("SELECT study_name, study_id FROM studies ORDER BY study_id").fetchall()
    names = dict(found)
    study = names.get(folder.name, found[0][1] if found else 0)
    keys = memory.execute("SELECT key FROM study_user_attributes WHERE study_id = ?", (study,)).fetchall()
    if not {key for (key,) in keys} >= NEEDED:
        raise not_ours(folder.database)
    directions = memory.execute("SELECT direction FROM study_directions WHERE study_id = ?", (study,)).fetchall()
    if unknown := {word for (word,) in directions} - DIRECTIONS:
        raise ValueError(f"{unknown.pop()!r} is no direction")
    return int(study)


def _facts(memory: sqlite3.Connection, study: int) -> dict[str, Any]:
    """Its attributes. Raises ValueError where one is not what was written."""
    user = memory.execute("SELECT key, value_json FROM study_user_attributes WHERE study_id = ?", (study,))
    system = memory.execute("SELECT key, value_json FROM study_system_attributes WHERE study_id = ?", (study,))
    texts, notes = dict(user.fetchall()), _parsed(system.fetchall())
    check_attributes(texts, notes.get(SEAL, {}))
    return _parsed(texts.items())


def _trial(stored: StoredTrial) -> Trial:
    """Raises LookupError, ValueError and the like where a row is damaged, also one that is not shown."""
    for date in stored.dates:
        if date is not None:
            datetime.fromisoformat(date)
    if not stored.is_sealed:
        _check_open(stored)
    params = {name: _value_of(text)(number) for name, number, text in stored.params}
    return trial_from(stored.number, stored.state, params, _parsed(stored.user))


def _check_open(stored: StoredTrial) -> None:
    _parsed(stored.system)
    if unknown := {kind for *_, kind in (*stored.values, *stored.steps)} - KINDS:
        raise ValueError(f"{unknown.pop()!r} is no kind of number")


def _parsed(rows: Any) -> dict[str, Any]:
    return {key: json.loads(text) for key, text in rows}


@lru_cache(maxsize=4096)
def _value_of(text: str) -> Callable[[float], Any]:
    """From a number of Optuna's table to the value that it stands for, by the distribution beside it."""
    stored = json.loads(text)
    match stored["name"]:
        case "CategoricalDistribution":
            choices = stored["attributes"]["choices"]
            return lambda number: choices[int(number)]
        case "IntDistribution":
            return int
        case "FloatDistribution":
            return float
    from optuna.distributions import json_to_distribution  # of an older version

    return json_to_distribution(text).to_external_repr
