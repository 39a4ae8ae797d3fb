"""What an oracle is told of a trial that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.trial import Reason, TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Outcome:
    score: float | None
    """Validation accuracy, 0 to 1; None where it has none, which is a failure."""
    trained: bool = True
    """Whether it was trained itself. Not where it was turned down, be it for a repeat that has a score."""


def outcome(trial: Trial, trials: Sequence[Trial]) -> Outcome | None:
    """None where it has not ended, or repeats one that has not. What has ended keeps its outcome."""
    match trial.state:
        case TrialState.COMPLETE | TrialState.PRUNED:
            return Outcome(score=trial.score)
        case TrialState.FAILED:
            return Outcome(score=None)
        case TrialState.TURNED_DOWN if trial.reason == Reason.REPEAT and trial.repeats is not None:
            repeated = outcome(trials[trial.repeats], trials)
            return repeated and Outcome(score=repeated.score, trained=False)
        case TrialState.TURNED_DOWN:
            return Outcome(score=None, trained=False)
        case TrialState.WAITING | TrialState.RUNNING:
            return None
