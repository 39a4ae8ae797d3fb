"""Expressions: Python's precedence without Python, one-line errors with a column, conditions in a closed world."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.expressions import (
    ExpressionError,
    evaluate,
    names,
    parameters,
    parse_condition,
    parse_value,
    resolve,
    text,
    values_over,
)

VARIABLES: dict[str, Any] = {"a": 3, "b": -2, "x": 0.5, "act": "relu", "flag": True}


def come(source: str, **variables: Any) -> Any:
    return evaluate(parse_value(source), {**VARIABLES, **variables})


def outcome(act: Callable[[], Any]) -> tuple[Any, str]:
    """(what came, "") or (None, what was told)."""
    try:
        return act(), ""
    except ExpressionError as error:
        return None, str(error)


# --- arithmetic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("-1", -1),
        ("-2 ** 2", -4),
        ("(-2) ** 2", 4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", 0.5),
        ("2 ** -1 ** 2", 0.5),
        ("- - 3", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("8 - 3 - 2", 3),
        ("8 / 2", 4.0),
        ("1_000 + .5", 1000.5),
        ("1e-3", 0.001),
        ("9_007_199_254_740_992", 2**53),
        ("min($a, 64, 2)", 2),
        ("max($a, $b)", 3),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("round(7)", 7),
        ("($a + 1) * 3", 12),
        ("$a * 2 ** $i", 24),
        ("$a//2", 1),
        ("$act", "relu"),
        ("$flag", True),
        ("1 ** 999_999_999", 1),
        ("-2 ** 53", -(2**53)),
    ],
)
def test_arithmetic_comes_to_what_python_says(source: str, result: object) -> None:
    value = come(source, i=3)
    assert (value, type(value)) == (result, type(result))


def arithmetic(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", " - ", " * "])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, operators, inner).map("".join),
            st.tuples(inner, st.sampled_from(["**2", " ** 3", "**-1", "**2**2", "** - 2 ** 1"])).map("".join),
            inner.map(lambda each: f"({each})"),
            inner.map(lambda each: f"-{each}"),
            st.tuples(inner, inner).map(lambda pair: f"min({pair[0]}, {pair[1]})"),
            inner.map(lambda each: f"round({each})"),
        )

    return st.recursive(operands, grown, max_leaves=8).filter(lambda source: len(source) < 200)


@given(arithmetic(st.sampled_from(["0", "1", "2", "7", "1.5", "0.25", "$a", "$b", "$x", "1_0"])))
def test_arithmetic_agrees_with_python_on_any_expression(source: str) -> None:
    python = source.replace("$", "")
    try:
        expected = eval(python, {**VARIABLES, "min": min, "round": round})
    except (ZeroDivisionError, OverflowError, TypeError, ValueError):
        expected = None
    value, told = outcome(lambda: come(source))

    if told:
        assert expected is None or any(rule in told for rule in ("2**53", "whole powers", "finite"))
    else:
        assert (value, type(value)) == (expected, type(expected))


@given(arithmetic(st.sampled_from(["0", "2", "1e30", "$a", "2.50", "$i"])))
def test_an_expression_as_text_is_read_as_itself(source: str) -> None:
    expr = parse_value(source)
    assert repr(parse_value(text(expr))) == repr(expr)
    assert text(parse_value(text(expr))) == text(expr)


@pytest.mark.parametrize(
    ("source", "complaint", "column"),
    [
        ("1 // 0", "division by zero. Got 1 // 0", 3),
        ("1 + 2.0 % 0", "division by zero. Got 2.0 % 0", 9),
        ("0 ** -1", "division by zero. Got 0 ** -1", 3),
        ("9 ** 9 ** 9", "whole numbers must stay within 2**53. Got 9 ** 387420489", 3),
        ("2 ** 54", "whole numbers must stay within 2**53. Got 2 ** 54", 3),
        ("9007199254740992 + 1", "whole numbers must stay within 2**53. Got 9007199254740992 + 1", 18),
        ("round(1e300)", "whole numbers must stay within 2**53. Got round(1e+300)", 1),
        ("$big * 1", "whole numbers must stay within 2**53. Got $big", 1),
        ("1e300 * 1e300", "results must be finite. Got 1e+300 * 1e+300", 7),
        ("1e300 ** 2", "results must be finite. Got 1e+300 ** 2", 7),
        ("$nan + 1", "results must be finite. Got $nan", 1),
        ("(-8) ** 0.5", "only whole powers of a negative number are numbers. Got -8 ** 0.5", 6),
        ("2 * $act", "arithmetic takes numbers. Got relu", 5),
        ("-$flag", "arithmetic takes numbers. Got true", 2),
        ("2 * $acts", "unknown variable '$acts'. Did you mean '$act'?", 5),
        ("2 * $zzz", "unknown variable '$zzz'", 5),
    ],
)
def test_what_comes_to_no_number_is_told_at_once(source: str, complaint: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        come(source, big=2**60, nan=math.nan)
    assert (str(caught.value), caught.value.column) == (complaint, column)


def test_values_over_takes_every_combination_of_the_variables_used() -> None:
    expr = parse_value("$a * 2 + $b")
    assert list(values_over(expr, {"b": [0, 1], "a": [1, 2], "c": [1, 2, 3]})) == [2, 3, 4, 5]
    assert list(values_over(parse_value("7"), {"a": [1, 2]})) == [7]


def test_names_and_parameters_tell_what_is_used() -> None:
    expr = parse_condition("$width * 2 > conv[$i + 1].conv2d.filters and pool == relu and dense_2.units > 3")

    assert names(expr) == {"width", "i"}
    assert [name.at(0) for name in parameters(expr)] == ["conv[1].conv2d.filters", "dense_2.units"]
    assert [name.at(0) for name in parameters(resolve(expr, ["pool"]))] == [
        "conv[1].conv2d.filters",
        "pool",
        "dense_2.units",
    ]


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "normal"),
    [
        (
            "training.optimizer==sgd and training.batch_size>128",
            "training.optimizer == sgd and training.batch_size > 128",
        ),
        ("conv[ 0 ].conv2d.filters>conv[$i+1].conv2d.filters", "conv[0].conv2d.filters > conv[$i + 1].conv2d.filters"),
        ("conv[$i - 1].pool in[relu,'elu',null]", "conv[$i - 1].pool in [relu, 'elu', null]"),
        ("not(a.b==1)or((c.d!=true))", "not a.b == 1 or c.d != true"),
        ("not (a.b == 1 or c.d)", "not (a.b == 1 or c.d)"),
        ("a.b and (c.d or e.f)", "a.b and (c.d or e.f)"),
        ("(a.b and c.d) and e.f", "a.b and c.d and e.f"),
        ("a.b and (c.d and e.f)", "a.b and (c.d and e.f)"),
        ("not not $flag", "not not $flag"),
        ("a.b not in [1, -2, min($a, 2)]", "a.b not in [1, -2, min($a, 2)]"),
        ('pool == "it\'s"', 'pool == "it\'s"'),
        ("in.not == 1 and max.units > 2", "in.not == 1 and max.units > 2"),
        ("(1 + 2) * 3 < (2 - (1 - x.y)) ** 2", "(1 + 2) * 3 < (2 - (1 - x.y)) ** 2"),
        ("(2 ** 3) ** (2 ** -(a.b + 1)) > 1", "(2 ** 3) ** 2 ** -(a.b + 1) > 1"),
        ("k == '[3, 5]'", "k == '[3, 5]'"),
    ],
)
def test_a_condition_as_text_has_one_spelling(source: str, normal: str) -> None:
    assert text(parse_condition(source)) == normal
    assert parse_condition(normal) == parse_condition(source)
    assert repr(parse_condition(normal)) == repr(parse_condition(source))


@pytest.mark.parametrize(
    ("source", "complaint", "column"),
    [
        ("min($a, 2", "a ')' is missing. Got 'min($a, 2'", 10),
        ("(1 + 2))", "a '(' is missing. Got '(1 + 2))'", 8),
        ("mx($a, 2)", "unknown function 'mx'. Did you mean 'max'?", 1),
        ("sqrt(2)", "unknown function 'sqrt'. Known: min, max, round", 1),
        ("min(2)", "min takes two values or more. Got 1", 1),
        ("round(2, 1)", "round takes one value. Got 2", 1),
        ("2 ^ 3", "'^' is not an operator. Did you mean '**'?", 3),
        ("2 + * 3", "a value is missing before '*'", 5),
        ("2 +", "a value is missing after '+'", 4),
        ("", "an expression has at least one value. Got nothing", 1),
        ("2 $a", "an operator is missing between '2' and '$a'", 3),
        ("min(1 2)", "an operator is missing between '1' and '2'", 7),
        ("1, 2", "a ',' stands only in a list and between the arguments of a function", 2),
        ("2x", "'2x' is not a number. Put a text that starts with a digit in quotes", 1),
        ("1e999", "numbers must be finite. Got 1e999", 1),
        ("9007199254740993", "whole numbers must stay within 2**53. Got 9007199254740993", 1),
        ("2 * width", "a variable has a '$'. Got 'width'. Did you mean '$width'?", 5),
        ("2 * a.b", "a value names variables, not parameters. Got 'a.b'", 5),
        ("true", "arithmetic takes numbers. Got true", 1),
        ("$a > 2", "a value is a number, not a condition", 4),
        ("$", "a name follows '$': letters, digits and _, a letter first. Got '$'", 1),
        ("1 # two", "'#' has no meaning here", 3),
        ("1" + " " * 500, "an expression has at most 500 characters. Got 501", 501),
        ("(" * 51 + "1" + ")" * 51, "an expression has at most 50 levels of operators and parentheses. Got more", 52),
        ("1" + "+1" * 51, "an expression has at most 50 levels of operators and parentheses. Got more", 1),
        (
            "+".join(["(" + "+".join(["1"] * 40) + ")"] * 6),
            "an expression has at most 500 characters, blanks around operators included. Got 967",
            1,
        ),
    ],
)
def test_a_value_that_cannot_be_read_is_told_with_its_column(source: str, complaint: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_value(source)
    assert (str(caught.value), caught.value.column) == (complaint, column)


@pytest.mark.parametrize(
    ("source", "complaint", "column"),
    [
        ("a.b = 1", "== compares, = does not", 5),
        ("a.b === 1", "'===' is not an operator. Did you mean '=='?", 5),
        ("a.b && c.d", "'&&' is not an operator. Did you mean 'and'?", 5),
        ("!a.b", "'!' is not an operator. Did you mean 'not'?", 1),
        ("1 < a.b < 3", "comparisons are not chained. Write 'a < b and b < c'", 9),
        ("a.b in relu", "a list in brackets follows 'in': [relu, elu]", 8),
        ("a.b in []", "a value is missing before ']'", 9),
        ("a.b in [1, 2", "a ']' is missing. Got 'a.b in [1, 2'", 13),
        ("a.b == [3, 5]", "a list follows 'in'. An option that is a list stands in quotes: '[3, 5]'", 8),
        ("a.b == 'relu", "a quote is not closed. Got 'relu", 8),
        ("a.b == 're\\lu'", "a text has no backslashes. Got 're\\lu'", 8),
        ("a.b == True", "keywords are lower case. Got 'True'. Did you mean 'true'?", 8),
        ("a.b == not c.d", "'not' stands before a whole condition, not within one", 8),
        ("a.b + 1", "a condition compares. Use ==, !=, <, <=, >, >= or in. Got only a value", 5),
        ("pool", "a condition compares. Use ==, !=, <, <=, >, >= or in. Got only a value", 1),
        ("a.b == 1 and 2", "'and' joins conditions. Use ==, !=, <, <=, >, >= or in. Got only a value", 14),
        ("not 2", "'not' stands before a condition. Use ==, !=, <, <=, >, >= or in. Got only a value", 5),
        ("(a.b > 1) + 2 > 1", "'+' takes values, not conditions. Use 'and', 'or', 'not'", 6),
        ("conv[-1].x > 1", "an index is 0, 1, 2 ..., or $i, $i + 1, $i - 1. Got '-'", 6),
        ("conv[1", "a ']' is missing. Got 'conv[1'", 7),
        ("conv[", "an index is 0, 1, 2 ..., or $i, $i + 1, $i - 1. Got nothing", 6),
        ("conv[$width].x > 1", "an index is 0, 1, 2 ..., or $i, $i + 1, $i - 1. Got '$width'", 6),
        ("a..b > 1", "a name follows '.'. Got '.'", 3),
        ("a.b is relu", "an operator is missing between 'b' and 'is'", 5),
        ("a.b == 1 not", "an operator is missing between '1' and 'not'", 10),
    ],
)
def test_a_condition_that_cannot_be_read_is_told_with_its_column(source: str, complaint: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_condition(source)
    assert (str(caught.value), caught.value.column) == (complaint, column)
