"""A space with every choice made: plain values, enough to build and train one model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from search_spaces.domains import Value


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One Keras layer."""

    kind: str
    """Keras's class name in snake_case: `conv2d`."""
    name: str
    """Unique in the model and fit for Keras: `conv_0_conv2d`."""
    path: str
    """Where it stands in the space: `conv[0].conv2d`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keras's own arguments as plain JSON values. What is not named keeps Keras's default. An object of Keras is its
    name, or {its name: its arguments}: `{"l2": {"l2": 0.001}}`."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "path": self.path, "arguments": dict(self.arguments)}


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Layers whose result is added to what went into them."""

    name: str
    path: str
    body: tuple[Step, ...]
    shortcut: tuple[Step, ...] | None = None
    """Layers on the way around the body. None: the input itself where it fits, else a projection of it."""

    def to_json(self) -> dict[str, Any]:
        shortcut = None if self.shortcut is None else [step.to_json() for step in self.shortcut]
        body = [step.to_json() for step in self.body]
        return {"kind": "residual", "name": self.name, "path": self.path, "body": body, "shortcut": shortcut}


@dataclass(frozen=True, kw_only=True)
class Branches:
    """Several ways side by side from one input, and how their results become one."""

    name: str
    path: str
    branches: tuple[tuple[Step, ...], ...]
    """At least two. An empty one hands its input on."""
    merge: str
    """`concatenate`, `add`, `average`, `maximum` or `multiply`."""

    def to_json(self) -> dict[str, Any]:
        branches = [[step.to_json() for step in branch] for branch in self.branches]
        return {"kind": "branches", "name": self.name, "path": self.path, "branches": branches, "merge": self.merge}


Step = Layer | Residual | Branches


@dataclass(frozen=True, kw_only=True)
class Component:
    """Something that training is made of, by name: an optimizer, a schedule, a loss, an augmentation."""

    kind: str
    """`adam`, `cosine`, `mixup`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of an optimizer: Keras's own, where the space names them. Of all others: every one of them."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "arguments": dict(self.arguments)}


@dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """When a trial has learnt enough by itself."""

    patience: int
    """Epochs in a row without a better score, after which it ends."""
    min_delta: float = 0.0
    """What counts as better, in units of the score."""
    monitor: str = "val_loss"
    """Or `val_accuracy`."""

    def to_json(self) -> dict[str, Any]:
        return {"patience": self.patience, "min_delta": self.min_delta, "monitor": self.monitor}


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the model is trained."""

    optimizer: Component
    batch_size: int
    epochs: int
    """Passes over the training images, at most."""
    schedule: Component | None = None
    """Of `components.SCHEDULES`. None is a constant learning rate."""
    loss: Component | None = None
    """Of `components.LOSSES`. None is categorical crossentropy."""
    label_smoothing: float = 0.0
    """Share of a training label that is spread over all classes."""
    class_weights: str = "none"
    """`balanced` makes each class count the same in the loss, however many images it has."""
    early_stopping: EarlyStopping | None = None
    averaging: Component | None = None
    """Of `components.AVERAGINGS`. None: the weights are used as they are."""
    augmentation: tuple[Component, ...] = ()
    """Of `components.AUGMENTATIONS`, in the order of the space."""

    def to_json(self) -> dict[str, Any]:
        """What has its plain default is left out, so that a setting new to the language changes no older hash."""
        content: dict[str, Any] = {
            "optimizer": self.optimizer.to_json(),
            "batch_size": self.batch_size,
            "epochs": self.epochs,
        }
        for name in ("schedule", "loss", "early_stopping", "averaging"):
            if (component := getattr(self, name)) is not None:
                content[name] = component.to_json()
        if self.label_smoothing:
            content["label_smoothing"] = self.label_smoothing
        if self.class_weights != "none":
            content["class_weights"] = self.class_weights
        if self.augmentation:
            content["augmentation"] = [each.to_json() for each in self.augmentation]
        return content


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Layers in order, without the output layer (the data set's classes give it), and the training."""

    layers: tuple[Step, ...]
    training: Training
    values: Mapping[str, Value] = field(default_factory=dict)
    """What was drawn, by parameter name, in the order of the walk. Only active parameters."""

    @property
    def hash(self) -> str:
        """SHA-256 over layers and training, hexadecimal: the identity. How it was drawn does not matter."""
        content = self.to_json()
        del content["values"]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "layers": [layer.to_json() for layer in self.layers],
            "training": self.training.to_json(),
            "values": dict(self.values),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Configuration:
        """The configuration that `to_json` wrote. ValueError where it is not one, or Keras would refuse it."""
        from search_spaces.revival import revived

        return revived(content)


def all_layers(steps: tuple[Step, ...]) -> Iterator[Layer]:
    """Every layer of the steps, those inside blocks included, in the order of the space."""
    for step in steps:
        match step:
            case Layer():
                yield step
            case Residual():
                yield from all_layers(step.body)
                yield from all_layers(step.shortcut or ())
            case Branches():
                for branch in step.branches:
                    yield from all_layers(branch)
