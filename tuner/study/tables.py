"""Optuna's tables, as its own models define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuner.study.storage import models

if TYPE_CHECKING:
    from sqlalchemy import Table


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


STUDIES = _table(models.StudyModel)
DIRECTIONS = _table(models.StudyDirectionModel)
STUDY_USER = _table(models.StudyUserAttributeModel)
STUDY_SYSTEM = _table(models.StudySystemAttributeModel)
TRIALS = _table(models.TrialModel)
PARAMS = _table(models.TrialParamModel)
VALUES = _table(models.TrialValueModel)
USER = _table(models.TrialUserAttributeModel)
SYSTEM = _table(models.TrialSystemAttributeModel)
INTERMEDIATE = _table(models.TrialIntermediateValueModel)
