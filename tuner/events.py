"""What the search tells whoever watches it. Watching changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.trial import Epoch, Fold, Reason, Trial


@dataclass(frozen=True, kw_only=True)
class TrialBegan:
    number: int
    preset: str
    parameters: int
    epochs: int
    """Epochs that it will train if nothing ends it."""
    folds: int | None = None
    """Of its cross-validation; None where it has none."""
    device: str


@dataclass(frozen=True, kw_only=True)
class EpochScored:
    number: int
    epoch: Epoch


@dataclass(frozen=True, kw_only=True)
class FoldScored:
    number: int
    folds: tuple[Fold, ...]
    """All so far."""


@dataclass(frozen=True, kw_only=True)
class TrialEnded:
    trial: Trial


@dataclass(frozen=True, kw_only=True)
class TurnedDown:
    number: int
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class WorkerLost:
    """A worker's process died in a trial, which is begun again."""

    number: int
    detail: str
    retry: int


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """The search is over and the winner is trained on training and validation images."""

    trial: Trial
    epochs: int


@dataclass(frozen=True, kw_only=True)
class RetrainingEpoch:
    epoch: Epoch


@dataclass(frozen=True, kw_only=True)
class TakenUp:
    """The study holds trials of earlier sessions."""

    trials: tuple[Trial, ...]


Event = (
    TrialBegan
    | EpochScored
    | FoldScored
    | TrialEnded
    | TurnedDown
    | WorkerLost
    | Retraining
    | RetrainingEpoch
    | TakenUp
)
