"""A new database from what a damaged one still tells: all of its rows, or its trials one by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState as Row
from optuna.trial import create_trial

from search_spaces import SearchSpace, SpaceError
from tuner.errors import StudyError
from tuner.plan import Plan
from tuner.repairing.examining import examine
from tuner.study import Folder
from tuner.study.creating import create_database
from tuner.study.records import OUTCOME
from tuner.study.remnants import LOST, open_damaged
from tuner.study.storage import new_database
from tuner.trial import Reason, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial

    from tuner.study import Study
    from tuner.study.remnants import Remnants
    from tuner.trial import Trial

NEEDED = ("plan", "space", "created")


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
    with closing(open_damaged(damaged)) as reading:
        for table in tables:
            columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})")]
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            rows = reading.execute(f"SELECT {names} FROM {table} NOT INDEXED").fetchall()  # noqa: S608, Optuna's names
            fresh.execute(f"DELETE FROM {table}")  # noqa: S608
            fresh.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


def agrees(salvaged: Sequence[Trial], backed_up: Sequence[Trial]) -> bool:
    """Whether every trial that had ended when the backup was made is the same in both."""
    ended = [trial for trial in backed_up if trial.finished_after is not None]
    return all(trial.number < len(salvaged) and salvaged[trial.number] == trial for trial in ended)


# --- trial by trial ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A study of the trials that are left of a damaged one, and of those that only its backup has."""

    trials: Mapping[int, FrozenTrial]
    """By number, without those of which nothing is left."""
    n_own: int
    """Those from the damaged file."""
    attributes: Mapping[str, Any]
    """What is kept with the study."""

    @property
    def ended(self) -> set[int]:
        return {number for number, trial in self.trials.items() if trial.state.is_finished()}


def merge(remnants: Remnants, backup: Study | None, into: Folder) -> Merged | None:
    """Makes its database. None where that is not possible, or where the backup is of another study."""
    if not remnants.trials and (backup is None or not remnants.attributes):
        return None
    attributes = _attributes(remnants)
    kept: dict[int, FrozenTrial] = {}
    if backup is not None:
        theirs = backup.optuna.user_attrs
        if any(remnants.attributes.get(name, theirs[name]) != theirs[name] for name in NEEDED):
            return None
        attributes = {**theirs, **attributes, **{name: theirs[name] for name in NEEDED}}
        kept = {trial.number: trial for trial in backup.optuna.get_trials(deepcopy=False)}
    trials = {**kept, **remnants.trials}
    if not _made(attributes, trials, into):
        return None
    return Merged(trials=trials, n_own=len(remnants.trials), attributes=attributes)


def _attributes(remnants: Remnants) -> dict[str, Any]:
    """Those that their sums vouch for; also those whose sums are lost, where plan and space vouch for each other."""
    found = {**remnants.unsummed, **remnants.attributes}
    return found if _fit(found) else dict(remnants.attributes)


def _fit(attributes: Mapping[str, Any]) -> bool:
    try:
        datetime.fromisoformat(attributes["created"])
        fingerprint = Plan.from_json(attributes["plan"]).space_fingerprint
        return SearchSpace.parse(attributes["space"], "its space").fingerprint == fingerprint
    except (LookupError, TypeError, ValueError, AttributeError, SpaceError):
        return False


def _made(attributes: Mapping[str, Any], trials: Mapping[int, FrozenTrial], into: Folder) -> bool:
    if any(name not in attributes for name in NEEDED):
        return False
    rows = [trials[number] if number in trials else _placeholder() for number in range(max(trials) + 1)]
    try:
        create_database(into, Plan.from_json(attributes["plan"]), attributes["space"], rows, attributes)
    except (StudyError, TypeError, LookupError):
        return False
    return not examine(into).damage


def _placeholder() -> FrozenTrial:
    outcome = {"state": TrialState.FAILED.value, "reason": Reason.CRASH.value, "detail": LOST}
    return create_trial(state=Row.FAIL, user_attrs={OUTCOME: {**outcome, "seconds": 0.0, "finished_after": None}})
