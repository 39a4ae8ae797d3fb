"""One entry of a list, a layer or an optimizer: `flatten`, `dense: {...}`, or a block, and what stands beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_spaces.keras_table import keras_table
from search_spaces.nodes import Setting
from search_spaces.parsing.values import read_value
from search_spaces.problems import suggestion
from search_spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path
    from search_spaces.rules import Signature

ENTRY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
WORDS_OF_THE_LANGUAGE = frozenset(
    {"repeat", "optional", "choice", "layers", "name", "default", "variables", "training"}
)
BESIDE = {
    "repeat": ("name", "layers"),
    "optional": ("name", "layers"),
    "choice": ("name", "default"),
    "layers": ("name",),
}
"""What may stand beside the word that an entry is of. Beside a layer: its name."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry taken apart."""

    path: Path
    head: str
    """`conv2d`, `adam`, `repeat`; `layers` for a group."""
    content: Any
    """What the head holds."""
    beside: Mapping[str, Any]
    """The other keys."""


def read_entry(context: Context, path: Path, data: Any, kinds: Iterable[str], blocks: tuple[str, ...]) -> Entry | None:
    """The entry at the path; None where it is none of the kinds or blocks."""
    known = [*kinds, *blocks]
    if isinstance(data, str):
        data = {data: None}
        if "layers" in data or not known:
            return None
    if not isinstance(data, dict) or not data:
        what = "'flatten' or 'dense: {units: 64}'" if blocks else "'adam' or 'adam: {learning_rate: 1e-3}'"
        context.findings.report(path, f"an entry is a name, or a name with its arguments: {what}. Got {shown(data)}")
        return None
    head = _head(context, path, data, known)
    if head is None:
        return None
    beside = {key: value for key, value in data.items() if key != head}
    for key in [key for key in beside if key not in BESIDE.get(head, ("name",))]:
        context.findings.report((*path, key), f"'{shown(key)}' does not go with {head}.{_misplaced(head, key)}")
    return Entry(path=path, head=head, content=data[head], beside=beside)


def _head(context: Context, path: Path, data: Mapping[str, Any], known: list[str]) -> str | None:
    """The key that says what the entry is."""
    heads = [key for key in data if key in known and key != "layers"]
    others = [key for key in data if key not in known and key not in ("name", "default")]
    if len(heads) > 1:
        text = f"an entry is one thing; start another with '- '. Got {heads[0]} and {heads[1]}"
        context.findings.report((*path, heads[1]), text)
        return None
    if heads:
        return heads[0]
    if "layers" in data and "layers" in known:
        return "layers"
    if not others:
        context.findings.report(path, f"the entry says no more than {' and '.join(data)}")
        return None
    text = (
        f"unknown {'layer' if 'layers' in known else 'optimizer'} '{shown(others[0])}'.{suggestion(others[0], known)}"
    )
    context.findings.report((*path, others[0]), text)
    return None


def _misplaced(head: str, key: str) -> str:
    signature = keras_table().layers.get(head) or keras_table().optimizers.get(head)
    if signature and key in signature.arguments:
        return f" It is an argument: indent it under '{head}:'"
    return ""


def entry_names(context: Context, entries: Iterable[Entry]) -> list[str]:
    """A name for each entry, its part of the dotted path: as written, or the kind with _2, _3 where it repeats."""
    entries = list(entries)
    written = [_written_name(context, entry) for entry in entries]
    taken: set[str] = set()
    for entry, name in zip(entries, written, strict=True):
        if name in taken:
            context.findings.report((*entry.path, "name"), f"the name '{name}' stands twice at this level")
        taken |= {name} if name else set()
    names = []
    for entry, name in zip(entries, written, strict=True):
        names.append(name or _free_name(entry.head, taken))
        taken.add(names[-1])
    return names


def _written_name(context: Context, entry: Entry) -> str | None:
    name = entry.beside.get("name")
    if "name" not in entry.beside:
        return None
    if not isinstance(name, str) or not ENTRY_NAME.fullmatch(name):
        text = f"a name is letters, digits and '_', a letter first, at most 64. Got {shown(name)}"
        context.findings.report((*entry.path, "name"), text)
        return None
    if name in WORDS_OF_THE_LANGUAGE:
        context.findings.report((*entry.path, "name"), f"'{name}' is a word of the language. Take another name")
        return None
    return name


def _free_name(kind: str, taken: set[str]) -> str:
    name, number = kind, 1
    while name in taken:
        number += 1
        name = f"{kind}_{number}"
    return name


def read_settings(context: Context, entry: Entry, signature: Signature) -> tuple[Setting, ...]:
    """The entry's arguments, in file order; those that are not right are reported and left out."""
    path = (*entry.path, entry.head)
    if entry.content is not None and not isinstance(entry.content, dict):
        example = next(iter(signature.arguments), None)
        hint = f": {entry.head}: {{{example}: ...}}" if example else ". It has none"
        context.findings.report(path, f"arguments are named{hint}. Got {shown(entry.content)}")
        return ()
    content = entry.content or {}
    missing = [name for name, argument in signature.arguments.items() if argument.required and name not in content]
    if missing:
        context.findings.report(path, f"{entry.head} needs {' and '.join(missing)}")
    settings = [_setting(context, (*path, name), name, data, signature) for name, data in content.items()]
    _check_clipping(context, path, entry.head, content)
    return tuple(setting for setting in settings if setting)


def _setting(context: Context, path: Path, name: str, data: Any, signature: Signature) -> Setting | None:
    if name not in signature.arguments:
        context.findings.report(path, _unknown_argument(name, str(path[-2]), signature))
        return None
    rule = signature.arguments[name].rule
    expression = read_value(context, path, data, rule)
    return Setting(name=name, expression=expression, rule=rule) if expression else None


def _unknown_argument(name: str, kind: str, signature: Signature) -> str:
    if name in keras_table().withheld:
        return f"'{name}' is not for a space to set: {keras_table().withheld[name]}"
    known = ", ".join(signature.arguments) or "none"
    return f"{kind} has no argument '{shown(name)}'.{suggestion(name, signature.arguments) or f' Known: {known}'}"


def _check_clipping(context: Context, path: Path, kind: str, content: Mapping[str, Any]) -> None:
    # Keras's optimizers refuse more than one of them; null is not one.
    clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if content.get(name) is not None]
    if len(clips) > 1 and kind in keras_table().optimizers:
        context.findings.report((*path, clips[1]), f"an optimizer clips one way. Got {' and '.join(clips)}")
