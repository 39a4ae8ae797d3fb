"""A new study's database: there whole, or not at all."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any

import optuna

from tuner.files import new_file, sweep
from tuner.plan import OBJECTIVES
from tuner.study.storage import begin, database_errors, new_database
from tuner.study.writing import write_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from optuna.trial import FrozenTrial

    from tuner.plan import Plan
    from tuner.study.folder import Folder


def create_database(
    folder: Folder, plan: Plan, space_text: str, rows: Iterable[FrozenTrial], facts: Mapping[str, Any]
) -> None:
    """With these rows as its first trials, and these facts among its attributes."""
    sweep(folder.path, folder.database.name)
    created = datetime.now().astimezone().isoformat(timespec="seconds")
    attributes = {"plan": plan.to_json(), "space": space_text, "created": created, **facts}
    directions = [OBJECTIVES[objective] for objective in plan.objectives]
    with (
        new_file(folder.database) as unfinished,
        database_errors(folder.database),
        new_database(unfinished) as storage,
    ):
        study = optuna.create_study(storage=storage, study_name=folder.name, directions=directions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(list(plan.objectives))
        with begin(storage.engine, writing=True) as connection:
            write_new(connection, study._study_id, attributes, rows)  # noqa: SLF001
