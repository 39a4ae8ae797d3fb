"""Keras's layers and optimizers as recorded in keras_table.json. The only reader of that file; knows no Keras."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from search_spaces.rules import Argument, Signature, rule_from
from search_spaces.shapes import MERGES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class KerasTable:
    version: str
    """Of the Keras that the table was recorded from."""
    layers: Mapping[str, Signature]
    optimizers: Mapping[str, Signature]
    objects: Mapping[str, Mapping[str, Signature]]
    """By family: what regularizers, initializers, constraints and activations take where they are given arguments."""
    withheld: Mapping[str, str]
    """Arguments that Keras has and a space may not set, each with the reason."""


@cache
def keras_table() -> KerasTable:
    """The table, read once."""
    content = json.loads((resources.files("search_spaces") / "keras_table.json").read_text("utf-8"))
    names = {noun: tuple(entries) for noun, entries in content["names"].items()}
    objects = {
        family: {kind: _signature(entry, names, {}) for kind, entry in entries.items()}
        for family, entries in content["objects"].items()
    }
    return KerasTable(
        version=content["keras"],
        layers={kind: _signature(entry, names, objects) for kind, entry in content["layers"].items()},
        optimizers={kind: _signature(entry, names, objects) for kind, entry in content["optimizers"].items()},
        objects=objects,
        withheld=content["withheld"],
    )


def layer_class(kind: str) -> str:
    """Keras's class of a layer: `Conv2D` for `conv2d`, `Add` for `add`. KeyError where there is none of that name."""
    return MERGES[kind] if kind in MERGES else keras_table().layers[kind].class_name


def optimizer_class(kind: str) -> str:
    """Keras's class of an optimizer: `Adam` for `adam`. KeyError where a space may not name it."""
    return keras_table().optimizers[kind].class_name


def object_class(argument: str, kind: str) -> tuple[str, str]:
    """(Keras's module, its class) of an object with arguments: `regularizers`, `L2` of `kernel_regularizer`, `l2`.

    KeyError where a space may not name it.
    """
    family = argument.rsplit("_", 1)[-1] + "s"
    table = keras_table().objects["kernel_initializers" if family == "initializers" else family]
    return family, table[kind].class_name


def _signature(
    entry: Mapping[str, Any], names: Mapping[str, tuple[str, ...]], objects: Mapping[str, Mapping[str, Signature]]
) -> Signature:
    arguments = {
        name: Argument(
            rule=rule_from(argument["rule"], names, objects),
            required=argument["required"],
            default=argument.get("default"),
        )
        for name, argument in entry["arguments"].items()
    }
    return Signature(class_name=entry["class"], arguments=arguments)
