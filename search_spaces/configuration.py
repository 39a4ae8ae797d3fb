"""A space with every choice made: plain values, enough to build and train one model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.keras_table import Signature, layer_signature, optimizer_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """Keras's own arguments as plain JSON values. What is not named keeps Keras's default."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "path": self.path, "arguments": dict(self.arguments)}


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """A Keras optimizer."""

    kind: str
    """Keras's lower-case name: `adam`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "arguments": dict(self.arguments)}


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the model is trained."""

    optimizer: Optimizer
    batch_size: int
    epochs: int
    """Passes over the training images, at most."""

    def to_json(self) -> dict[str, Any]:
        return {"optimizer": self.optimizer.to_json(), "batch_size": self.batch_size, "epochs": self.epochs}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Layers in order, without the output layer (the data set's classes give it), and the training."""

    layers: tuple[Layer, ...]
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
        try:
            return cls(
                layers=tuple(_layer(entry) for entry in content["layers"]),
                training=_training(content["training"]),
                values={str(name): _value(value) for name, value in content.get("values", {}).items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a configuration: {type(error).__name__} {error}") from error


def _layer(entry: Mapping[str, Any]) -> Layer:
    kind = _known(entry["kind"], layer_signature(entry["kind"]))
    arguments = dict(entry["arguments"])
    _check_arguments(kind, layer_signature(kind), arguments)
    return Layer(kind=kind, name=str(entry["name"]), path=str(entry["path"]), arguments=arguments)


def _training(entry: Mapping[str, Any]) -> Training:
    optimizer = entry["optimizer"]
    kind = _known(optimizer["kind"], optimizer_signature(optimizer["kind"]))
    arguments = dict(optimizer["arguments"])
    _check_arguments(kind, optimizer_signature(kind), arguments)
    for name in ("batch_size", "epochs"):
        if type(entry[name]) is not int or entry[name] < 1:
            raise ValueError(f"{name} must be a positive whole number. Got {entry[name]!r}")
    return Training(
        optimizer=Optimizer(kind=kind, arguments=arguments), batch_size=entry["batch_size"], epochs=entry["epochs"]
    )


def _known(kind: str, signature: Signature | None) -> str:
    if signature is None:
        raise ValueError(f"not a layer or optimizer that a space may name. Got {kind!r}")
    return kind


def _check_arguments(kind: str, signature: Signature | None, arguments: Mapping[str, Any]) -> None:
    known = signature.arguments if signature else {}
    for name, value in arguments.items():
        if name not in known:
            raise ValueError(f"{kind} has no argument {name!r}")
        if complaint := known[name].rule.complaint(value):
            raise ValueError(f"{kind}.{name} {complaint}")


def _value(value: object) -> Value:
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"a drawn value is plain. Got {value!r}")
    return value
