"""Keras's layers and optimizers as recorded in keras_table.json. The only reader of that file; knows no Keras."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from search_spaces.rules import Rule, rule_from

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a layer or an optimizer."""

    rule: Rule
    required: bool
    default: Any
    """Keras's default as plain JSON; None also where the argument is required."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a layer or an optimizer takes."""

    class_name: str
    """Of Keras: `Conv2D`."""
    arguments: Mapping[str, Argument]


@dataclass(frozen=True, kw_only=True)
class KerasTable:
    version: str
    """Of the Keras that the table was recorded from."""
    layers: Mapping[str, Signature]
    optimizers: Mapping[str, Signature]
    withheld: Mapping[str, str]
    """Arguments that Keras has and a space may not set, each with the reason."""


@cache
def keras_table() -> KerasTable:
    """The table, read once."""
    content = json.loads((resources.files("search_spaces") / "keras_table.json").read_text("utf-8"))
    names = {noun: tuple(entries) for noun, entries in content["names"].items()}
    return KerasTable(
        version=content["keras"],
        layers={kind: _signature(entry, names) for kind, entry in content["layers"].items()},
        optimizers={kind: _signature(entry, names) for kind, entry in content["optimizers"].items()},
        withheld=content["withheld"],
    )


def layer_signature(kind: str) -> Signature | None:
    return keras_table().layers.get(kind)


def optimizer_signature(kind: str) -> Signature | None:
    return keras_table().optimizers.get(kind)


def layer_class(kind: str) -> str:
    """Keras's class of a layer: `Conv2D` for `conv2d`. KeyError where a space may not name the layer."""
    return keras_table().layers[kind].class_name


def optimizer_class(kind: str) -> str:
    """Keras's class of an optimizer: `Adam` for `adam`. KeyError where a space may not name it."""
    return keras_table().optimizers[kind].class_name


def _signature(entry: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> Signature:
    arguments = {
        name: Argument(
            rule=rule_from(argument["rule"], names),
            required=argument["required"],
            default=argument.get("default"),
        )
        for name, argument in entry["arguments"].items()
    }
    return Signature(class_name=entry["class"], arguments=arguments)
