"""What changed of a study, written to Optuna's tables. The caller's transaction makes it one piece."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optuna.distributions import distribution_to_json
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from tuner.errors import StudyError
from tuner.study.seal import SEAL, cells_of_trial, sum_of, sums_of_attributes
from tuner.study.storage import models
from tuner.study.tables import INTERMEDIATE, PARAMS, STUDY_SYSTEM, STUDY_USER, SYSTEM, TRIALS, USER, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from optuna.trial import FrozenTrial
    from sqlalchemy import Connection, Insert, Table


@dataclass(kw_only=True)
class TrialChange:
    """What the tables do not hold yet of a trial."""

    new: bool = False
    """Whether they hold nothing of it."""
    state: bool = False
    """Whether its state, its values and its dates are others."""
    params: set[str] = field(default_factory=set)
    user_attrs: set[str] = field(default_factory=set)
    system_attrs: set[str] = field(default_factory=set)
    steps: set[int] = field(default_factory=set)


@dataclass(kw_only=True)
class StudyChange:
    """What the tables do not hold yet of a study."""

    user_attrs: dict[str, Any] = field(default_factory=dict)
    system_attrs: dict[str, Any] = field(default_factory=dict)
    trials: dict[int, TrialChange] = field(default_factory=dict)
    """By the trial's id."""

    def __bool__(self) -> bool:
        return bool(self.user_attrs or self.system_attrs or self.trials)

    def of(self, trial_id: int) -> TrialChange:
        """To be added to."""
        return self.trials.setdefault(trial_id, TrialChange())


def write(connection: Connection, study: int, change: StudyChange, trials: Mapping[int, FrozenTrial]) -> None:
    """What changed of the study. `trials` has those that changed, by id. Raises StudyError where one is not there."""
    _write_study_attributes(connection, STUDY_USER, study, change.user_attrs)
    _write_study_attributes(connection, STUDY_SYSTEM, study, change.system_attrs)
    if change.user_attrs:
        _seal_study(connection, study, change.user_attrs)
    changed = [(trials[trial_id], _whole(trials[trial_id], each)) for trial_id, each in change.trials.items()]
    _write_trials(connection, study, changed)
    _run(connection, _upsert(PARAMS, "trial_id", "param_name"), _params(changed))
    _run(connection, _upsert(VALUES, "trial_id", "objective"), _values(changed))
    for table, rows in ((USER, _user(changed)), (SYSTEM, [*_system(changed), *_seals(changed)])):
        _run(connection, _upsert(table, "trial_id", "key"), rows)
    _run(connection, _upsert(INTERMEDIATE, "trial_id", "step"), _intermediate(changed))


def write_new(connection: Connection, study: int, attributes: Mapping[str, Any], rows: Iterable[FrozenTrial]) -> None:
    """These attributes and rows as the first of a study that has none, in a database that has no other."""
    change, trials = StudyChange(user_attrs=dict(attributes)), {}
    for number, row in enumerate(rows):
        row.number, row._trial_id = number, number + 1  # noqa: SLF001, Optuna's own constructor takes it by this name
        trials[number + 1], change.trials[number + 1] = row, TrialChange(new=True)
    write(connection, study, change, trials)


Changed = list[tuple["FrozenTrial", TrialChange]]


def _write_study_attributes(connection: Connection, table: Table, study: int, attributes: Mapping[str, Any]) -> None:
    rows = [{"study_id": study, "key": key, "value_json": json.dumps(value)} for key, value in attributes.items()]
    _run(connection, _upsert(table, "study_id", "key"), rows)


def _seal_study(connection: Connection, study: int, attributes: Mapping[str, Any]) -> None:
    found = connection.execute(
        select(STUDY_SYSTEM.c.value_json).where(STUDY_SYSTEM.c.study_id == study, STUDY_SYSTEM.c.key == SEAL)
    ).scalar()
    sums = sums_of_attributes({key: json.dumps(value) for key, value in attributes.items()})
    _write_study_attributes(connection, STUDY_SYSTEM, study, {SEAL: {**json.loads(found or "{}"), **sums}})


def _whole(trial: FrozenTrial, change: TrialChange) -> TrialChange:
    """All of a trial that ends is written, so that what is stored is what its sum was made of, whatever version of
    Optuna wrote the beginning.
    """
    if change.new or not _ends(trial, change):
        return change
    names = [set(part) for part in (trial.params, trial.user_attrs, trial.system_attrs)]
    return TrialChange(
        state=True,
        params=names[0],
        user_attrs=names[1],
        system_attrs=names[2],
        steps=set(trial.intermediate_values),
    )


def _ends(trial: FrozenTrial, change: TrialChange) -> bool:
    """Whether it is the same for ever from this change on."""
    return trial.state.is_finished() and (change.new or change.state)


def _write_trials(connection: Connection, study: int, changed: Changed) -> None:
    _run(connection, insert(TRIALS), [{"study_id": study, **_row(trial)} for trial, each in changed if each.new])
    rows = [_row(trial) for trial, each in changed if each.state and not each.new]
    if rows and connection.execute(_UPDATE, [{"id": row.pop("trial_id"), **row} for row in rows]).rowcount != len(rows):
        raise StudyError("a trial that was there is not there any more.")


_UPDATE = update(TRIALS).where(TRIALS.c.trial_id == bindparam("id"))


def _row(trial: FrozenTrial) -> dict[str, Any]:
    return {
        "trial_id": trial._trial_id,  # noqa: SLF001, Optuna has no public name for it
        "number": trial.number,
        "state": trial.state,
        "datetime_start": _stored(trial.datetime_start),
        "datetime_complete": _stored(trial.datetime_complete),
    }


def _params(changed: Changed) -> list[dict[str, Any]]:
    return [
        {
            "trial_id": trial._trial_id,  # noqa: SLF001
            "param_name": name,
            "param_value": trial.distributions[name].to_internal_repr(value),
            "distribution_json": distribution_to_json(trial.distributions[name]),
        }
        for trial, each in changed
        for name, value in trial.params.items()
        if each.new or name in each.params
    ]


def _values(changed: Changed) -> list[dict[str, Any]]:
    rows = []
    for trial, each in changed:
        for objective, value in enumerate((trial.values or ()) if each.new or each.state else ()):
            stored, kind = models.TrialValueModel.value_to_stored_repr(value)
            rows.append(
                {"trial_id": trial._trial_id, "objective": objective, "value": stored, "value_type": kind}  # noqa: SLF001
            )
    return rows


def _user(changed: Changed) -> list[dict[str, Any]]:
    return [
        row
        for trial, each in changed
        for row in _attributes(trial, trial.user_attrs, None if each.new else each.user_attrs)
    ]


def _system(changed: Changed) -> list[dict[str, Any]]:
    return [
        row
        for trial, each in changed
        for row in _attributes(trial, trial.system_attrs, None if each.new else each.system_attrs)
    ]


def _seals(changed: Changed) -> list[dict[str, Any]]:
    ending = [trial for trial, each in changed if _ends(trial, each)]
    return [{"trial_id": trial._trial_id, "key": SEAL, "value_json": json.dumps(_sum(trial))} for trial in ending]  # noqa: SLF001


def _sum(trial: FrozenTrial) -> str:
    whole: Changed = [(trial, TrialChange(new=True))]
    cells = cells_of_trial(
        number=trial.number,
        state=trial.state.name,
        params=[(row["param_name"], float(row["param_value"]), row["distribution_json"]) for row in _params(whole)],
        values=[(row["objective"], _number(row["value"]), row["value_type"].name) for row in _values(whole)],
        steps=[
            (row["step"], _number(row["intermediate_value"]), row["intermediate_value_type"].name)
            for row in _intermediate(whole)
        ],
        user=[(row["key"], row["value_json"]) for row in _user(whole)],
        system=[(row["key"], row["value_json"]) for row in _system(whole)],
    )
    return sum_of(cells)


def _number(value: float | None) -> float | None:
    """As the table gives it back, where an integer was put in."""
    return None if value is None else float(value)


def _attributes(trial: FrozenTrial, attributes: Mapping[str, Any], changed: set[str] | None) -> list[dict[str, Any]]:
    """Those that changed; all for None."""
    return [
        {"trial_id": trial._trial_id, "key": key, "value_json": json.dumps(value)}  # noqa: SLF001
        for key, value in attributes.items()
        if changed is None or key in changed
    ]


def _intermediate(changed: Changed) -> list[dict[str, Any]]:
    rows = []
    for trial, each in changed:
        for step, value in trial.intermediate_values.items():
            if each.new or step in each.steps:
                stored, kind = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
                rows.append(
                    {
                        "trial_id": trial._trial_id,  # noqa: SLF001
                        "step": step,
                        "intermediate_value": stored,
                        "intermediate_value_type": kind,
                    }
                )
    return rows


def _run(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(statement, list(rows))


@lru_cache
def _upsert(table: Table, *key: str) -> Insert:
    """Inserts a row, or puts it in the place of the one that has the same key."""
    statement = sqlite.insert(table)
    others = [column.name for column in table.c if not column.primary_key and column.name not in key]
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in others}
    )


def _stored(local: datetime | None) -> datetime | None:
    """Optuna keeps naive UTC and shows naive local time."""
    return None if local is None else local.astimezone(UTC).replace(tzinfo=None)
