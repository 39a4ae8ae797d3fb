"""The outlook of a study: what can be told of the trials to come, or why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.outlook.cost import Cost, cost
from tuner.outlook.gain import ENOUGH_DRAWS, ENOUGH_SCORED, LEARNING, LEARNING_TO_AN_END, Gain, Pace, gain
from tuner.outlook.past import Past, past
from tuner.trial import FINISHED, WHOLE, Reason, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuner.plan import Plan
    from tuner.trial import Trial

LEARNERS = frozenset({"tpe", "gp", "cmaes", "nsga2", "bayesian"})
"""Algorithms whose later proposals are better than their first. The others draw from one distribution throughout."""

IN_ORDER = frozenset({"grid"})


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What of a study does not stand in its trials."""

    plan: Plan
    n_images: int
    """That a trial's score is a share of: validation images, or all images that are cut into folds."""
    configurations: int | None = None
    """Of the space; None where they are infinite, or too many to count."""
    finite: bool = False
    ended: str = ""
    """Why the engine has nothing more to propose, where it said so."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    asked: int
    """Trials to come that were asked for."""
    more: int
    """Trials that will come: fewer where the space does not hold as many configurations that were not tried."""
    n_finished: int
    n_draws: int
    """Of these, proposals of the engine."""
    left: int | None
    """Configurations that were not tried, at most; None where they are infinite, or too many to count."""
    best: Trial | None
    gain: Gain | None
    unknown: str
    """Why there is no gain to tell, one sentence; '' where there is one."""
    cost: Cost | None
    remarks: tuple[str, ...] = ()
    """What the figures leave out, a sentence each."""


def look_ahead(trials: Sequence[Trial], circumstances: Circumstances, *, more: int) -> Outlook:
    """What `more` finished trials may bring to these, and what they will cost. Same history, same answer."""
    known, left = past(trials), _left(trials, circumstances)
    coming = more if left is None else min(more, left)
    coming = 0 if circumstances.ended else coming
    unknown = _unknown(known, circumstances.ended, coming)
    return Outlook(
        asked=more,
        more=coming,
        n_finished=sum(trial.state in FINISHED for trial in trials),
        n_draws=len(known.trials),
        left=left,
        best=known.best,
        gain=None if unknown else gain(known, more=coming, n_images=circumstances.n_images, pace=_pace(circumstances)),
        unknown=unknown,
        cost=cost(trials, more=coming) if coming else None,
        remarks=tuple(_remarks(known, circumstances.plan)),
    )


def _pace(circumstances: Circumstances) -> Pace | None:
    if circumstances.plan.algorithm not in LEARNERS:
        return None
    return LEARNING_TO_AN_END if circumstances.finite else LEARNING


def _left(trials: Sequence[Trial], circumstances: Circumstances) -> int | None:
    """Configurations that were not tried, at most: of those turned down some may not be known any more. Where trials
    are parts of trainings there may be several of one configuration, and configurations are no limit.
    """
    if circumstances.configurations is None or any(trial.stage != WHOLE for trial in trials):
        return None
    seen = {tuple(trial.values.items()) for trial in trials if _used_up(trial)}
    return max(0, circumstances.configurations - len(seen))


def _used_up(trial: Trial) -> bool:
    """Whether its configuration will not come again. What is forbidden does not count as one of the space."""
    turned_down = trial.state is TrialState.TURNED_DOWN and trial.reason != Reason.FORBIDDEN
    return trial.state in FINISHED or turned_down


def _unknown(known: Past, ended: str, coming: int) -> str:
    if ended:
        return f"There are no more trials to come: {ended}."
    if not coming:
        return "There are no more trials to come: every configuration of the space was tried."
    if known.best is None:
        return "What more trials may bring cannot be told yet: no trial has a score."
    n_draws, n_scored = len(known.trials), len(known.scored)
    if n_draws >= ENOUGH_DRAWS and n_scored >= ENOUGH_SCORED:
        return ""
    return (
        f"What more trials may bring cannot be told yet: it takes {ENOUGH_DRAWS} finished proposals of the engine, "
        f"{ENOUGH_SCORED} of them trained whole. There are {n_draws}, of them {n_scored} trained whole."
    )


def _remarks(known: Past, plan: Plan) -> Iterator[str]:
    if len(plan.objectives) > 1:
        yield f"Told of {plan.objectives[0]} alone; the search also seeks {' and '.join(plan.objectives[1:])}."
    if plan.algorithm in IN_ORDER:
        yield "The engine goes through the configurations in order: those to come may be unlike those so far."
    n_carried = sum(bool(trial.carried) for trial in known.trials)
    if n_carried:
        yield f"{n_carried} of the trials were carried over from another study: scores count, times do not."
