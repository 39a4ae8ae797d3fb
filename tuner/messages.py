"""What the parent and a worker process say to each other: one JSON object a line, named by its `kind`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from tuner.trial import Epoch, Fold


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
    n_classes: int
    epochs: int
    """To train for: those after which the trial was at its best."""
    horizon: int
    """All epochs that the trial had. Its learning rate and its averaging were laid out over them, and at its best epoch
    it stood where they had led until then: over a shorter course, that epoch would be another one."""
    curve: tuple[Epoch, ...]
    """Of the trial. Its plateaus lowered the learning rate; without validation images they cannot be seen again."""
    seed: int
    folder: str
    """Where the model, its configuration, its predictions and a manifest are put, all together or not at all."""
    facts: dict[str, Any]
    """What the manifest shall also say."""


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
class Begun:
    """Worker to parent: the job's training starts."""

    job: int


@dataclass(frozen=True, kw_only=True)
class Alive:
    """Worker to parent, every few seconds within an epoch: the job gets on."""

    job: int


@dataclass(frozen=True, kw_only=True)
class EpochDone:
    job: int
    epoch: Epoch


@dataclass(frozen=True, kw_only=True)
class FoldDone:
    job: int
    fold: Fold


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


@dataclass(frozen=True, kw_only=True)
class Failed:
    job: int
    reason: str
    detail: str
    seconds: float
    memory: int
    device_memory: int = 0


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Worker to parent: the job was given up as asked."""

    job: int
    seconds: float
    memory: int
    device_memory: int = 0


@dataclass(frozen=True, kw_only=True)
class Died:
    """Made by the executor, not sent: the worker's process ended without having been told to."""

    job: int | None
    detail: str
    out_of_memory: bool = False
    """Whether the system ended it because memory ran out."""


Job = Train | CrossValidate | Retrain
ToWorker = Job | Stop
FromWorker = Ready | Begun | Alive | EpochDone | FoldDone | Done | Failed | Stopped | Died

_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Train, CrossValidate, Retrain, Stop, Ready, Begun, Alive, EpochDone, FoldDone, Done, Failed, Stopped)
}


def encode(message: ToWorker | FromWorker) -> str:
    """One line, without its end."""
    return json.dumps({"kind": type(message).__name__, **dataclasses.asdict(message)}, allow_nan=False)


def decode(line: str) -> Any:
    """The message of one line. Raises ValueError where the line is none."""
    try:
        fields = json.loads(line)
        kind = _KINDS[fields.pop("kind")]
        if kind is EpochDone:
            fields["epoch"] = Epoch(**fields["epoch"])
        if kind is FoldDone:
            fields["fold"] = Fold(**fields["fold"])
        if kind is Retrain:
            fields["curve"] = tuple(Epoch(**epoch) for epoch in fields["curve"])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a message: {line[:200]!r}") from error
