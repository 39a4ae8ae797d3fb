"""What an expression can come to: every value of a finite one, both ends of a range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.domains import Bool, Choice, Float, Int
from search_spaces.nodes import Draw, Expression, Index, Literal, Reference

Variables = Mapping[str, Literal | Draw]


def extent(expression: Expression, variables: Variables, repetitions: int) -> tuple[Any, ...]:
    """Values that stand for all: rules are intervals and sets, so a range keeps one if both its ends do.

    `repetitions` is the most that the innermost repeat around the expression can have; `$i` stays below it.
    """
    match expression:
        case Literal():
            return (expression.value,)
        case Draw():
            return tuple(expression.meaning(value) for value in _ends(expression))
        case Reference():
            return extent(variables[expression.variable], variables, repetitions)
        case Index():
            return (0, max(repetitions - 1, 0))


def _ends(draw: Draw) -> tuple[Any, ...]:
    match draw.domain:
        case Choice() | Bool():
            return tuple(draw.domain.values())
        case Int() | Float():
            return (draw.domain.low, draw.domain.high)
