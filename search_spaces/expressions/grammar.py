"""From text to expression, by operator precedence. Precedence as in Python; no Python is run, nor can be."""

from __future__ import annotations

from typing import NoReturn, cast, get_args

from search_spaces.expressions.cursor import Cursor
from search_spaces.expressions.parameter_names import read_parameter
from search_spaces.expressions.source import LEVELS, text
from search_spaces.expressions.terms import (
    Arithmetic,
    ArithmeticOperator,
    Call,
    Comparison,
    ComparisonOperator,
    Condition,
    Constant,
    Expr,
    Function,
    Logical,
    LogicalOperator,
    Membership,
    Negative,
    Not,
    ParameterName,
    Variable,
    Word,
    depth,
    terms,
)
from search_spaces.expressions.tokens import MOST_CHARACTERS, ExpressionError
from search_spaces.problems import suggestion
from search_spaces.wording import any_of, shown

MOST_LEVELS = 50
"""Parentheses and operators within operands. Python's own stack holds far more, so no walk over a tree overflows it."""
FUNCTIONS = get_args(Function)
CONSTANTS = {"true": True, "false": False, "null": None}
KEYWORDS = {"and", "or", "not", "in", *CONSTANTS}
SPELT_OTHERWISE = {
    **{word.capitalize(): word for word in KEYWORDS},
    **{word.upper(): word for word in KEYWORDS},
    "None": "null",
}
LOWEST = LEVELS["or"]


def parse_value(source: str) -> Expr:
    """`$width * 2 ** $i`. ExpressionError where it is not arithmetic on numbers and variables."""
    expr = _parse(source)
    for term in terms(expr):
        match term:
            case Word():
                name = shown(term.name)
                raise ExpressionError(f"a variable has a '$'. Got '{name}'. Did you mean '${name}'?", term.column)
            case ParameterName():
                raise ExpressionError(
                    f"a value names variables, not parameters. Got '{shown(text(term))}'", term.column
                )
            case Constant(value=bool() | str() | None):
                raise ExpressionError(f"arithmetic takes numbers. Got {shown(text(term))}", term.column)
            case Comparison() | Membership() | Not() | Logical():
                raise ExpressionError("a value is a number, not a condition", term.column)
    return expr


def parse_condition(source: str) -> Expr:
    """`training.optimizer == sgd and training.batch_size > 128`. ExpressionError where it is no condition."""
    expr = _parse(source)
    _must_be_condition(expr, "a condition compares")
    return expr


def _parse(source: str) -> Expr:
    expr = _Parser(source).whole()
    if depth(expr) > MOST_LEVELS:
        _refuse_depth(1)
    # What is read can be written and read again.
    if len(written := text(expr)) > MOST_CHARACTERS:
        rule = f"an expression has at most {MOST_CHARACTERS} characters, blanks around operators included"
        raise ExpressionError(f"{rule}. Got {len(written)}", 1)
    return expr


class _Parser:
    """One pass over the tokens. Each method leaves the cursor at the first token that is not its own."""

    def __init__(self, source: str) -> None:
        self.cursor = Cursor(source)
        self.level = -1

    def whole(self) -> Expr:
        expr = self.expression(LOWEST)
        self.cursor.end()
        return expr

    def expression(self, least: int) -> Expr:
        """What stands here, as far as operators bind at least so tightly."""
        self.level += 1
        if self.level > MOST_LEVELS:
            _refuse_depth(self.cursor.next.column)
        expr = self.operand(least)
        while (operator := self.infix()) and LEVELS[operator] >= least:
            expr = self.operation(expr, operator)
        self.level -= 1
        return expr

    # --- operators ---

    def infix(self) -> str | None:
        """The operator that comes next; `not in` is one."""
        if self.cursor.stands("not"):
            return "not in" if self.cursor.after_next.is_one_of("in") else None
        return self.cursor.next.text if self.cursor.stands(*LEVELS) else None

    def operation(self, left: Expr, operator: str) -> Expr:
        column = self.cursor.take().column
        if operator in get_args(LogicalOperator):
            right = self.expression(LEVELS[operator] + 1)
            for side in (left, right):
                _must_be_condition(side, f"'{operator}' joins conditions")
            return Logical(operator=cast("LogicalOperator", operator), left=left, right=right, column=column)
        if LEVELS[operator] == LEVELS["=="] and isinstance(left, Comparison | Membership):
            raise ExpressionError("comparisons are not chained. Write 'a < b and b < c'", column)
        _must_be_value(left, operator)
        if operator in ("in", "not in"):
            return Membership(left=left, options=self.options(operator), negated=operator == "not in", column=column)
        # 2 ** 3 ** 2 is 2 ** (3 ** 2), where 2 - 3 - 2 is (2 - 3) - 2.
        right = self.expression(LEVELS[operator] + (operator != "**"))
        _must_be_value(right, operator)
        if operator in get_args(ComparisonOperator):
            return Comparison(operator=cast("ComparisonOperator", operator), left=left, right=right, column=column)
        return Arithmetic(operator=cast("ArithmeticOperator", operator), left=left, right=right, column=column)

    def options(self, operator: str) -> tuple[Expr, ...]:
        if operator == "not in":
            self.cursor.take()
        if not self.cursor.stands("["):
            self.cursor.refuse("a list in brackets follows 'in': [relu, elu]")
        self.cursor.take()
        options = self.values(operator)
        self.cursor.close("]")
        return options

    def values(self, around: str) -> tuple[Expr, ...]:
        """Values with commas between them."""
        found = [self.expression(LOWEST)]
        while self.cursor.stands(","):
            self.cursor.take()
            found.append(self.expression(LOWEST))
        for value in found:
            _must_be_value(value, around)
        return tuple(found)

    # --- operands ---

    def operand(self, least: int) -> Expr:
        token = self.cursor.next
        match token.kind:
            case "number":
                return Constant(value=self.cursor.take_number(), column=token.column)
            case "text":
                return Constant(value=self.cursor.take().text[1:-1], column=token.column)
            case "variable":
                return Variable(name=self.cursor.take().text[1:], column=token.column)
            case "word":
                return self.word(least)
            case "mark" if token.text == "-":
                return self.negative()
            case "mark" if token.text == "(":
                self.cursor.take()
                expr = self.expression(LOWEST)
                self.cursor.close(")")
                return expr
        raise self.cursor.missing_value()

    def negative(self) -> Expr:
        column = self.cursor.take().column
        operand = self.expression(LEVELS["unary -"])
        _must_be_value(operand, "-")
        return Negative(operand=operand, column=column)

    def word(self, least: int) -> Expr:
        word, after = self.cursor.next, self.cursor.after_next
        # A layer may be called `in` or `max`; a dot tells that one is meant.
        if word.text in KEYWORDS and not after.is_one_of("."):
            return self.keyword(least)
        if after.is_one_of("("):
            return self.call()
        if after.is_one_of(".", "["):
            return read_parameter(self.cursor)
        if word.text in SPELT_OTHERWISE:
            hint = f"Did you mean '{SPELT_OTHERWISE[word.text]}'?"
            self.cursor.refuse(f"keywords are lower case. Got '{word.text}'. {hint}")
        return Word(name=self.cursor.take().text, column=word.column)

    def keyword(self, least: int) -> Expr:
        word = self.cursor.next
        if word.text in CONSTANTS:
            self.cursor.take()
            return Constant(value=CONSTANTS[word.text], column=word.column)
        if word.text != "not":
            raise self.cursor.missing_value()
        if least > LEVELS["not"]:
            self.cursor.refuse("'not' stands before a whole condition, not within one")
        self.cursor.take()
        operand = self.expression(LEVELS["not"])
        _must_be_condition(operand, "'not' stands before a condition")
        return Not(operand=operand, column=word.column)

    def call(self) -> Expr:
        name = self.cursor.take()
        if name.text not in FUNCTIONS:
            hint = suggestion(name.text, FUNCTIONS) or f" Known: {', '.join(FUNCTIONS)}"
            raise ExpressionError(f"unknown function '{shown(name.text)}'.{hint}", name.column)
        self.cursor.take()
        arguments = () if self.cursor.stands(")") else self.values(name.text)
        self.cursor.close(")")
        if name.text == "round" and len(arguments) != 1:
            raise ExpressionError(f"round takes one value. Got {len(arguments)}", name.column)
        if name.text != "round" and len(arguments) < 2:  # noqa: PLR2004 - the text says it
            raise ExpressionError(f"{name.text} takes two values or more. Got {len(arguments)}", name.column)
        return Call(function=cast("Function", name.text), arguments=arguments, column=name.column)


def _must_be_value(expr: Expr, around: str) -> None:
    if isinstance(expr, Condition):
        raise ExpressionError(f"'{around}' takes values, not conditions. Use 'and', 'or', 'not'", expr.column)


def _must_be_condition(expr: Expr, rule: str) -> None:
    """A parameter or a variable may be one by itself, if it is true or false. A bare word never names such a one."""
    is_truth = isinstance(expr, Constant) and isinstance(expr.value, bool)
    if not (is_truth or isinstance(expr, Condition | Variable | ParameterName)):
        what = any_of(["==", "!=", "<", "<=", ">", ">=", "in"])
        raise ExpressionError(f"{rule}. Use {what}. Got only a value", expr.column)


def _refuse_depth(column: int) -> NoReturn:
    raise ExpressionError(
        f"an expression has at most {MOST_LEVELS} levels of operators and parentheses. Got more", column
    )
