"""What an expression can come to: every value of a finite one, both ends of a range."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from math import prod
from typing import Any

from search_spaces.domains import Bool, Choice, Float, Int
from search_spaces.expressions import Arithmetic, Variable, evaluate, names
from search_spaces.expressions.terms import terms
from search_spaces.nodes import Draw, Expression, Formula, Index, Literal, Object, ObjectChoice, Reference

Variables = Mapping[str, Literal | Draw]
Indices = Mapping[str, int]

NO_INDICES: Indices = {}

MOST_COMBINATIONS = 20_000
"""Combinations of a formula's variables that are all tried; beyond them its ends must be enough."""
WIDE = 25
"""Values of a variable that are few enough to be tried whatever the others are."""


def extent(expression: Expression, variables: Variables, indices: Indices) -> tuple[Any, ...]:
    """Values that stand for all: rules are intervals and sets, so a range keeps one if both its ends do.

    `indices`: of `$i`, and of other names for the repeats around, the most repetitions there can be. Of an
    object its names are enough: its arguments are checked where they stand. Raises ExpressionError (a ValueError)
    where a formula has no value for some draw.
    """
    match expression:
        case Literal():
            return (expression.value,)
        case Draw():
            return tuple(expression.meaning(value) for value in _ends(expression))
        case Reference():
            return extent(variables[expression.variable], variables, indices)
        case Index():
            return (0, max(indices[expression.name] - 1, 0))
        case Formula():
            return _formula(expression, variables, indices)
        case Object():
            return ()
        case ObjectChoice():
            options = expression.options.values()
            return tuple(option.value for option in options if isinstance(option, Literal))


def not_followed(formula: Formula, variables: Variables, indices: Indices) -> str | None:
    """Why the ends of the formula's variables do not stand for all that it can come to; None where they do.

    They do where all values can be tried, and else where the formula rises or falls with each variable: one that
    stands once, outside of `%`, of what is divided by, and of powers.
    """
    if every_value_is_tried(formula, variables, indices):
        return None
    wide = [name for name in formula.variables if (_size(name, variables, indices) or MOST_COMBINATIONS) > WIDE]
    for term in terms(formula.expression):
        if isinstance(term, Arithmetic) and term.operator in ("%", "/", "//", "**"):
            inside = names(term) if term.operator in ("%", "**") else names(term.right)
            if found := sorted(set(wide) & inside):
                return f"'{term.operator}' needs variables of few values. Got ${found[0]}: give it choices"
    for name in wide:
        if sum(isinstance(term, Variable) and term.name == name for term in terms(formula.expression)) > 1:
            return f"a formula names a variable of many values once. Got ${name} more often: give it choices"
    return None


def every_value_is_tried(formula: Formula, variables: Variables, indices: Indices) -> bool:
    """Whether the extent of the formula is all that it can come to, and not its ends alone."""
    sizes = [_size(name, variables, indices) for name in formula.variables]
    return all(size is not None for size in sizes) and prod(size or 0 for size in sizes) <= MOST_COMBINATIONS


def _formula(formula: Formula, variables: Variables, indices: Indices) -> tuple[Any, ...]:
    everything = every_value_is_tried(formula, variables, indices)
    columns = [_column(name, variables, indices, everything) for name in formula.variables]
    found: dict[tuple[type, Any], Any] = {}  # by type: 1 and 1.0 are equal, and only one of them is a whole number
    for values in itertools.product(*columns):
        value = evaluate(formula.expression, dict(zip(formula.variables, values, strict=True)))
        found[type(value), value] = value
    return tuple(found.values())


def _column(name: str, variables: Variables, indices: Indices, everything: bool) -> tuple[Any, ...]:
    if name in indices:
        return tuple(range(max(indices[name], 1)))
    variable = variables[name]
    size = _size(name, variables, indices)
    if isinstance(variable, Draw) and (everything or (size is not None and size <= WIDE)):
        return tuple(variable.meaning(value) for value in variable.domain.values())
    return extent(variable, variables, indices)


def _size(name: str, variables: Variables, indices: Indices) -> int | None:
    if name in indices:
        return max(indices[name], 1)
    variable = variables[name]
    return 1 if isinstance(variable, Literal) else variable.domain.size()


def _ends(draw: Draw) -> tuple[Any, ...]:
    match draw.domain:
        case Choice() | Bool():
            return tuple(draw.domain.values())
        case Int():
            # The second too: -1 groups has a meaning of its own, and 0 next to it has none.
            return tuple(dict.fromkeys([*draw.domain.values()[:2], draw.domain.high]))
        case Float():
            return (draw.domain.low, draw.domain.high)
