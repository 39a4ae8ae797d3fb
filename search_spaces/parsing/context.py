"""What a reader of one part of the file must know of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.nodes import Draw, Literal
    from search_spaces.parsing.findings import Findings


@dataclass(frozen=True, kw_only=True)
class Context:
    findings: Findings
    variables: Mapping[str, Literal | Draw | None] = field(default_factory=dict)
    """None for a variable that is not right: its uses are not complained of as well."""
    used: set[str] = field(default_factory=set)
    """Variables met so far."""
    repetitions: int | None = None
    """The most that the innermost repeat can have; None outside all repeats."""

    def inside_repeat(self, repetitions: int) -> Context:
        return replace(self, repetitions=repetitions)
