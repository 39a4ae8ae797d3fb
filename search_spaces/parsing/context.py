"""What a reader of one part of the file must know of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.nodes import Draw, Literal
    from search_spaces.parsing.findings import Findings, Path

SET = "set"
"""The file's key for settings that are given anew."""


@dataclass(frozen=True, kw_only=True)
class Context:
    findings: Findings
    variables: Mapping[str, Literal | Draw | None] = field(default_factory=dict)
    """None for a variable that is not right: its uses are not complained of as well."""
    used: set[str] = field(default_factory=set)
    """Variables met so far."""
    indices: Mapping[str, int] = field(default_factory=dict)
    """`i`, and what else the repeats around call their index -> the most repetitions there can be."""
    at: str = ""
    """Dotted name of what is being read, without indices: `conv.conv2d`."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Settings given anew under `set`, by dotted name."""
    settings: set[str] = field(default_factory=set)
    """Dotted names of the settings met so far."""

    def inside_repeat(self, repetitions: int, index: str) -> Context:
        return replace(self, indices={**self.indices, "i": repetitions, index: repetitions})

    def inside(self, name: str) -> Context:
        return replace(self, at=self.name(name))

    def name(self, last: str) -> str:
        """Dotted name of a setting here."""
        return f"{self.at}.{last}" if self.at else last

    def given(self, last: str, path: Path, data: Any) -> tuple[Path, Any]:
        """Where the setting stands and what it holds, once `set` has had its word."""
        name = self.name(last)
        self.settings.add(name)
        return ((SET, name), self.changes[name]) if name in self.changes else (path, data)

    def added(self) -> list[str]:
        """Settings of what is being read that stand under `set`, perhaps there alone."""
        prefix = f"{self.at}."
        lasts = [name.removeprefix(prefix) for name in self.changes if name.startswith(prefix)]
        return [last for last in lasts if "." not in last]
