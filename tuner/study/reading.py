"""One study read from Optuna's tables, in one go: a query a table, and not, as Optuna's storage, an object a cell."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial
from sqlalchemy import Result, func, select

from tuner.study.seal import SEAL, cells_of_trial, sum_of, sums_of_attributes
from tuner.study.storage import DAMAGE, models
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.study import StudyDirection
    from sqlalchemy import Connection, Table


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
    def is_ours(self) -> bool:
        """Whether it has what a study of ours begins with."""
        return {"plan", "space", "created"} <= {each.key for each in self.user}

    def study(self) -> StoredStudy:
        """Raises LookupError, TypeError, ValueError and the like where a row is damaged."""
        return StoredStudy(
            row=self.row,
            name=self.name,
            directions=list(self.directions),
            user_attrs=_unbroken(self.user, self.system),
            system_attrs=_attributes(self.system),
            trials=_trials(self),
            last_id=self.last_id,
        )

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


Gather = Callable[[Result[Any]], Sequence[Any]]
"""How the rows of a query are taken."""


def every_row(found: Result[Any]) -> Sequence[Any]:
    """Raises LookupError, ValueError and the like where one is damaged."""
    return found.all()


def fetch_study(connection: Connection, name: str, gather: Gather = every_row) -> StudyRows | None:
    """The study of that name, or else the first; None where there is none."""
    studies = connection.execute(select(STUDIES.c.study_name, STUDIES.c.study_id).order_by(STUDIES.c.study_id))
    names = {each.study_name: each.study_id for each in studies}
    name = name if name in names else next(iter(names), "")
    if (row := names.get(name)) is None:
        return None
    directions = select(DIRECTIONS.c.direction).where(DIRECTIONS.c.study_id == row).order_by(DIRECTIONS.c.objective)
    columns = [TRIALS.c[name] for name in ("trial_id", "number", "state", "datetime_start", "datetime_complete")]
    return StudyRows(
        row=row,
        name=name,
        directions=connection.execute(directions).scalars().all(),
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


def _trials(rows: StudyRows) -> list[FrozenTrial]:
    parts = parts_of(rows)
    trials: list[FrozenTrial] = []
    for row in rows.trials:
        if row.number != len(trials):
            raise ValueError(f"trial {len(trials)} is missing")
        trials.append(trial_of_rows(row, parts))
    return trials


Parts = tuple[defaultdict[int, list[Any]], ...]
"""The rows of each of CHILDREN, by the trial that they belong to."""


def parts_of(rows: StudyRows) -> Parts:
    return tuple(_by_trial(rows.children[table.name]) for table in CHILDREN)


def trial_of_rows(row: Any, parts: Parts) -> FrozenTrial:
    """Raises LookupError, ValueError and the like where a row is damaged, or the seal is of another trial."""
    params, values, user, system, steps = (part[row.trial_id] for part in parts)
    distributions = {each.param_name: _distribution(each.distribution_json) for each in params}
    notes = [each for each in system if each.key != SEAL]
    trial = FrozenTrial(
        number=row.number,
        state=row.state,
        value=None,
        values=[_value(each) for each in sorted(values, key=_objective)] or None,
        datetime_start=_local(row.datetime_start),
        datetime_complete=_local(row.datetime_complete),
        params={each.param_name: distributions[each.param_name].to_external_repr(each.param_value) for each in params},
        distributions=distributions,
        user_attrs=_attributes(user),
        system_attrs=_attributes(notes),
        intermediate_values={each.step: _intermediate_value(each) for each in steps},
        trial_id=row.trial_id,
    )
    if len(notes) < len(system):
        _check_seal(trial, params, values, steps, user, system)
    return trial


def _check_seal(
    trial: FrozenTrial,
    params: Sequence[Any],
    values: Sequence[Any],
    steps: Sequence[Any],
    user: Sequence[Any],
    system: Sequence[Any],
) -> None:
    """Raises ValueError where the trial is not what was written when it ended."""
    cells = cells_of_trial(
        number=trial.number,
        state=trial.state.name,
        params=[(each.param_name, each.param_value, each.distribution_json) for each in params],
        values=[(each.objective, each.value, each.value_type.name) for each in values],
        steps=[(each.step, each.intermediate_value, each.intermediate_value_type.name) for each in steps],
        user=[(each.key, each.value_json) for each in user],
        system=[(each.key, each.value_json) for each in system if each.key != SEAL],
    )
    (seal,) = (each.value_json for each in system if each.key == SEAL)
    if json.loads(seal) != sum_of(cells):
        raise ValueError(f"trial {trial.number} is not what was written")


def _unbroken(user: Sequence[Any], system: Sequence[Any]) -> dict[str, Any]:
    """The study's attributes. Raises ValueError where one is not what was written."""
    texts = {each.key: each.value_json for each in user}
    sums = _attributes(system).get(SEAL, {})
    if missing := sorted(set(sums) - set(texts)):
        raise ValueError(f"its attribute {missing[0]!r} is missing")
    for name, found in sums_of_attributes(texts).items():
        if sums.get(name, found) != found:
            raise ValueError(f"its attribute {name!r} is not what was written")
    return _attributes(user)


def _by_trial(rows: Sequence[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for each in rows:
        found[each.trial_id].append(each)
    return found


def _attributes(rows: Sequence[Any]) -> dict[str, Any]:
    return {each.key: json.loads(each.value_json) for each in rows}


@lru_cache(maxsize=4096)
def _distribution(text: str) -> BaseDistribution:
    """Trials share it: a study has few, and reading one takes longer than all else in its row."""
    return json_to_distribution(text)


def _objective(row: Any) -> int:
    return int(row.objective)


def _value(row: Any) -> float:
    return float(models.TrialValueModel.stored_repr_to_value(row.value, row.value_type))


def _intermediate_value(row: Any) -> float:
    stored = row.intermediate_value, row.intermediate_value_type
    return float(models.TrialIntermediateValueModel.stored_repr_to_intermediate_value(*stored))


def _local(stored: datetime | None) -> datetime | None:
    """Optuna keeps naive UTC and shows naive local time."""
    return None if stored is None else stored.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
