"""The list of layers: Keras layers, groups, and the blocks repeat, optional and choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Choice
from search_spaces.extent import extent
from search_spaces.keras_table import keras_table
from search_spaces.nodes import Alternatives, Draw, Expression, Group, Index, LayerNode, Node, Optional, Repeat
from search_spaces.parsing.entries import Entry, entry_names, read_entry, read_settings
from search_spaces.parsing.values import read_value
from search_spaces.rules import Flag, WholeNumber
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path

BLOCKS = ("repeat", "optional", "choice", "layers")

MOST_REPETITIONS = 100
"""Of one repeat; nested repeats are held by structure.MOST_LAYERS."""


def read_layers(context: Context, path: Path, data: Any, *, may_be_empty: bool = False) -> tuple[Node, ...]:
    """The layers in order; what is not right is reported and left out."""
    if not isinstance(data, list):
        context.findings.report(path, f"must be a list of layers, each after '- '. Got {shown(data)}")
        return ()
    if not data and not may_be_empty:
        context.findings.report(path, "needs at least one layer")
    return tuple(_read_nodes(context, path, data))


def _read_nodes(context: Context, path: Path, data: list[Any], *, of_choice: bool = False) -> list[Node]:
    kinds = keras_table().layers
    found = [read_entry(context, (*path, index), entry, kinds, BLOCKS) for index, entry in enumerate(data)]
    entries = [entry for entry in found if entry]
    names = entry_names(context, entries)
    nodes = [_node(context, entry, name, of_choice) for entry, name in zip(entries, names, strict=True)]
    return [node for node in nodes if node]


def _node(context: Context, entry: Entry, name: str, of_choice: bool) -> Node | None:
    match entry.head:
        case "repeat":
            return _repeat(context, entry, name)
        case "optional":
            return _optional(context, entry, name)
        case "choice":
            return _choice(context, entry, name)
        case "layers":
            return _group(context, entry, name, may_be_empty=of_choice)
        case kind:
            settings = read_settings(context, entry, keras_table().layers[kind])
            place = context.findings.place((*entry.path, kind))
            return LayerNode(name=name, kind=kind, settings=settings, place=place)


def _group(context: Context, entry: Entry, name: str, *, may_be_empty: bool) -> Group:
    if "name" not in entry.beside:
        context.findings.report(entry.path, "a group of layers needs a name beside 'layers'")
    return Group(
        name=name, body=read_layers(context, (*entry.path, "layers"), entry.content, may_be_empty=may_be_empty)
    )


def _repeat(context: Context, entry: Entry, name: str) -> Repeat | None:
    count = read_value(context, (*entry.path, "repeat"), entry.content, WholeNumber(low=0))
    count = _decided(context, entry, count)
    most = _most(context, count) if count else MOST_REPETITIONS
    if most > MOST_REPETITIONS or (most == 0 and count):
        context.findings.report((*entry.path, "repeat"), f"must reach 1 to {MOST_REPETITIONS} repetitions. Got {most}")
        most, count = MOST_REPETITIONS, None
    body = _body(context.inside_repeat(most), entry)
    return Repeat(name=name, count=count, body=body) if count else None


def _optional(context: Context, entry: Entry, name: str) -> Optional | None:
    present = _decided(context, entry, read_value(context, (*entry.path, "optional"), entry.content, Flag()))
    body = _body(context, entry)
    return Optional(name=name, present=present, body=body) if present else None


def _decided(context: Context, entry: Entry, expression: Expression | None) -> Expression | None:
    if isinstance(expression, Index):
        context.findings.report((*entry.path, entry.head), f"$i cannot stand after {entry.head}")
        return None
    return expression


def _body(context: Context, entry: Entry) -> tuple[Node, ...]:
    if "layers" not in entry.beside:
        context.findings.report(entry.path, f"{entry.head} needs 'layers' beside it")
        return ()
    return read_layers(context, (*entry.path, "layers"), entry.beside["layers"])


def _most(context: Context, count: Expression) -> int:
    variables = {name: variable for name, variable in context.variables.items() if variable}
    return int(max(extent(count, variables, 0)))


def _choice(context: Context, entry: Entry, name: str) -> Alternatives | None:
    path = (*entry.path, "choice")
    if not isinstance(entry.content, list) or not entry.content:
        context.findings.report(path, f"must be a list of layers or groups. Got {shown(entry.content)}")
        return None
    options = {node.name: node for node in _read_nodes(context, path, entry.content, of_choice=True)}
    draw = read_alternatives(context, entry.path, entry.beside, list(options))
    return Alternatives(name=name, draw=draw, options=options) if draw else None


def read_alternatives(context: Context, path: Path, beside: Any, names: list[str]) -> Draw | None:
    """The draw between subtrees of these names; its default is the first, or the one named by `default`."""
    if not names:
        return None
    default = beside.get("default", names[0])
    domain = Choice(options=tuple(names))
    if not domain.contains(default):
        context.findings.report((*path, "default"), f"must be {domain.describe()}. Got {shown(default)}")
        return None
    return Draw(domain=domain, default=default, place=context.findings.place((*path, "choice")))
