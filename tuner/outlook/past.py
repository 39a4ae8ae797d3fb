"""What of a study's history says something of the trials to come."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.trial import FINISHED, TrialState, winner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Past:
    """The finished trials that the engine proposed, as draws of which the next are to come.

    Presets and what a user enqueued are none: nobody will draw their like again. They still set the best score. Trials
    carried over from another study were proposed like any other, and are draws.
    """

    best: Trial | None
    """The winner so far, whoever proposed it."""
    trials: tuple[Trial, ...]
    """The draws, by number."""
    scores: tuple[float | None, ...]
    """Of each draw; None where it was pruned, failed or had a part of a training: no better than the best, as a draw to
    come may be."""

    @property
    def scored(self) -> tuple[float, ...]:
        return tuple(score for score in self.scores if score is not None)


def past(trials: Sequence[Trial]) -> Past:
    """What counts of these trials. Those that wait or run, and those turned down, do not."""
    finished = [trial for trial in trials if trial.state in FINISHED]
    draws = tuple(trial for trial in finished if not trial.preset and not trial.enqueued)
    most = max((_resources(trial) for trial in finished if trial.state is TrialState.COMPLETE), default=(0.0, 0.0))
    return Past(
        best=winner(finished),
        trials=draws,
        scores=tuple(trial.score if _comparable(trial, most) else None for trial in draws),
    )


def _comparable(trial: Trial, most: tuple[float, float]) -> bool:
    return trial.state is TrialState.COMPLETE and _resources(trial) >= most


def _resources(trial: Trial) -> tuple[float, float]:
    """Images and epochs that it may have had; all that there are is infinite."""
    return trial.stage.samples or math.inf, trial.stage.epochs or math.inf
