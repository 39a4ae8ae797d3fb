"""A trial as everybody but the database sees it: plain values."""

from __future__ import annotations

import math
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = bool | int | float | str


class TrialState(StrEnum):
    """The life of a trial.

    ```
    WAITING -> RUNNING -> COMPLETE | PRUNED | FAILED | TURNED_DOWN
       ^----------'
    ```
    """

    WAITING = "waiting"
    """Queued and not begun (a preset), or cut off and to go on from its last epoch."""
    RUNNING = "running"
    """A worker trains it."""
    COMPLETE = "complete"
    """All its epochs are done, or its early stopping ended it."""
    PRUNED = "pruned"
    """Ended early because others did better after as many epochs."""
    FAILED = "failed"
    """Ended by a fault, named in `reason`."""
    TURNED_DOWN = "turned down"
    """Never trained: over a limit, forbidden, cannot be built, or repeats another trial. Does not count."""


FINISHED = frozenset({TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED})
"""The states that count towards `--trials`."""


class Reason(StrEnum):
    """Why a trial failed or was turned down."""

    OUT_OF_MEMORY = "out_of_memory"
    NAN = "nan"
    TIMEOUT = "timeout"
    """Trained for longer than a trial may."""
    CRASH = "crash"
    """Its process died, or raised what we do not know, more often than a trial is retried."""
    UNBUILDABLE = "unbuildable"
    OVER_LIMIT = "over_limit"
    FORBIDDEN = "forbidden"
    """Breaks a rule of the space."""
    REPEAT = "repeat"
    """Has the configuration of an earlier trial."""


BLAMED = frozenset(
    {
        Reason.OUT_OF_MEMORY,
        Reason.NAN,
        Reason.TIMEOUT,
        Reason.UNBUILDABLE,
        Reason.OVER_LIMIT,
        Reason.FORBIDDEN,
    }
)
"""The reasons that say something of the configuration; the sampler learns of them as a violated constraint."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What one epoch scored."""

    epoch: int
    """1 after the first pass over the training images."""
    accuracy: float
    loss: float
    """On the training images, averaged while the epoch ran."""
    val_accuracy: float | None = None
    val_loss: float | None = None
    """On the validation images after the epoch; None in a retraining, which has none."""
    seconds: float = 0.0
    """Wall time, validation included."""
    learning_rate: float | None = None
    """At its end; None in the curves of earlier versions."""


EPOCH_FIELDS = tuple(field.name for field in fields(Epoch))


LEAST_FIELDS = sum(field.default is MISSING for field in fields(Epoch))


def epoch_of(row: Sequence[Any]) -> Epoch:
    """The epoch whose fields stand in the row, in order. A row from before a field was new is shorter.

    Raises TypeError where it lacks one that has no default.
    """
    if len(row) < LEAST_FIELDS:
        raise TypeError(f"an epoch has at least {LEAST_FIELDS} fields. Got {row!r}.")
    made = object.__new__(Epoch)  # calling the class takes three times as long, and a study may have 100,000 of them
    made.__dict__.update(zip(EPOCH_FIELDS, row, strict=False))
    return made


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What one fold of a cross-validation scored."""

    fold: int
    """From 0."""
    accuracy: float
    """On the images of the fold, after training on all others."""
    seconds: float = 0.0
    """Wall time of the training."""
    score_seconds: float = 0.0
    """Wall time of scoring the fold's images."""


def seconds_of(curve: Sequence[Epoch], folds: Sequence[Fold]) -> float:
    """Wall time of these epochs and folds."""
    return sum(epoch.seconds for epoch in curve) + sum(fold.seconds + fold.score_seconds for fold in folds)


LOADING = "loading"
"""Of the seconds that a stay waited, those in which its worker's process started."""


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A time that a trial had a slot for itself. One that was cut off or begun again has several."""

    slot: str
    began: float
    """Seconds of search time from the study's start, like `ended`."""
    ended: float
    waited: float = 0.0
    """Seconds from `began` until training began, as for a worker to start; all of it where none did."""
    phases: Mapping[str, float] = field(default_factory=dict)
    """Seconds of what its worker did there, by the name of a `timing.Phase`, and of `LOADING`; none where earlier
    versions kept it.
    """


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How much of a training a trial is: whole by default, a part where its engine spends little on many first."""

    epochs: int | None = None
    """To train to, counted from the beginning; None is all that the configuration has."""
    after: int | None = None
    """Number of the trial whose training it goes on with, from that one's last epoch."""
    samples: int | None = None
    """Images that its folds are cut from; None is all of them."""
    repeat: int | None = None
    """Which of several trainings alike it is, each under a seed of its own; None is that of the search."""

    @property
    def apart(self) -> tuple[int | None, int | None, int | None]:
        """What sets it apart from other trainings of its configuration."""
        return self.epochs, self.samples, self.repeat

    def to_json(self) -> dict[str, int]:
        """What is not its default."""
        return {name: value for name, value in asdict(self).items() if value is not None}


WHOLE = Stage()


Identity = tuple[str, tuple[int | None, int | None, int | None]]
"""Configuration's hash, and what sets the stage apart: trials that have both in common are one training."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A configuration with its curve, state, reason and cost."""

    number: int
    state: TrialState
    values: Mapping[str, Value] = field(default_factory=dict)
    """Active parameters by dotted name, in file order."""
    configuration: str = ""
    """Hash of the configuration."""
    reason: str = ""
    detail: str = ""
    """One line more on the reason, for a person."""
    repeats: int | None = None
    """Number of the trial whose outcome is its own too, where it was turned down for a repeat."""
    preset: str = ""
    """The preset it came from; empty for a proposal of the engine."""
    enqueued: bool = False
    """Whether a user asked for it by `tune enqueue`."""
    carried: str = ""
    """The study that it was trained in, where this one took it over; empty for its own."""
    stage: Stage = WHOLE
    engine: Mapping[str, Any] = field(default_factory=dict)
    """What the engine that proposed it noted for itself; empty where it did not, or did not propose it."""
    curve: tuple[Epoch, ...] = ()
    folds: tuple[Fold, ...] = ()
    """Of a cross-validation, in their order; such a trial has no curve."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """What else an objective may be: `parameters`, `multiply_adds` (of one image), `latency` (milliseconds for one
    image, measured on a trial's own device)."""
    seed: int = 0
    """Seeds its weights, its data order and its dropout."""
    seconds: float = 0.0
    """Wall time of training, without waiting for a slot."""
    parameters: int | None = None
    """Weights of the model, those that are not trained included."""
    device: str = ""
    stays: tuple[Stay, ...] = ()
    """Its slots over time, in their order."""
    waited: float = 0.0
    """Seconds that it did not train: on its slots, as for a worker to start, and before it had one, as for memory."""
    memory: int = 0
    """Peak resident bytes of the worker while it trained; 0 where nobody measured."""
    device_memory: int = 0
    """Peak bytes on its GPU; 0 on a CPU."""
    retries: int = 0
    """Times it was begun again after its process died."""
    seen_after: float = 0.0
    """Seconds of search time from the study's start to the end of its last epoch."""
    finished_after: float | None = None
    """Seconds of search time from the study's start to its end."""

    @cached_property
    def score(self) -> float | None:
        """Best validation accuracy of its epochs, or mean accuracy of its folds; 0 to 1. None before the first."""
        if self.folds:
            import numpy as np

            # As scikit-learn adds them up: in another order the last digit may differ, and with it who comes first.
            return float(np.mean([fold.accuracy for fold in self.folds]))
        best = self.best
        return best.val_accuracy if best else None

    @property
    def scored(self) -> bool:
        """Whether any of it was trained and judged."""
        return bool(self.curve or self.folds)

    @property
    def queued(self) -> float:
        """Of the seconds that it `waited` those without a slot."""
        return max(round(self.waited - sum(stay.waited for stay in self.stays), 3), 0.0)

    @property
    def last_seen(self) -> float:
        """The search time, in seconds, at which something was last known of it."""
        return max([self.finished_after or 0.0, self.seen_after, *(stay.ended for stay in self.stays)])

    @property
    def identity(self) -> Identity:
        return self.configuration, self.stage.apart

    @cached_property
    def best(self) -> Epoch | None:
        """The epoch with the best validation accuracy; the first of equals, since it is the cheapest."""
        scored = [epoch for epoch in self.curve if epoch.val_accuracy is not None]
        return max(scored, key=lambda epoch: epoch.val_accuracy or 0.0, default=None)


def objective_values(trial: Trial, objectives: Sequence[str]) -> list[float]:
    """What the trial has come to in each of them, the first being its score. KeyError where one was not measured."""
    assert trial.score is not None
    return [trial.score, *(trial.measures[name] for name in objectives[1:])]


def plain(value: Value) -> Value:
    """A float without the dust of binary arithmetic: steps of 0.05 from 0 give 0.3, not 0.30000000000000004."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def winner(trials: list[Trial], objectives: Sequence[str] = ()) -> Trial | None:
    """The trial with the best score of those that may win; of equals the cheapest by the other objectives, so that it
    is on their Pareto front; of those the first.
    """

    def standing(trial: Trial) -> tuple[float, ...]:
        return (-(trial.score or 0.0), *(trial.measures.get(name, math.inf) for name in objectives[1:]))

    return min(eligible(trials), key=standing, default=None)


def eligible(trials: list[Trial]) -> list[Trial]:
    """The trials that may win: the complete ones if there are any, else all that trained.

    Scores on folds of few images are for choosing who gets more: of those, only trials with the most images can win.
    """
    scored = [trial for trial in trials if trial.score is not None and trial.state is not TrialState.TURNED_DOWN]
    complete = [trial for trial in scored if trial.state is TrialState.COMPLETE] or scored
    most = max((trial.stage.samples or math.inf for trial in complete), default=0)
    return [trial for trial in complete if (trial.stage.samples or math.inf) >= most]
