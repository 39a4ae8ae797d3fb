"""A configuration from its JSON, every part of it checked: it may come from a file that somebody else wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.components import (
    AUGMENTATIONS,
    AVERAGINGS,
    CLASS_WEIGHTS,
    EARLY_STOPPING,
    LABEL_SMOOTHING,
    LOSSES,
    SCHEDULES,
)
from search_spaces.configuration import (
    Branches,
    Component,
    Configuration,
    EarlyStopping,
    Layer,
    Residual,
    Step,
    Training,
)
from search_spaces.keras_table import keras_table
from search_spaces.shapes import MERGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.domains import Value
    from search_spaces.rules import Signature


def revived(content: Mapping[str, Any]) -> Configuration:
    """The configuration that `to_json` wrote. ValueError where it is not one, or Keras would refuse it."""
    try:
        return Configuration(
            layers=tuple(_step(entry) for entry in content["layers"]),
            training=_training(content["training"]),
            values={str(name): _value(value) for name, value in content.get("values", {}).items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a configuration: {type(error).__name__} {error}") from error


def _step(entry: Mapping[str, Any]) -> Step:
    name, path = str(entry["name"]), str(entry["path"])
    match entry["kind"]:
        case "residual":
            shortcut = None if entry["shortcut"] is None else tuple(map(_step, entry["shortcut"]))
            return Residual(name=name, path=path, body=tuple(map(_step, entry["body"])), shortcut=shortcut)
        case "branches":
            _must("merge", entry["merge"] in MERGES, entry["merge"])
            branches = tuple(tuple(map(_step, branch)) for branch in entry["branches"])
            return Branches(name=name, path=path, branches=branches, merge=entry["merge"])
        case _:
            part = _component(entry, keras_table().layers)
            return Layer(kind=part.kind, name=name, path=path, arguments=part.arguments)


def _training(entry: Mapping[str, Any]) -> Training:
    for name in ("batch_size", "epochs"):
        if type(entry[name]) is not int or entry[name] < 1:
            raise ValueError(f"{name} must be a positive whole number. Got {entry[name]!r}")
    smoothing, weights = entry.get("label_smoothing", 0.0), entry.get("class_weights", "none")
    _must("label_smoothing", LABEL_SMOOTHING.complaint(smoothing) is None, smoothing)
    _must("class_weights", CLASS_WEIGHTS.complaint(weights) is None, weights)
    return Training(
        optimizer=_component(entry["optimizer"], keras_table().optimizers),
        batch_size=entry["batch_size"],
        epochs=entry["epochs"],
        schedule=_optional(entry.get("schedule"), SCHEDULES),
        loss=_optional(entry.get("loss"), LOSSES),
        label_smoothing=smoothing,
        class_weights=weights,
        early_stopping=_early_stopping(entry.get("early_stopping")),
        averaging=_optional(entry.get("averaging"), AVERAGINGS),
        augmentation=tuple(_component(each, AUGMENTATIONS) for each in entry.get("augmentation", [])),
    )


def _early_stopping(entry: Mapping[str, Any] | None) -> EarlyStopping | None:
    if entry is None:
        return None
    _check_arguments("early_stopping", EARLY_STOPPING, entry)
    return EarlyStopping(**entry)


def _optional(entry: Mapping[str, Any] | None, table: Mapping[str, Signature]) -> Component | None:
    return None if entry is None else _component(entry, table)


def _component(entry: Mapping[str, Any], table: Mapping[str, Signature]) -> Component:
    kind, arguments = entry["kind"], dict(entry["arguments"])
    if kind not in table:
        raise ValueError(f"not something that a space may name here. Got {kind!r}")
    _check_arguments(kind, table[kind], arguments)
    return Component(kind=kind, arguments=arguments)


def _check_arguments(kind: str, signature: Signature, arguments: Mapping[str, Any]) -> None:
    for name, value in arguments.items():
        if name not in signature.arguments:
            raise ValueError(f"{kind} has no argument {name!r}")
        if complaint := signature.arguments[name].rule.complaint(value):
            raise ValueError(f"{kind}.{name} {complaint}")


def _must(name: str, holds: bool, got: object) -> None:
    if not holds:
        raise ValueError(f"not a value of {name}. Got {got!r}")


def _value(value: object) -> Value:
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"a drawn value is plain. Got {value!r}")
    return value
