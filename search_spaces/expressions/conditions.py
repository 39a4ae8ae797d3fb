"""Whether a condition holds for drawn values."""

from __future__ import annotations

import operator
from types import MappingProxyType
from typing import TYPE_CHECKING

from search_spaces.expressions.arithmetic import come_to
from search_spaces.expressions.terms import (
    INDEX,
    Comparison,
    Expr,
    Logical,
    Membership,
    Not,
    ParameterName,
    Variable,
    Word,
    names,
    terms,
)
from search_spaces.expressions.tokens import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from search_spaces.domains import Value
    from search_spaces.expressions.arithmetic import Lookup

ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(
    expr: Expr,
    configuration_values: Mapping[str, Value],
    variables: Mapping[str, Value] = MappingProxyType({}),
    n_indices: int = 0,
) -> bool:
    """Whether the condition holds for the drawn values, by parameter name. Its bare words must be resolved.

    `variables` are those that are not drawn, by name without `$`. With `$i`, it holds if it does so for some i below
    `n_indices`.

    The world is closed: a comparison is false where one of its sides has no value, `!=` and `not in` like the others,
    and so `not` of it is true. No value have a parameter that is not active, a division by zero, arithmetic on a text;
    and a text has no size, so `<` with one is false. ValueError only where a bare word is left.
    """
    if word := next((term for term in terms(expr) if isinstance(term, Word)), None):
        # Not guessed from the values: an inactive parameter would silently become a text.
        raise ValueError(f"bare words are resolved before a condition is asked. Got {word.name}")
    constants = {f"variables.{name}": value for name, value in variables.items()}
    world = {**constants, **configuration_values}
    indices = range(n_indices) if INDEX in names(expr) else range(1)
    return any(_holds(expr, _lookup(world, index)) for index in indices)


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal as a domain sees it: 1 is 1.0, but not true."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _lookup(world: Mapping[str, Value], index: int) -> Lookup:
    def lookup(term: Variable | ParameterName) -> Value:
        if isinstance(term, Variable) and term.name == INDEX:
            return index
        name = f"variables.{term.name}" if isinstance(term, Variable) else term.at(index)
        if name not in world:
            raise ExpressionError(f"{name} is not active", term.column)
        return world[name]

    return lookup


def _holds(expr: Expr, lookup: Lookup) -> bool:
    match expr:
        case Logical(operator="and"):
            return _holds(expr.left, lookup) and _holds(expr.right, lookup)
        case Logical():
            return _holds(expr.left, lookup) or _holds(expr.right, lookup)
        case Not():
            return not _holds(expr.operand, lookup)
    try:
        match expr:
            case Comparison():
                return _compares(expr, come_to(expr.left, lookup), come_to(expr.right, lookup))
            case Membership():
                left = come_to(expr.left, lookup)
                # All of them, before any is found: a parameter among them that is not active makes it false as well.
                options = [come_to(option, lookup) for option in expr.options]
                return any(same(left, option) for option in options) != expr.negated
            case _:
                return come_to(expr, lookup) is True
    except ExpressionError:
        return False


def _compares(comparison: Comparison, left: Value, right: Value) -> bool:
    if comparison.operator == "==":
        return same(left, right)
    if comparison.operator == "!=":
        return not same(left, right)
    if isinstance(left, bool | str) or isinstance(right, bool | str):
        return False
    return ORDERS[comparison.operator](left, right)
