"""How the best trials fared when they were trained again, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, kw_only=True)
class ConfirmedTrial:
    """One of the best trials of the search, and the trainings that repeat it."""

    trial: int
    parameters: int
    """Weights of the model, those that are not trained included."""
    searched: float
    """Its score in the search, 0 to 1: the best of many, and so partly luck."""
    scores: tuple[float | None, ...]
    """(repeats,) under fresh seeds, 0 to 1, the seeds in the same order for all; None where a training failed."""

    @property
    def mean(self) -> float | None:
        """None where no training succeeded."""
        scored = [score for score in self.scores if score is not None]
        return fmean(scored) if scored else None

    @property
    def optimism(self) -> float:
        """What its score in the search promised beyond its mean; 0 where it has none."""
        return 0.0 if self.mean is None else self.searched - self.mean


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What was trained again, and which trial won by it."""

    why: str
    """Why so many trials and seeds, or why none; for a person."""
    trials: tuple[ConfirmedTrial, ...] = ()
    """The best of the search first. None where nothing was confirmed."""
    repeats: int = 0
    """Seeds under which each was trained."""
    best: int = -1
    """The trial with the best mean; -1 where none has one, and likewise the winner."""
    winner: int = -1
    """The smallest model whose mean is within a standard error of the best."""
    deviation: float | None = None
    """Standard deviation of a score over seeds, pooled over the trials; None where none was trained twice."""
    standard_error: float = 0.0
    """Of the best mean, over seeds; 0 where the deviation is not known."""

    def of(self, trial: int) -> ConfirmedTrial | None:
        """None where the trial was not trained again, or in vain."""
        return next((each for each in self.trials if each.trial == trial and each.mean is not None), None)
