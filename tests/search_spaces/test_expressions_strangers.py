"""Expressions of strangers: whatever the text, it is read or told in one line, at once."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Value
from search_spaces.expressions import (
    ExpressionError,
    check,
    evaluate,
    holds,
    parse_condition,
    parse_value,
    resolve,
    text,
)

VARIABLES: dict[str, Value] = {"a": 3, "i": 1, "act": "relu", "flag": True}
AT_ONCE = 1.0
"""Seconds."""

HOSTILE = [
    # Python
    "__import__('os')", "__import__('os').system('ls')", "().__class__", "().__class__.__bases__[0]", "''.__class__",
    "[].append(1)", "lambda: 0", "lambda x: x", "f'{1}'", "b'1'", "1 if 1 else 2", "[x for x in y]", "{1: 2}", "{'a'}",
    "x := 1", "a @ b", "~1", "1 << 2", "1 | 2", "a = 1", "eval('1')", "exec('1')", "print(1)", "open('/etc/passwd')",
    "a; import os", "1; 2", "...", "1j", "0x10", "None", "%s", "%(a)s", "`ls`", "$(ls)", "${a}",
    "# comment", "1 # comment",
    # characters
    "\\", "\\n", "'\\x00'", "\0", "1\0", "a\0b > 1", "'a\nb'", "'", '"', "'''", '"""', "\u202e1", "\ufeff1",
    "\N{ARABIC-INDIC DIGIT THREE}", "1\N{ARABIC-INDIC DIGIT THREE}", "\N{FULLWIDTH DIGIT TWO}", "\N{SUPERSCRIPT TWO}",
    "\N{FULLWIDTH LEFT PARENTHESIS}1\N{FULLWIDTH RIGHT PARENTHESIS}", "1 \N{MULTIPLICATION SIGN} 2", "\ud800",
    "1\N{NO-BREAK SPACE}+ 1", "\N{FULLWIDTH LATIN SMALL LETTER A} > 1", "\u00e9 > 1", "\N{SLIGHTLY SMILING FACE}",
    # sizes
    "(" * 10_000 + ")" * 10_000, "(" * 250, "(" * 200 + "1" + ")" * 200, "-" * 499 + "1", "not " * 120 + "a.b",
    "[" * 400, "2**" * 160 + "2", "1+" * 249 + "1", "a[" * 200, "a." * 249, "a.b and " * 60 + "a.b", "1" * 501,
    "9" * 400 + "e9", "1e400", "min(" * 120, "1," * 249, "a.b in [" + "1," * 245, "a[" + "9" * 400 + "].b > 1",
    "1" * 500, "'" * 499,
    # numbers
    "1_", "_1", "1__0", "1e", "1e+", "1.2.3", "1..2", "nan", "inf", "+1", "1 +", "1 2",
    # names
    "$", "$$a", "$1", "$ a", "$a.b", "a$b", "a..b", ".a", "a.", "a[", "a[1", "a]", "[1]", "a[-1]", "a[1.5].b > 1",
    "a[0][1] > 1", "a[b].c > 1", "a[$i + $i].b > 1", "a[$i * 2].b > 1", "a[$i +].b > 1", "a[$i",
    # calls, lists, operators
    "", " ", "()", "(,)", "1,", "((((1)", "min", "min(", "min()", "min(1)", "min(1,)", "min(,1)", "min(*a)", "round()",
    "a.b in", "a.b in [", "a.b in [,]", "a.b in [1,]", "a.b not", "not", "and", "or or", "a.b == == 1", "1 == ", "== 1",
]  # fmt: skip
CHARACTERS = "ab19_.$i[]()'\"<>=!+-*/%,& \n\\#"
WORDS = ["and", "or", "not", "in", "true", "null", "min(", "round(", "$i", "$a", "a.b", "conv[", "1", "0.5", "**", "=="]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: ascii(source[:20]))
@pytest.mark.parametrize("parse", [parse_value, parse_condition])
def test_a_stranger_is_told_at_once_in_one_line(parse: object, source: str) -> None:
    assert callable(parse)
    started = time.perf_counter()
    with pytest.raises(ExpressionError) as caught:
        parse(source)

    assert time.perf_counter() - started < AT_ONCE
    assert str(caught.value).isprintable()
    assert 1 <= caught.value.column <= len(source) + 1


@pytest.mark.parametrize("source", ["9**9**9**9", "2**2**2**2**2**2", "(9**9)**(9**9)", "(-9)**9**9", "-9**9**9"])
def test_a_power_of_powers_is_told_before_it_is_computed(source: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ExpressionError, match=r"2\*\*53"):
        evaluate(parse_value(source), {})

    assert time.perf_counter() - started < AT_ONCE


ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.text(CHARACTERS, max_size=60),
    st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(CHARACTERS)), max_size=30).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
)


@given(ANY_TEXT)
def test_any_text_is_a_value_or_an_error(source: str) -> None:
    try:
        value = evaluate(parse_value(source), VARIABLES)
    except ExpressionError as error:
        column, told = error.column, str(error)
    else:
        column, told = 1, text(parse_value(source))
        assert isinstance(value, bool | int | float | str)

    assert told.isprintable()
    assert 1 <= column <= len(source) + 1


@given(ANY_TEXT)
def test_any_text_is_a_condition_or_an_error(source: str) -> None:
    try:
        expr = parse_condition(source)
    except ExpressionError:
        return

    assert repr(parse_condition(text(expr))) == repr(expr)
    assert all(complaint.isprintable() for complaint in check(expr, {"a.b": "number"}))
    assert holds(resolve(expr, ["a"]), {"a.b": 1, "conv[0].a": True}, VARIABLES, n_indices=2) in (True, False)
