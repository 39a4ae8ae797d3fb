"""A list of entries: Keras layers and the blocks that are made of them. Augmentation is read the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Choice
from search_spaces.extent import NO_INDICES, extent
from search_spaces.nodes import (
    Alternatives,
    Around,
    Draw,
    Expression,
    Fork,
    Formula,
    Group,
    Index,
    Leaf,
    Literal,
    Node,
    Optional,
    Repeat,
    Setting,
)
from search_spaces.parsing.entries import ENTRY_NAME, Entry, entry_names, read_entry, read_settings
from search_spaces.parsing.values import read_value
from search_spaces.rules import Flag, Name, WholeNumber
from search_spaces.shapes import MERGES
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path
    from search_spaces.parsing.vocabulary import Vocabulary

MOST_REPETITIONS = 100
"""Of one repeat; nested repeats are held by structure.MOST_LAYERS."""

MERGE = Name(noun="a merge", names=tuple(MERGES))


def read_nodes(
    context: Context, path: Path, data: Any, words: Vocabulary, *, may_be_empty: bool = False
) -> tuple[Node, ...]:
    """The entries in order; what is not right is reported and left out."""
    if not isinstance(data, list):
        context.findings.report(path, f"must be a list of {words.noun}s, each after '- '. Got {shown(data)}")
        return ()
    if not data and not may_be_empty:
        context.findings.report(path, f"needs at least one {words.noun}")
    return tuple(node for _, node in _read_list(context, path, data, words))


def _read_list(
    context: Context, path: Path, data: list[Any], words: Vocabulary, *, may_be_empty: bool = False
) -> list[tuple[Entry, Node]]:
    found = [read_entry(context, (*path, index), entry, words) for index, entry in enumerate(data)]
    entries = [entry for entry in found if entry]
    names = entry_names(context, entries)
    nodes = [
        (entry, _node(context, entry, name, words, may_be_empty)) for entry, name in zip(entries, names, strict=True)
    ]
    return [(entry, node) for entry, node in nodes if node]


def _node(context: Context, entry: Entry, name: str, words: Vocabulary, may_be_empty: bool) -> Node | None:
    inside = context.inside(name)
    match entry.head:
        case "repeat":
            return _repeat(inside, entry, name, words)
        case "optional":
            return _optional(inside, entry, name, words)
        case "choice":
            return _choice(inside, entry, name, words)
        case "layers":
            return _group(inside, entry, name, words, may_be_empty=may_be_empty)
        case "residual":
            return _residual(inside, entry, name, words)
        case "branches":
            return _branches(inside, entry, name, words)
        case kind:
            settings = read_settings(context, entry, name, words)
            return Leaf(name=name, kind=kind, settings=settings, place=context.findings.place((*entry.path, kind)))


def _group(context: Context, entry: Entry, name: str, words: Vocabulary, *, may_be_empty: bool) -> Group:
    if "name" not in entry.beside:
        context.findings.report(entry.path, f"a group of {words.noun}s needs a name beside 'layers'")
    body = read_nodes(context, (*entry.path, "layers"), entry.content, words, may_be_empty=may_be_empty)
    return Group(name=name, body=body)


# --- blocks that are there several times, or not ----------------------------------------------------------------------


def _repeat(context: Context, entry: Entry, name: str, words: Vocabulary) -> Repeat | None:
    path = (*entry.path, "repeat")
    count = _decided(context, entry, read_value(context, "repeat", path, entry.content, WholeNumber(low=0)))
    most = _most(context, count) if count else 1
    if not 1 <= most <= MOST_REPETITIONS:
        context.findings.report(path, f"must reach 1 to {MOST_REPETITIONS} repetitions. Got {most}")
        # As if there were one: what the others would come to is no fault of theirs.
        most, count = 1, None
    index = _index(context, entry)
    body = _body(context.inside_repeat(most, index), entry, words)
    return Repeat(name=name, count=count, body=body, index=index) if count else None


def _index(context: Context, entry: Entry) -> str:
    """What else `$i` is called inside: a repeat within would hide it."""
    index = entry.beside.get("index", "i")
    if "index" not in entry.beside:
        return "i"
    if not isinstance(index, str) or not ENTRY_NAME.fullmatch(index):
        text = f"a name is letters, digits and '_', a letter first, at most 64. Got {shown(index)}"
    elif index in context.variables or index in context.indices:
        text = f"'{index}' is already a variable, or the index of a repeat around. Take another name"
    else:
        return index
    context.findings.report((*entry.path, "index"), text)
    return "i"


def _optional(context: Context, entry: Entry, name: str, words: Vocabulary) -> Optional | None:
    present = read_value(context, "optional", (*entry.path, "optional"), entry.content, Flag())
    present = _decided(context, entry, present)
    body = _body(context, entry, words)
    return Optional(name=name, present=present, body=body) if present else None


def _decided(context: Context, entry: Entry, expression: Expression | None) -> Expression | None:
    by_index = isinstance(expression, Formula) and not context.indices.keys().isdisjoint(expression.variables)
    if isinstance(expression, Index) or by_index:
        context.findings.report((*entry.path, entry.head), f"the index of a repeat cannot stand after {entry.head}")
        return None
    return expression


def _body(context: Context, entry: Entry, words: Vocabulary) -> tuple[Node, ...]:
    if "layers" not in entry.beside:
        context.findings.report(entry.path, f"{entry.head} needs 'layers' beside it")
        return ()
    return read_nodes(context, (*entry.path, "layers"), entry.beside["layers"], words)


def _most(context: Context, count: Expression) -> int:
    variables = {name: variable for name, variable in context.variables.items() if variable}
    return int(max(extent(count, variables, NO_INDICES)))


# --- blocks of several ways -------------------------------------------------------------------------------------------


def _choice(context: Context, entry: Entry, name: str, words: Vocabulary) -> Alternatives | None:
    path = (*entry.path, "choice")
    if not isinstance(entry.content, list) or not entry.content:
        context.findings.report(path, f"must be a list of {words.noun}s or groups. Got {shown(entry.content)}")
        return None
    nodes = [node for _, node in _read_list(context, path, entry.content, words, may_be_empty=True)]
    options = {node.name: node for node in nodes}
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


def _residual(context: Context, entry: Entry, name: str, words: Vocabulary) -> Around:
    body = read_nodes(context, (*entry.path, "residual"), entry.content, words)
    shortcut = None
    if entry.beside.get("shortcut") is not None:
        path = (*entry.path, "shortcut")
        shortcut = read_nodes(context.inside("shortcut"), path, entry.beside["shortcut"], words, may_be_empty=True)
    place = context.findings.place((*entry.path, "residual"))
    return Around(name=name, body=body, shortcut=shortcut, place=place)


def _branches(context: Context, entry: Entry, name: str, words: Vocabulary) -> Fork | None:
    path = (*entry.path, "branches")
    if not isinstance(entry.content, list) or len(entry.content) < 2:  # noqa: PLR2004 - one branch is no branching
        text = f"must be a list of at least two {words.noun}s or groups. Got {shown(entry.content)}"
        context.findings.report(path, text)
        return None
    branches = tuple(node for _, node in _read_list(context, path, entry.content, words, may_be_empty=True))
    merge: Expression | None = Literal(value="concatenate")
    if "merge" in entry.beside or "merge" in context.added():
        merge = read_value(context, "merge", (*entry.path, "merge"), entry.beside.get("merge"), MERGE)
    context.settings.add(context.name("merge"))
    if merge is None:
        return None
    setting = Setting(name="merge", expression=merge, rule=MERGE)
    return Fork(name=name, branches=branches, merge=setting, place=context.findings.place(path))
