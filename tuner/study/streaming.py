"""The trials of a study one after another as Optuna's tables hold them, by SQLite alone and never all in memory.

Both who shows a study and who goes on with it read it so; whoever mends one takes what can be had, in `remnants`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tuner.study.seal import SEAL, cells_of_trial, check_trial

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS: Mapping[str, str] = {
    "trial_params": "param_name, param_value, distribution_json",
    "trial_values": "objective, value, value_type",
    "trial_intermediate_values": "step, intermediate_value, intermediate_value_type",
    "trial_user_attributes": "key, value_json",
    "trial_system_attributes": "key, value_json",
}
"""Of what belongs to a trial: Optuna's tables, and of each what is read beside the number of the trial."""


@dataclass(frozen=True, kw_only=True)
class StoredTrial:
    """Rows are in the order of their writing."""

    id: int
    number: int
    state: str
    """In Optuna's words: `COMPLETE`."""
    dates: tuple[str | None, str | None]
    """Of its beginning and its end, as stored."""
    params: Sequence[tuple[str, float, str]]
    """Name, number, distribution as JSON."""
    values: Sequence[tuple[int, float | None, str]]
    """Objective, number, kind of number."""
    steps: Sequence[tuple[int, float | None, str]]
    """Step, number, kind of number."""
    user: Sequence[tuple[str, str]]
    """Name, JSON."""
    system: Sequence[tuple[str, str]]
    """Likewise, the seal included."""

    @cached_property
    def notes(self) -> Sequence[tuple[str, str]]:
        """`system` without the seal."""
        return [row for row in self.system if row[0] != SEAL]

    @property
    def is_sealed(self) -> bool:
        return len(self.notes) < len(self.system)

    def check(self) -> None:
        """Raises ValueError where there is a seal, and the trial is not what was written when it ended."""
        if not self.is_sealed:
            return
        cells = cells_of_trial(
            number=self.number,
            state=self.state,
            params=self.params,
            values=self.values,
            steps=self.steps,
            user=self.user,
            system=self.notes,
        )
        check_trial(self.number, [text for key, text in self.system if key == SEAL], cells)


def stored_trials(connection: sqlite3.Connection, study: int) -> Iterator[StoredTrial]:
    """By number, each checked against its seal. Raises LookupError, ValueError and the like where a row is damaged, or
    a trial is missing.
    """
    params, values, steps, user, system = (_Children(connection, study, table) for table in COLUMNS)
    columns = "trial_id, number, state, datetime_start, datetime_complete"
    found = connection.execute(f"SELECT {columns} FROM trials WHERE study_id = ? ORDER BY number", (study,))  # noqa: S608
    for expected, (trial_id, number, state, began, ended) in enumerate(found):
        if number != expected:
            raise ValueError(f"trial {expected} is missing")
        trial = StoredTrial(
            id=trial_id,
            number=number,
            state=state,
            dates=(began, ended),
            params=params.of(number),
            values=values.of(number),
            steps=steps.of(number),
            user=user.of(number),
            system=system.of(number),
        )
        trial.check()
        yield trial


class _Children:
    """The rows of one table, handed out trial after trial."""

    def __init__(self, connection: sqlite3.Connection, study: int, table: str) -> None:
        rows = connection.execute(
            f"SELECT number, {COLUMNS[table]} FROM {table} JOIN trials USING (trial_id)"  # noqa: S608, it stands above
            f" WHERE study_id = ? ORDER BY number, {table}.rowid",
            (study,),
        )
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, number: int) -> list[Any]:
        """To be asked for in rising order."""
        if self._next is None or self._next[0] != number:
            return []
        found = [row[1:] for row in self._next[1]]
        self._next = next(self._groups, None)
        return found
