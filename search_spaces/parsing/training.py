"""The training part: optimizer, batch size, epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.keras_table import keras_table
from search_spaces.nodes import OptimizerAlternatives, OptimizerNode, Setting, TrainingNode
from search_spaces.parsing.entries import entry_names, read_entry, read_settings
from search_spaces.parsing.layers import read_alternatives
from search_spaces.parsing.values import read_value
from search_spaces.problems import suggestion
from search_spaces.rules import WholeNumber
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path


def read_training(context: Context, path: Path, data: dict[str, Any]) -> TrainingNode | None:
    """The training settings; None where one is missing or not right."""
    batch_size = _count(context, path, "batch_size", data)
    epochs = _count(context, path, "epochs", data)
    optimizer = _optimizer(context, (*path, "optimizer"), data["optimizer"]) if "optimizer" in data else None
    if not (batch_size and epochs and optimizer):
        return None
    return TrainingNode(optimizer=optimizer, batch_size=batch_size, epochs=epochs)


def _count(context: Context, path: Path, name: str, data: dict[str, Any]) -> Setting | None:
    if name not in data:
        return None
    rule = WholeNumber(low=1)
    expression = read_value(context, (*path, name), data[name], rule)
    return Setting(name=name, expression=expression, rule=rule) if expression else None


def _optimizer(context: Context, path: Path, data: Any) -> OptimizerNode | OptimizerAlternatives | None:
    if not isinstance(data, dict) or "choice" not in data:
        nodes = _nodes(context, [path], [data])
        return nodes[0] if nodes else None
    for key in [key for key in data if key not in ("choice", "default")]:
        hint = suggestion(key, ["choice", "default"])
        context.findings.report((*path, key), f"'{shown(key)}' does not go with a choice of optimizers.{hint}")
    options = data["choice"]
    if not isinstance(options, list) or not options:
        context.findings.report((*path, "choice"), f"must be a list of optimizers. Got {shown(options)}")
        return None
    nodes = _nodes(context, [(*path, "choice", index) for index in range(len(options))], options)
    draw = read_alternatives(context, path, data, [node.name for node in nodes])
    return OptimizerAlternatives(draw=draw, options={node.name: node for node in nodes}) if draw else None


def _nodes(context: Context, paths: list[Path], data: list[Any]) -> list[OptimizerNode]:
    kinds = keras_table().optimizers
    found = [read_entry(context, where, entry, kinds, ()) for where, entry in zip(paths, data, strict=True)]
    entries = [entry for entry in found if entry]
    names = entry_names(context, entries)
    return [
        OptimizerNode(name=name, kind=entry.head, settings=read_settings(context, entry, kinds[entry.head]))
        for entry, name in zip(entries, names, strict=True)
    ]
