"""The training part: optimizer, batch size, epochs, and what else a training is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.components import CLASS_WEIGHTS, EARLY_STOPPING, LABEL_SMOOTHING
from search_spaces.nodes import Alternatives, Leaf, Node, Setting, TrainingNode
from search_spaces.parsing.entries import completed, entry_names, read_entry, read_settings
from search_spaces.parsing.layers import read_alternatives, read_nodes
from search_spaces.parsing.values import read_arguments, read_value
from search_spaces.parsing.vocabulary import AUGMENTATION, PARTS, Vocabulary, optimizers
from search_spaces.problems import suggestion
from search_spaces.rules import Rule, WholeNumber
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path

COUNT = WholeNumber(low=1)
SINGLE: dict[str, Rule] = {"label_smoothing": LABEL_SMOOTHING, "class_weights": CLASS_WEIGHTS}
"""Settings that are one value, and may be left out."""


def read_training(context: Context, path: Path, data: dict[str, Any]) -> TrainingNode | None:
    """The training settings; None where one that is needed is missing or not right."""
    data = data | {name: None for name in context.added() if name not in data}
    batch_size = _value(context, path, "batch_size", data, COUNT)
    epochs = _value(context, path, "epochs", data, COUNT)
    optimizer = _one_of(context, path, "optimizer", data, optimizers())
    parts = {name: _one_of(context, path, name, data, words) for name, words in PARTS.items()}
    singles = [_value(context, path, name, data, rule) for name, rule in SINGLE.items()]
    augmentation = _augmentation(context, path, data)
    early_stopping = _early_stopping(context, path, data)
    if not (batch_size and epochs and optimizer):
        return None
    return TrainingNode(
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=epochs,
        parts={name: part for name, part in parts.items() if part},
        settings=tuple(setting for setting in singles if setting),
        augmentation=augmentation,
        early_stopping=early_stopping,
    )


def _value(context: Context, path: Path, name: str, data: dict[str, Any], rule: Rule) -> Setting | None:
    context.settings.add(context.name(name))
    if name not in data:
        return None
    expression = read_value(context, name, (*path, name), data[name], rule)
    return Setting(name=name, expression=expression, rule=rule) if expression else None


def _augmentation(context: Context, path: Path, data: dict[str, Any]) -> tuple[Node, ...]:
    where, content = context.given("augmentation", (*path, "augmentation"), data.get("augmentation"))
    if content is None:
        return ()
    return read_nodes(context.inside("augmentation"), where, content, AUGMENTATION, may_be_empty=True)


def _early_stopping(context: Context, path: Path, data: dict[str, Any]) -> tuple[Setting, ...]:
    where, content = context.given("early_stopping", (*path, "early_stopping"), data.get("early_stopping"))
    inside = context.inside("early_stopping")
    inside.settings.update(inside.name(argument) for argument in EARLY_STOPPING.arguments)
    if content is None and not inside.added():
        return ()
    return completed(read_arguments(inside, where, content, "early_stopping", EARLY_STOPPING), EARLY_STOPPING)


# --- one of several kinds ---------------------------------------------------------------------------------------------


def _one_of(
    context: Context, path: Path, name: str, data: dict[str, Any], words: Vocabulary
) -> Leaf | Alternatives | None:
    """`adam`, `adam: {...}`, or a choice between such entries; None where the file does not say."""
    where, content = context.given(name, (*path, name), data.get(name))
    if name not in data or (content is None and words in PARTS.values()):
        return None
    inside = context.inside(name)
    if not isinstance(content, dict) or "choice" not in content:
        nodes = _leaves(inside, [where], [content], words)
        return nodes[0] if nodes else None
    for key in [key for key in content if key not in ("choice", "default")]:
        hint = suggestion(key, ["choice", "default"])
        context.findings.report((*where, key), f"'{shown(key)}' does not go with a choice of {_plural(words)}.{hint}")
    options = content["choice"]
    if not isinstance(options, list) or not options:
        context.findings.report((*where, "choice"), f"must be a list of {_plural(words)}. Got {shown(options)}")
        return None
    nodes = _leaves(inside, [(*where, "choice", index) for index in range(len(options))], options, words)
    draw = read_alternatives(context, where, content, [node.name for node in nodes])
    return Alternatives(name=name, draw=draw, options={node.name: node for node in nodes}) if draw else None


def _plural(words: Vocabulary) -> str:
    return "losses" if words.noun == "loss" else f"{words.noun}s"


def _leaves(context: Context, paths: list[Path], data: list[Any], words: Vocabulary) -> list[Leaf]:
    found = [read_entry(context, where, entry, words) for where, entry in zip(paths, data, strict=True)]
    entries = [entry for entry in found if entry]
    names = entry_names(context, entries)
    return [
        Leaf(
            name=name,
            kind=entry.head,
            settings=read_settings(context, entry, name, words),
            place=context.findings.place((*entry.path, entry.head)),
        )
        for entry, name in zip(entries, names, strict=True)
    ]
