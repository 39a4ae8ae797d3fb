"""What the search tells whoever watches it. Watching changes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    enqueued: bool = False
    """Whether a user asked for it."""


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
class Enqueued:
    """A user's own guess was taken into the queue."""

    number: int
    guess: str
    """Its identity in the inbox."""


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A file in the inbox that is no guess for this study."""

    file: str
    """Its name."""
    why: str


@dataclass(frozen=True, kw_only=True)
class CarriedOver:
    """A new study took over the trials of another one that its space can make too."""

    study: str
    """The other one."""
    carried: int
    finished: int
    """Trials that the other one had finished."""
    reasons: tuple[str, ...] = ()
    """Why the rest were not: `6 have hidden.repeat = 3, which the new space does not reach`."""
    cut_off: int = 0
    """Trials that the other one had begun and not finished."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CarriedOver:
        return cls(**{**value, "reasons": tuple(value["reasons"])})


@dataclass(frozen=True, kw_only=True)
class WorkerLost:
    """A trial was cut off by no fault of its configuration, as far as one knows, and is begun again."""

    number: int
    detail: str
    retry: int


@dataclass(frozen=True, kw_only=True)
class WaitingForMemory:
    """A trial could start on the slot if more of its device's memory were free. Bytes."""

    number: int
    slot: str
    needed: int
    free: int


@dataclass(frozen=True, kw_only=True)
class SlotLost:
    """A device is gone; what ran there goes on elsewhere."""

    slot: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something that costs no result, and that a user should know."""

    text: str
    """One line."""
    number: int | None = None
    """Of the trial that it is about."""


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """The search begins nothing more, and waits for what runs to keep its last epoch."""

    why: str
    """A sentence: `its time was up`."""
    interrupted: bool
    """Whether somebody asked for it. Asked again it waits for nothing."""


@dataclass(frozen=True, kw_only=True)
class Confirming:
    """The search is over and its best trials are trained again."""

    trials: tuple[int, ...]
    """Their numbers, the best first."""
    repeats: int
    """Of each."""
    left: int
    """Trainings that are not done yet, of all."""


OfATrial = TrialBegan | EpochScored | TrialEnded | WorkerLost | WaitingForMemory | Warned


@dataclass(frozen=True, kw_only=True)
class Again:
    """What is told of a training that repeats a trial under another seed."""

    trial: int
    """Number of the trial."""
    repeat: int
    """From 0."""
    repeats: int
    """Of each trial."""
    event: OfATrial
    """Its own number is nobody's business."""


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


@dataclass(frozen=True, kw_only=True)
class Computing:
    """What the layers of all trials of the study compute in, and why."""

    precision: str
    why: str


Event = (
    TrialBegan
    | Computing
    | EpochScored
    | FoldScored
    | TrialEnded
    | TurnedDown
    | Enqueued
    | SetAside
    | CarriedOver
    | WorkerLost
    | WaitingForMemory
    | SlotLost
    | Warned
    | Stopping
    | Confirming
    | Again
    | Retraining
    | RetrainingEpoch
    | TakenUp
)
