"""From what a study keeps to what a report shows: a trial, an epoch, the confirmation of the best."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, cast

from reports.confirmed import Confirmation, ConfirmedTrial
from reports.report import EpochScores, Stay, TrialRow
from tuner.confirmation import confirmation_of

if TYPE_CHECKING:
    import reports.report
    from tuner.confirmation import Candidate
    from tuner.study import Study
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


def confirmed(study: Study) -> Confirmation | None:
    """None where nothing was confirmed yet, or not all of it."""
    found = confirmation_of(study)
    if found is None or not found.is_whole:
        return None
    trials = tuple(_confirmed(each, found.repeats) for each in found.candidates)
    shown = Confirmation(why=found.why, trials=trials, repeats=found.repeats)
    if not found.confirmed:
        return shown
    return replace(
        shown,
        best=found.best.trial,
        winner=found.winner.trial,
        deviation=found.deviation,
        standard_error=found.standard_error,
    )


def _confirmed(candidate: Candidate, repeats: int) -> ConfirmedTrial:
    scores = {repeat.number: repeat.score for repeat in candidate.repeats}
    return ConfirmedTrial(
        trial=candidate.trial,
        parameters=candidate.parameters,
        searched=candidate.searched,
        scores=tuple(scores.get(number) for number in range(repeats)),
    )
