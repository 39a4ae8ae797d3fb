"""One study read from Optuna's tables: a query a table, and not, as Optuna's storage, an object a cell."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from sys import intern
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row
from sqlalchemy import Result, func, select

from tuner.study.collecting import settle, uncollected
from tuner.study.seal import SEAL, check_attributes
from tuner.study.storage import models
from tuner.study.streaming import StoredTrial, stored_trials
from tuner.study.tables import (
    DIRECTIONS,
    INTERMEDIATE,
    PARAMS,
    STUDIES,
    STUDY_SYSTEM,
    STUDY_USER,
    SYSTEM,
    TRIALS,
    USER,
    VALUES,
)
from tuner.study.trouble import DAMAGE
from tuner.study.view import NEEDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.study import StudyDirection
    from sqlalchemy import Connection, Table


VALUE, STEP = models.TrialValueModel, models.TrialIntermediateValueModel

CHILDREN = (PARAMS, VALUES, USER, SYSTEM, INTERMEDIATE)


@dataclass(kw_only=True)
class StoredStudy:
    """What the tables hold of one study."""

    row: int
    """Its id there."""
    name: str
    directions: list[StudyDirection]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]
    trials: list[FrozenTrial]
    """By number."""
    last_id: int
    """The highest id of any trial in the database."""


@dataclass(kw_only=True)
class StudyRows:
    """The rows of one study as they stand in the tables."""

    row: int
    name: str
    directions: Sequence[StudyDirection]
    user: Sequence[Any]
    system: Sequence[Any]
    trials: Sequence[Any]
    children: Mapping[str, Sequence[Any]]
    """Rows of the tables that belong to trials, by the table's name."""
    last_id: int

    @property
    def sealed(self) -> set[int]:
        """Ids of the trials that have a seal, and so have ended, whatever their own row says."""
        return {each.trial_id for each in self.children[SYSTEM.name] if each.key == SEAL}

    @property
    def sums(self) -> dict[str, Any]:
        """Of the study's attributes, by name; none where they cannot be read."""
        sums: Any = None
        with suppress(*DAMAGE):
            sums = _attributes([each for each in self.system if each.key == SEAL])[SEAL]
        return sums if isinstance(sums, dict) else {}


def read_study(connection: Connection, name: str) -> StoredStudy | None:
    """The study of that name, or else the first; None where there is none of ours.

    Raises LookupError, TypeError, ValueError and the like where a row is damaged.
    """
    row, name = _find(connection, name)
    user, system = (_of_study(connection, table, row).all() for table in (STUDY_USER, STUDY_SYSTEM))
    texts, notes = {each.key: each.value_json for each in user}, _attributes(system)
    if not texts.keys() >= NEEDED:
        return None
    check_attributes(texts, notes.get(SEAL, {}))
    with uncollected():
        trials = [frozen(stored) for stored in stored_trials(_driver(connection), row)]
    settle(len(trials))
    return StoredStudy(
        row=row,
        name=name,
        directions=list(_directions(connection, row)),
        user_attrs=_attributes(user),
        system_attrs=notes,
        trials=trials,
        last_id=last_id(connection),
    )


def _find(connection: Connection, name: str) -> tuple[int, str]:
    """Id and name of the study of that name, or else of the first; 0 where there is none."""
    studies = connection.execute(select(STUDIES.c.study_name, STUDIES.c.study_id).order_by(STUDIES.c.study_id))
    names = {each.study_name: each.study_id for each in studies}
    name = name if name in names else next(iter(names), "")
    return names.get(name, 0), name


def _directions(connection: Connection, row: int) -> Sequence[StudyDirection]:
    directions = select(DIRECTIONS.c.direction).where(DIRECTIONS.c.study_id == row).order_by(DIRECTIONS.c.objective)
    return connection.execute(directions).scalars().all()


def _driver(connection: Connection) -> sqlite3.Connection:
    """What SQLAlchemy's connection speaks through, in the same transaction: for rows by the hundred thousand."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


Gather = Callable[[Result[Any]], Sequence[Any]]
"""How the rows of a query are taken."""


def every_row(found: Result[Any]) -> Sequence[Any]:
    """Raises LookupError, ValueError and the like where one is damaged."""
    return found.all()


def fetch_study(connection: Connection, name: str, gather: Gather = every_row) -> StudyRows | None:
    """The study of that name, or else the first; None where there is none."""
    row, name = _find(connection, name)
    if not row:
        return None
    columns = [TRIALS.c[name] for name in ("trial_id", "number", "state", "datetime_start", "datetime_complete")]
    return StudyRows(
        row=row,
        name=name,
        directions=_directions(connection, row),
        user=gather(_of_study(connection, STUDY_USER, row)),
        system=gather(_of_study(connection, STUDY_SYSTEM, row)),
        trials=gather(connection.execute(select(*columns).where(TRIALS.c.study_id == row).order_by(TRIALS.c.number))),
        children={table.name: gather(_of_trials(connection, table, row)) for table in CHILDREN},
        last_id=last_id(connection),
    )


def last_id(connection: Connection) -> int:
    """The highest id of any trial in the database; 0 where there is none."""
    return int(connection.execute(select(func.max(TRIALS.c.trial_id))).scalar() or 0)


def _of_study(connection: Connection, table: Table, row: int) -> Result[Any]:
    return connection.execute(select(table.c.key, table.c.value_json).where(table.c.study_id == row))


def _of_trials(connection: Connection, table: Table, row: int) -> Result[Any]:
    """In the order of their writing."""
    trials = select(TRIALS.c.trial_id).where(TRIALS.c.study_id == row)
    columns = [column for column in table.c if not column.primary_key]
    chosen = select(*columns).where(table.c.trial_id.in_(trials))
    return connection.execute(chosen.order_by(*table.primary_key.columns))


Parts = tuple[defaultdict[int, list[Any]], ...]
"""The rows of each of CHILDREN, by the trial that they belong to."""


def parts_of(rows: StudyRows) -> Parts:
    return tuple(_by_trial(rows.children[table.name]) for table in CHILDREN)


def trial_of_rows(row: Any, parts: Parts) -> FrozenTrial:
    """Raises LookupError, ValueError and the like where a row is damaged, or the seal is of another trial."""
    params, values, user, system, steps = (part[row.trial_id] for part in parts)
    stored = StoredTrial(
        id=row.trial_id,
        number=row.number,
        state=row.state.name,
        dates=(_text(row.datetime_start), _text(row.datetime_complete)),
        params=[(each.param_name, each.param_value, each.distribution_json) for each in params],
        values=[(each.objective, each.value, each.value_type.name) for each in values],
        steps=[(each.step, each.intermediate_value, each.intermediate_value_type.name) for each in steps],
        user=[(each.key, each.value_json) for each in user],
        system=[(each.key, each.value_json) for each in system],
    )
    stored.check()
    return frozen(stored)


def frozen(stored: StoredTrial) -> FrozenTrial:
    """As Optuna's storage would give it. Raises LookupError, ValueError and the like where a row is damaged."""
    # Names are one object each: a study has few, and every trial has them.
    distributions = {intern(name): _distribution(text) for name, _, text in stored.params}
    began, ended = stored.dates
    return FrozenTrial(
        number=stored.number,
        state=Row[stored.state],
        value=None,
        values=[_value(number, kind) for _, number, kind in sorted(stored.values, key=itemgetter(0))] or None,
        datetime_start=_local(began),
        datetime_complete=_local(ended),
        params={intern(name): distributions[name].to_external_repr(number) for name, number, _ in stored.params},
        distributions=distributions,
        user_attrs=_parsed(stored.user),
        system_attrs=_parsed(stored.notes),
        intermediate_values={step: _intermediate_value(number, kind) for step, number, kind in stored.steps},
        trial_id=stored.id,
    )


def _by_trial(rows: Sequence[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for each in rows:
        found[each.trial_id].append(each)
    return found


def _attributes(rows: Sequence[Any]) -> dict[str, Any]:
    return {each.key: json.loads(each.value_json) for each in rows}


def _parsed(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {intern(key): json.loads(text) for key, text in rows}


@lru_cache(maxsize=4096)
def _distribution(text: str) -> BaseDistribution:
    """Trials share it: a study has few, and reading one takes longer than all else in its row."""
    return json_to_distribution(text)


def _value(stored: float | None, kind: str) -> float:
    return float(VALUE.stored_repr_to_value(stored, VALUE.TrialValueType[kind]))


def _intermediate_value(stored: float | None, kind: str) -> float:
    return float(STEP.stored_repr_to_intermediate_value(stored, STEP.TrialIntermediateValueType[kind]))


def _local(stored: str | None) -> datetime | None:
    """Optuna keeps naive UTC and shows naive local time."""
    return None if stored is None else datetime.fromisoformat(stored + "+00:00").astimezone().replace(tzinfo=None)


def _text(stored: datetime | None) -> str | None:
    return None if stored is None else stored.isoformat(" ")
