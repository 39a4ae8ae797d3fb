"""What the parent and a worker process say to each other: one JSON object a line, named by its `kind`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from tuner.trial import Epoch, Fold, Reason


@dataclass(frozen=True, kw_only=True)
class Train:
    """Parent to worker: train one trial. Only paths of training images: a trial cannot see the test set."""

    job: int
    configuration: dict[str, Any]
    images: str
    labels: str
    split: str
    """Path of the npz with the rows of `images` that train and that validate."""
    n_classes: int
    epochs: int
    """To train to, those of a checkpoint included."""
    horizon: int
    """Over which learning rate and averaging are laid out: more than `epochs` where another trial may go on."""
    seed: int
    checkpoints: str
    start: str | None
    """Checkpoints of the trial that this one goes on with, which are looked at where it has none of its own."""
    identity: str
    latency: bool
    """Whether the time for one image shall be measured at the end."""
    precision: str = "float32"
    """The policy that the layers compute by, in Keras's words."""


@dataclass(frozen=True, kw_only=True)
class CrossValidate:
    """Parent to worker: score one configuration on folds of the training images, through scikit-learn."""

    job: int
    space: str
    """The space file, whole."""
    values: dict[str, Any]
    """The configuration's, by parameter name."""
    epochs: int
    images: str
    labels: str
    folds: str
    """Path of the npz with the rows of `images` that each fold trains on and is scored on."""
    skip: int
    """Folds that are scored already."""
    n_classes: int
    seed: int
    checkpoints: str
    identity: str
    latency: bool
    precision: str = "float32"


@dataclass(frozen=True, kw_only=True)
class Retrain:
    """Parent to worker: train the winner on training and validation images, save it, and predict the test images."""

    job: int
    configuration: dict[str, Any]
    images: str
    labels: str
    split: str
    test_images: str
    test_labels: str
    test_sums: tuple[str, str]
    """SHA-256 of these two files as they were prepared."""
    n_classes: int
    epochs: int
    """To train for: those after which the trial was at its best."""
    horizon: int
    """All epochs that the trial had. Its learning rate and its averaging were laid out over them, and at its best epoch
    it stood where they had led until then: over a shorter course, that epoch would be another one."""
    curve: tuple[Epoch, ...]
    """Of the trial. Its plateaus lowered the learning rate; without validation images they cannot be seen again."""
    seed: int
    checkpoints: str
    identity: str
    folder: str
    """Where the model, its configuration, its predictions and a manifest are put, all together or not at all."""
    facts: dict[str, Any]
    """What the manifest shall also say."""
    precision: str = "float32"


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Parent to worker: give up the job at the next chance; its last whole epoch stays on disk."""

    job: int


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Worker to parent: TensorFlow is loaded."""

    device: str
    """What it trains on, for a person: 'CPU', 'GPU 0'."""


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """Worker to parent, instead of Ready: its device is not there as TensorFlow sees it. The process ends."""

    detail: str


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Worker to parent: the job's training starts."""

    job: int
    loading: float = 0.0
    """Seconds from the start of its process until it was ready, where this is its first job; else 0."""


@dataclass(frozen=True, kw_only=True)
class Alive:
    """Worker to parent, every few seconds within an epoch: the job gets on."""

    job: int


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Worker to parent: something that costs no result, and that a user should know."""

    job: int
    text: str
    """One line."""


@dataclass(frozen=True, kw_only=True)
class EpochDone:
    job: int
    epoch: Epoch
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds of the job so far, by the name of a `timing.Phase`; they add up to all of them."""
    to_first_step: float | None = None
    """Seconds of the job before its first step of training."""


@dataclass(frozen=True, kw_only=True)
class FoldDone:
    job: int
    fold: Fold
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds of the job so far, by the name of a `timing.Phase`; they add up to all of them."""
    to_first_step: float | None = None
    """Seconds of the job before its first step of training."""


@dataclass(frozen=True, kw_only=True)
class Done:
    job: int
    seconds: float
    """Wall time of the job in the worker."""
    memory: int
    """Peak resident bytes of the worker during the job."""
    device_memory: int = 0
    """Peak bytes on its GPU during the job; 0 on a CPU."""
    latency: float | None = None
    """Milliseconds for one image, where it was asked for."""
    phases: dict[str, float] = field(default_factory=dict)


DATA = "data"
"""Reason of a retraining that found the test set damaged; all others are of `trial.Reason`."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    job: int
    reason: str
    detail: str
    seconds: float
    memory: int
    device_memory: int = 0
    refused: bool = False
    """Whether the system refused what it should have read or written: no room, no permission."""
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Worker to parent: the job was given up as asked."""

    job: int
    seconds: float
    memory: int
    device_memory: int = 0
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Died:
    """Made by the executor, not sent: the worker's process ended without having been told to."""

    job: int | None
    detail: str
    out_of_memory: bool = False
    """Whether the system ended it because memory ran out."""


@dataclass(frozen=True, kw_only=True)
class SlotGone:
    """Made by the executor: the slot's device is no longer there. What ran on it is told of by Died."""

    slot: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """Made on reading: what a worker told of a job is no score and no cost. The job goes on; it had better be ended."""

    job: int
    reason: Reason
    detail: str


Job = Train | CrossValidate | Retrain
ToWorker = Job | Stop
Result = EpochDone | FoldDone | Done | Failed | Stopped
FromWorker = Ready | Unfit | Begun | Alive | Remark | Result | Unusable | Died | SlotGone

_SENT = (
    Train, CrossValidate, Retrain, Stop,
    Ready, Unfit, Begun, Alive, Remark, EpochDone, FoldDone, Done, Failed, Stopped,
)  # fmt: skip
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in _SENT}


def encode(message: ToWorker | FromWorker) -> str:
    """One line, without its end."""
    return json.dumps({"kind": type(message).__name__, **dataclasses.asdict(message)}, allow_nan=False)


def decode(line: str) -> Any:
    """The message of one line; Unusable where its result cannot be one: a score of NaN, a text for a number.

    Raises ValueError where the line is no message.
    """
    try:
        fields = json.loads(line)
        kind = _KINDS[fields.pop("kind")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a message: {line[:200]!r}") from error
    try:
        return _made(kind, fields)
    except (ValueError, TypeError, AttributeError) as error:
        job = fields.get("job")
        if issubclass(kind, Result) and type(job) is int:
            reason = Reason.NAN if isinstance(error, _NotFinite) else Reason.CRASH
            return Unusable(job=job, reason=reason, detail=f"its worker told what is no result: {_why(error)}")
        raise ValueError(f"not a message: {line[:200]!r}") from error


def without_score(job: int) -> Unusable:
    """What an epoch is that says nothing of the validation images, where they should have scored it."""
    detail = "its worker told an epoch without a validation accuracy"
    return Unusable(job=job, reason=Reason.CRASH, detail=detail)


def _why(error: Exception) -> str:
    return str(error).rpartition("__init__() ")[2]


def _made(kind: Any, fields: dict[str, Any]) -> Any:
    if kind is EpochDone:
        fields["epoch"] = _checked(Epoch(**fields["epoch"]))
    if kind is FoldDone:
        fields["fold"] = _checked(Fold(**fields["fold"]))
    if kind is Retrain:
        fields["test_sums"] = tuple(fields["test_sums"])
        fields["curve"] = tuple(Epoch(**epoch) for epoch in fields["curve"])
    return _checked(kind(**fields))


LARGEST = 1e300
"""No number is larger, nor any that JSON can write without its being infinite here."""


class _NotFinite(ValueError):
    """A number is none any more."""


def _checked(value: Any) -> Any:
    """Raises ValueError where a field that should be a number or a text is none."""
    for each in dataclasses.fields(value):
        _check(each.name, str(each.type), getattr(value, each.name))
    return value


def _check(name: str, kind: str, value: Any) -> None:
    if kind == "dict[str, float]":
        for key, number in value.items():
            _check(f"{name}.{key}", "float", number)
    is_int = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "int":
            right = is_int
        case "str":
            right = isinstance(value, str)
        case "float":
            right = isinstance(value, float) or is_int
        case "float | None":
            right = isinstance(value, float) or is_int or value is None
        case _:
            return
    if not right:
        raise ValueError(f"{name} is {str(value)[:40]!r}")
    if kind.startswith("float") and value is not None and not -LARGEST < value < LARGEST:
        raise _NotFinite(f"{name} is {str(value)[:40]}")
