"""One entry of a list, a layer or an optimizer: `flatten`, `dense: {...}`, or a block, and what stands beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_spaces.nodes import Literal, Setting
from search_spaces.parsing.values import read_arguments
from search_spaces.problems import suggestion
from search_spaces.wording import free_name, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path
    from search_spaces.parsing.vocabulary import Vocabulary
    from search_spaces.rules import Signature

ENTRY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
WORDS_OF_THE_LANGUAGE = frozenset(
    [
        "repeat",
        "optional",
        "choice",
        "layers",
        "residual",
        "shortcut",
        "branches",
        "merge",
        "name",
        "default",
        "variables",
        "training",
    ]
)
BESIDE = {
    "repeat": ("name", "index", "layers"),
    "optional": ("name", "layers"),
    "choice": ("name", "default"),
    "layers": ("name",),
    "residual": ("name", "shortcut"),
    "branches": ("name", "merge"),
}
"""What may stand beside the word that an entry is of. Beside a layer: its name."""


MOST_LISTED = 16
"""Known names that an error lists where none is near."""


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


def read_entry(context: Context, path: Path, data: Any, words: Vocabulary) -> Entry | None:
    """The entry at the path; None where it is nothing that the vocabulary knows."""
    if isinstance(data, str):
        data = {data: None}
    if not isinstance(data, dict) or not data:
        text = f"an entry is a name, or a name with its arguments: {words.example}. Got {shown(data)}"
        context.findings.report(path, text)
        return None
    head = _head(context, path, data, words)
    if head is None:
        return None
    beside = {key: value for key, value in data.items() if key != head}
    for key in [key for key in beside if key not in BESIDE.get(head, ("name",))]:
        context.findings.report((*path, key), f"'{shown(key)}' does not go with {head}.{_misplaced(head, key, words)}")
    return Entry(path=path, head=head, content=data[head], beside=beside)


def _head(context: Context, path: Path, data: Mapping[str, Any], words: Vocabulary) -> str | None:
    """The key that says what the entry is."""
    known = [*words.kinds, *words.blocks]
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
    hint = suggestion(others[0], known) or ("" if len(known) > MOST_LISTED else f" Known: {', '.join(known)}")
    context.findings.report((*path, others[0]), f"unknown {words.noun} '{shown(others[0])}'.{hint}")
    return None


def _misplaced(head: str, key: str, words: Vocabulary) -> str:
    signature = words.kinds.get(head)
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
        names.append(name or free_name(entry.head, taken))
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


def read_settings(context: Context, entry: Entry, name: str, words: Vocabulary) -> tuple[Setting, ...]:
    """The entry's arguments, in file order; those that are not right are reported and left out.

    `name` is the entry's part of the dotted path.
    """
    signature = words.kinds[entry.head]
    settings = read_arguments(context.inside(name), (*entry.path, entry.head), entry.content, entry.head, signature)
    return completed(settings, signature) if words.complete else settings


def completed(settings: tuple[Setting, ...], signature: Signature) -> tuple[Setting, ...]:
    """The settings, and those that are not named at their defaults."""
    given = {setting.name for setting in settings}
    return settings + tuple(
        Setting(name=argument, expression=Literal(value=known.default), rule=known.rule)
        for argument, known in signature.arguments.items()
        if argument not in given
    )
