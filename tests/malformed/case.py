"""One malformed file, and how a table's row becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Row = tuple[str, str, str, str]
"""(what is wrong, perhaps with ': where', text to replace, replacement, part of the message)."""


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    """`a tag`, or `a tag: at epochs` where one kind is tried at several places."""
    text: str
    message: str
    """Part of the line that tells of it."""
    line: int | None
    """Where it is told; None where the file as a whole is meant, or where the text breaks off."""

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


def cases_of(good: str, rows: Iterable[Row], without_a_line: frozenset[str] = frozenset()) -> list[Case]:
    """The line told is the one that ends in '#!', or else the first that is not the good file's."""
    return [
        Case(
            name=name, text=(text := replaced(good, old, new)), message=message,
            line=None if name in without_a_line else line_told(text, good),
        )
        for name, old, new, message in rows
    ]  # fmt: skip


def replaced(good: str, old: str, new: str) -> str:
    assert old in good, f"the good file has no {old!r}"
    return good.replace(old, new, 1)


def line_told(text: str, good: str) -> int:
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines, start=1) if line.endswith("#!")]
    pairs = enumerate(zip(lines, good.split("\n"), strict=False), start=1)
    return (marked or [number for number, (ours, theirs) in pairs if ours != theirs])[0]
