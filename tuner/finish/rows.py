"""From a trial to its row in a report."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, cast

from reports.report import EpochScores, Stay, TrialRow

if TYPE_CHECKING:
    import reports.report
    from tuner.trial import Epoch, Trial


def row(trial: Trial, scored_on: int | None) -> TrialRow:
    best = trial.best
    return TrialRow(
        number=trial.number,
        state=cast("reports.report.TrialState", trial.state.value),  # those turned down have no row
        reason=f"{trial.reason}: {trial.detail}" if trial.detail else trial.reason,
        preset=trial.preset,
        score=trial.score,
        best_epoch=best.epoch if best else None,
        scored_on=scored_on,
        curve=tuple(scores(epoch) for epoch in trial.curve),
        seconds=trial.seconds,
        parameters=trial.parameters,
        measures=trial.measures,
        values=trial.values,
        finished_after=trial.finished_after,
        device=trial.device,
        stays=tuple(Stay(**asdict(stay)) for stay in trial.stays),
        waited=trial.waited,
        carried=bool(trial.carried),
        retries=trial.retries,
        memory=trial.memory,
        device_memory=trial.device_memory,
    )


def scores(epoch: Epoch) -> EpochScores:
    """What the report draws of it."""
    return EpochScores(**{field.name: getattr(epoch, field.name) for field in fields(EpochScores)})
