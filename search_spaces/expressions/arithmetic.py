"""What an expression comes to. Every result is a finite number that a float can hold, and found at once."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NoReturn

from search_spaces.domains import LARGEST_INT
from search_spaces.expressions.source import text
from search_spaces.expressions.terms import (
    Arithmetic,
    Call,
    Constant,
    Expr,
    Negative,
    ParameterName,
    Variable,
    names,
)
from search_spaces.expressions.tokens import ExpressionError
from search_spaces.problems import suggestion
from search_spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from search_spaces.domains import Value

    Lookup = Callable[[Variable | ParameterName], Value]
    """The value of what is named. ExpressionError where there is none."""

LARGEST_POWER = 53
"""Exponents of a whole number of 2 or more that can stay within 2**53."""


def evaluate(expr: Expr, variables: Mapping[str, Value]) -> Value:
    """What the expression comes to; variables go by their names without `$`.

    Whole numbers stay whole but for `/`. ExpressionError where there is no such number: division by zero, results that
    are not finite or beyond 2**53 if whole, roots of negative numbers, arithmetic on texts and on true and false.
    """

    def lookup(term: Variable | ParameterName) -> Value:
        if isinstance(term, ParameterName):
            raise ExpressionError("a value is made of numbers and variables, not of parameters", term.column)
        if term.name not in variables:
            hint = suggestion(f"${term.name}", [f"${name}" for name in variables])
            raise ExpressionError(f"unknown variable '${shown(term.name)}'.{hint}".removesuffix("."), term.column)
        return variables[term.name]

    return come_to(expr, lookup)


def values_over(expr: Expr, domains: Mapping[str, Sequence[Value]]) -> Iterator[Value]:
    """What the expression comes to for each combination of the values of its variables. The caller keeps it small.

    ExpressionError at the first combination that comes to nothing.
    """
    used = sorted(names(expr) & set(domains))
    for values in itertools.product(*(domains[name] for name in used)):
        yield evaluate(expr, dict(zip(used, values, strict=True)))


def come_to(expr: Expr, lookup: Lookup) -> Value:
    """What the expression comes to, names looked up. A null is the label of one, as in drawn values: `null`."""
    match expr:
        case Constant():
            return "null" if expr.value is None else expr.value
        case Variable() | ParameterName():
            return lookup(expr)
        case Negative():
            return -_number(expr.operand, lookup)
        case Arithmetic():
            return _operation(expr, _number(expr.left, lookup), _number(expr.right, lookup))
        case Call():
            return _call(expr, [_number(argument, lookup) for argument in expr.arguments])
        case _:
            raise ExpressionError("a value is made of numbers and variables", expr.column)


def _number(expr: Expr, lookup: Lookup) -> int | float:
    value = come_to(expr, lookup)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"arithmetic takes numbers. Got {shown(value)}", expr.column)
    return _kept(value, text(expr), expr.column)


def _call(call: Call, arguments: list[int | float]) -> int | float:
    match call.function:
        case "min":
            return min(arguments)
        case "max":
            return max(arguments)
        case "round":
            return _kept(round(arguments[0]), f"round({arguments[0]})", call.column)


def _operation(term: Arithmetic, left: float, right: float) -> int | float:
    written = f"{left} {term.operator} {right}"
    try:
        match term.operator:
            case "+":
                result = left + right
            case "-":
                result = left - right
            case "*":
                result = left * right
            case "/":
                result = left / right
            case "//":
                result = left // right
            case "%":
                result = left % right
            case "**":
                result = _power(left, right, term.column)
    except ZeroDivisionError:
        _refuse("division by zero", written, term.column)
    except OverflowError:
        _refuse("results must be finite", written, term.column)
    return _kept(result, written, term.column)


def _power(base: float, exponent: float, column: int) -> int | float:
    if base < 0 and not float(exponent).is_integer():
        _refuse("only whole powers of a negative number are numbers", f"{base} ** {exponent}", column)
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > LARGEST_POWER:
        # Told before it is computed: 9 ** 9 ** 9 has 369 million digits.
        _refuse("whole numbers must stay within 2**53", f"{base} ** {exponent}", column)
    power: int | float = base**exponent
    return power


def _kept(result: float, written: str, column: int) -> int | float:
    """The result, if it is one that samplers and files can hold."""
    if isinstance(result, int):
        if abs(result) > LARGEST_INT:
            _refuse("whole numbers must stay within 2**53", written, column)
    elif not math.isfinite(result):
        _refuse("results must be finite", written, column)
    return result


def _refuse(rule: str, got: str, column: int) -> NoReturn:
    raise ExpressionError(f"{rule}. Got {shown(got)}", column)
