"""How many trials are confirmed, and how often: as was asked, else what the search has made worth its while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.keeping import ranked
from tuner.trial import eligible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.trial import Trial

SHARE = 1 / 3
"""Of the search's training time, which confirming may take where nobody says how much."""

LADDER = ((5, 3), (3, 3), (3, 2), (2, 2))
"""Candidates and repeats of each, the most first: what is taken where nobody says."""

USUAL_TOP, USUAL_REPEATS = 3, 3
"""Of these two what is not said, where the other is."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is to be trained again."""

    candidates: tuple[Trial, ...]
    """The best first; none where nothing is confirmed."""
    repeats: int
    why: str
    """For a person."""


def course(trials: Sequence[Trial], objectives: Sequence[str], top: int | None, repeats: int | None) -> Course:
    """`top` and `repeats` as they were asked for, if they were; a `top` of 0 is nothing."""
    best = distinct(ranked(eligible(list(trials)), objectives))
    if top == 0:
        return Course(candidates=(), repeats=0, why="as asked for, the winner was not confirmed")
    if top is not None or repeats is not None:
        chosen = best[: USUAL_TOP if top is None else top]
        return Course(candidates=chosen, repeats=repeats or USUAL_REPEATS, why="as asked for")
    spent = sum(trial.seconds for trial in trials if not trial.carried)
    for n, times in LADDER:
        chosen = best[:n]
        if len(chosen) == n and times * sum(trial.seconds for trial in chosen) <= SHARE * spent:
            return Course(candidates=chosen, repeats=times, why="at most a third of the time that the trials trained")
    return Course(
        candidates=(), repeats=0, why="to confirm the winner would take more than a third of the search's time"
    )


def distinct(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """The first of each configuration."""
    found: dict[str, Trial] = {}
    for trial in trials:
        found.setdefault(trial.configuration, trial)
    return tuple(found.values())
