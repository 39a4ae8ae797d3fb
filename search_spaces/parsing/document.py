"""YAML text to plain data that remembers its lines. The only module that knows ruamel.yaml.

Works on the parser's events and builds the data itself: that is where tags, anchors, aliases and repeated keys can
still be seen, and refused with their line, before anything is made of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.reader import ReaderError

from search_spaces.parsing.scalars import plain_scalar
from search_spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search_spaces.parsing.findings import Findings, Path

HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")

DEEPEST = 40
"""Levels of nesting. Blocks within blocks need about three each; what is deeper is an attack on the reader."""


class Unreadable(Exception):
    """The rest of the file cannot be told apart from its first fault."""


def read_document(text: str, findings: Findings) -> Any:
    """The plain data of the text's only document. Unreadable where it makes none; what is wrong is in the findings."""
    try:
        return _Reader(YAML(typ="safe", pure=True).parse(text), findings).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        findings.report_at(line, column, f"not YAML: {_explained(error)}")
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        findings.report_at(
            line, column, f"not text: character 0x{ord(text[error.position]):02x} has no place in a file"
        )
    except (YAMLError, ValueError, OverflowError, IndexError) as error:
        # ruamel leaks these from escapes such as "\UFFFFFFFF" and from odd %YAML lines, without a mark.
        findings.report_at(1, 1, f"not YAML: {error}")
    raise Unreadable


def _explained(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if "'\\t'" in problem:
        return "a tab cannot indent. Use spaces"
    return f"{problem} ({error.context})" if error.context and error.problem else problem


@dataclass(frozen=True, kw_only=True)
class _Key:
    name: str | None
    """None where it is not text."""
    line: int
    column: int


class _Reader:
    def __init__(self, events: Iterator[Event], findings: Findings) -> None:
        self.events = events
        self.findings = findings
        self.depth = 0

    def document(self) -> Any:
        """The only document of the stream."""
        next(self.events)  # the stream's start
        start = next(self.events)
        if not isinstance(start, DocumentStartEvent):
            self._stop(start, "the file is empty. It needs name, layers and training")
        if getattr(start, "version", None) not in (None, (1, 2)):  # ruamel's stubs leave it out
            self.findings.report_at(*_place(start), "a space file is YAML 1.2. Leave the %YAML line out")
        data = self._node((), next(self.events))
        next(self.events)  # the document's end
        after = next(self.events)
        if isinstance(after, DocumentStartEvent):
            self._stop(after, "a file holds one space. Got a second document ('---')")
        return data

    def _node(self, path: Path, event: Event) -> Any:
        self.findings.places.setdefault(path, _place(event))
        if isinstance(event, AliasEvent):
            self._stop(event, f"aliases are not allowed. Write the value again, or use variables. Got *{event.anchor}")
        self._refuse_tag_and_anchor(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        return self._collection(path, event)

    def _collection(self, path: Path, event: Event) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            self._stop(event, f"at most {DEEPEST} levels of nesting")
        data = self._mapping(path) if isinstance(event, MappingStartEvent) else self._sequence(path)
        self.depth -= 1
        return data

    def _sequence(self, path: Path) -> list[Any]:
        data: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            data.append(self._node((*path, len(data)), event))
        return data

    def _mapping(self, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event)
            if key.name is None or key.name in data:
                self._skip_value(path, key)
                continue
            self.findings.places[*path, key.name] = (key.line, key.column)
            data[key.name] = self._node((*path, key.name), next(self.events))
        return data

    def _key(self, event: Event) -> _Key:
        line, column = _place(event)
        name = self._node(("key",), event)
        if not isinstance(name, str):
            self.findings.report_at(line, column, f"keys are text. Got {shown(name)}")
            return _Key(name=None, line=line, column=column)
        return _Key(name=name, line=line, column=column)

    def _skip_value(self, path: Path, key: _Key) -> None:
        if key.name is not None:
            first, _ = self.findings.places[*path, key.name]
            text = f"'{key.name}' stands twice. The first is in line {first}"
            self.findings.report_at(key.line, key.column, text, path)
        # Read with places of its own: what is reported there must not point to the first value.
        self._node((*path, f"{key.name} (again, line {key.line}, column {key.column})"), next(self.events))

    def _scalar(self, event: ScalarEvent) -> Any:
        if HALF_A_CHARACTER.search(event.value):
            return self._joined(event)
        if not event.implicit[0]:
            return event.value
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            self.findings.report_at(*_place(event), str(error))
            return None

    def _joined(self, event: ScalarEvent) -> str:
        """The text with its halves put together: JSON writes a character beyond 0xffff as two of them."""
        try:
            return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            # It could not be written to any file or screen.
            self.findings.report_at(*_place(event), "not text: half of a character (a surrogate) stands for nothing")
            return ""

    def _refuse_tag_and_anchor(self, event: Event) -> None:
        if not isinstance(event, NodeEvent):
            return
        if event.anchor is not None:
            self.findings.report_at(*_place(event), f"anchors are not allowed. Use variables. Got &{event.anchor}")
        tag = event.tag if isinstance(event, ScalarEvent | CollectionStartEvent) else None
        if tag is not None:
            self.findings.report_at(*_place(event), f"tags are not allowed. Got {shown(str(tag))}")

    def _stop(self, event: Event, text: str) -> None:
        self.findings.report_at(*_place(event), text)
        raise Unreadable


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
