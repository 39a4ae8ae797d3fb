"""How the best trials of a search fared when they were trained again under fresh seeds, and which of them wins."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import fmean, median_low, variance
from typing import TYPE_CHECKING, Any

from tuner.trial import winner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuner.study import Study, StudyView
    from tuner.trial import Trial

CONFIRMATION = "confirmation"
"""Under which a study keeps it."""


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """One training of a candidate."""

    number: int
    """From 0. Those of one number have one seed, whatever the candidate."""
    seed: int
    score: float
    """Best validation accuracy of its epochs, 0 to 1."""
    epoch: int
    """That gave it."""
    seconds: float
    """Wall time of the training."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A trial that was among the best of the search."""

    trial: int
    configuration: str
    """Its hash."""
    parameters: int
    searched: float
    """Its score in the search, 0 to 1. It was chosen for it among many: that is partly luck."""
    repeats: tuple[Repeat, ...] = ()
    """By number."""
    failed: tuple[int, ...] = ()
    """Numbers of the repeats that ended by a fault."""

    @property
    def mean(self) -> float:
        """Mean score of its repeats."""
        return fmean(repeat.score for repeat in self.repeats)

    @property
    def epoch(self) -> int:
        """Median of the epochs at which its repeats were at their best; of two in the middle the earlier."""
        return median_low(repeat.epoch for repeat in self.repeats)


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What was trained again, and what came of it."""

    repeats: int
    """Trainings that each candidate should have."""
    why: str
    """Why so many candidates and repeats, for a person."""
    candidates: tuple[Candidate, ...]
    """By their score in the search, the best first."""

    @property
    def confirmed(self) -> tuple[Candidate, ...]:
        """Those that could be trained again."""
        return tuple(each for each in self.candidates if each.repeats)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be trained."""
        return all(len(each.repeats) + len(each.failed) >= self.repeats for each in self.candidates)

    @cached_property
    def deviation(self) -> float | None:
        """Standard deviation of a score over seeds, pooled over the candidates; None where none was trained twice."""
        twice = [[repeat.score for repeat in each.repeats] for each in self.candidates if len(each.repeats) > 1]
        if not twice:
            return None
        freedom = [len(scores) - 1 for scores in twice]
        squares = sum(variance(scores) * n for scores, n in zip(twice, freedom, strict=True))
        return math.sqrt(squares / sum(freedom))

    @property
    def best(self) -> Candidate:
        """The one with the best mean; of equals the smallest."""
        return max(self.confirmed, key=lambda each: (each.mean, -each.parameters))

    @property
    def standard_error(self) -> float:
        """Of the best mean; 0 where the deviation is not known."""
        return (self.deviation or 0.0) / math.sqrt(len(self.best.repeats))

    @property
    def winner(self) -> Candidate:
        """The smallest model whose mean is within a standard error of the best, by Breiman's rule."""
        least = self.best.mean - self.standard_error
        near = [each for each in self.confirmed if each.mean >= least]
        return min(near, key=lambda each: (each.parameters, -each.mean))

    @property
    def optimism(self) -> float:
        """What the winner's score in the search promised beyond what its repeats came to."""
        return self.winner.searched - self.winner.mean


def winner_of(study: StudyView, trials: Sequence[Trial]) -> Trial | None:
    """The trial that wins by the last confirmation, where that is whole and had the best of the trials among its
    candidates; else the best. None where no trial has a score.
    """
    best, confirmation = winner(list(trials), study.plan.objectives), confirmation_of(study)
    if best is None or confirmation is None or not (confirmation.is_whole and confirmation.confirmed):
        return best
    known = {trial.configuration: trial for trial in trials}  # a repair may have lost some
    is_among = any(each.configuration == best.configuration for each in confirmation.candidates)
    return known.get(confirmation.winner.configuration, best) if is_among else best


def confirmation_of(study: StudyView) -> Confirmation | None:
    """The last one of the study; None where there was none."""
    fact: Mapping[str, Any] | None = study.fact(CONFIRMATION)
    if fact is None:
        return None
    return Confirmation(
        repeats=fact["repeats"], why=fact["why"], candidates=tuple(_candidate(each) for each in fact["candidates"])
    )


def keep_confirmation(study: Study, confirmation: Confirmation) -> None:
    study.remember(CONFIRMATION, asdict(confirmation))


def _candidate(fact: Mapping[str, Any]) -> Candidate:
    repeats = tuple(Repeat(**each) for each in fact["repeats"])
    return Candidate(**{**fact, "repeats": repeats, "failed": tuple(fact["failed"])})
