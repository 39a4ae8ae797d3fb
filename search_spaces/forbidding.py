"""Combinations that a space forbids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.expressions import Expr, holds, names, parameters, text
from search_spaces.problems import START, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from search_spaces.domains import Value


@dataclass(frozen=True, kw_only=True)
class Forbidden:
    """One rule of a space's `forbid`."""

    condition: Expr
    """With its bare words resolved."""
    because: str = ""
    """The author's reason, for messages."""
    place: Place = START

    def __str__(self) -> str:
        return f"{text(self.condition)}{f' ({self.because})' if self.because else ''}"


@dataclass(frozen=True, kw_only=True)
class Forbids:
    """All rules of a space."""

    rules: tuple[Forbidden, ...] = ()
    constants: Mapping[str, Value]
    """Variables that are not drawn, by name."""
    n_indices: int
    """What `$i` stays below: repetitions of the longest repeat."""

    def broken(self, met: Mapping[str, Value]) -> Forbidden | None:
        """The first rule that the active parameters' values, by name, run into; None where all is allowed."""
        for rule in self.rules:
            if holds(rule.condition, met, self.constants, self.n_indices):
                return rule
        return None

    def parameters(self) -> frozenset[str]:
        """Names that the rules ask for, whether the space has them or not."""
        return frozenset(name for rule in self.rules for name in self._names(rule.condition))

    def _names(self, condition: Expr) -> Iterator[str]:
        for name in names(condition) - {"i"}:
            yield f"variables.{name}"
        for parameter in parameters(condition):
            indices = range(self.n_indices if parameter.is_relative else 1)
            yield from (parameter.at(index) for index in indices)


NOTHING_FORBIDDEN = Forbids(constants={}, n_indices=0)
