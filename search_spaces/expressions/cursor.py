"""A place among the tokens of an expression, and what is said where the wrong one stands there."""

from __future__ import annotations

import math
from typing import NoReturn

from search_spaces.domains import LARGEST_INT
from search_spaces.expressions.tokens import ExpressionError, Token, tokens
from search_spaces.wording import shown


class Cursor:
    """Moves over the tokens from left to right, one at a time."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.position = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    @property
    def after_next(self) -> Token:
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    @property
    def last(self) -> Token | None:
        """The token that was taken last; None before the first."""
        return self.tokens[self.position - 1] if self.position else None

    def take(self) -> Token:
        token = self.next
        # The end is never left: whoever takes it by mistake meets it again.
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def take_number(self) -> int | float | None:
        """The number that comes next; None where something else does."""
        return _number(self.take()) if self.next.kind == "number" else None

    def stands(self, *texts: str) -> bool:
        """Whether the next token is one of these marks or keywords; a text in quotes never is."""
        return self.next.is_one_of(*texts)

    def close(self, bracket: str) -> None:
        """Past the closing bracket. ExpressionError where it is missing."""
        if self.stands(bracket):
            self.take()
        elif self.next.kind in ("mark", "end"):
            self.refuse(f"a '{bracket}' is missing. Got '{shown(self.source)}'")
        else:
            self.refuse_gap()

    def end(self) -> None:
        """ExpressionError where anything is left."""
        token = self.next
        if token.is_one_of(")", "]"):
            self.refuse(f"a '{'(' if token.text == ')' else '['}' is missing. Got '{shown(self.source)}'")
        if token.is_one_of(","):
            self.refuse("a ',' stands only in a list and between the arguments of a function")
        if token.kind != "end":
            self.refuse_gap()

    def refuse(self, problem: str) -> NoReturn:
        raise ExpressionError(problem, self.next.column)

    def refuse_gap(self) -> NoReturn:
        before = shown(self.last.text) if self.last else ""
        self.refuse(f"an operator is missing between '{before}' and '{shown(self.next.text)}'")

    def missing_value(self) -> ExpressionError:
        """What is wrong where a value must come next, and none does."""
        if self.stands("["):
            text = "a list follows 'in'. An option that is a list stands in quotes: '[3, 5]'"
        elif self.next.kind != "end":
            text = f"a value is missing before '{self.next.text}'"
        elif self.last is None:
            text = "an expression has at least one value. Got nothing"
        else:
            text = f"a value is missing after '{shown(self.last.text)}'"
        return ExpressionError(text, self.next.column)


def _number(token: Token) -> int | float:
    digits = token.text.replace("_", "")
    if digits.isdigit():
        if (whole := int(digits)) > LARGEST_INT:
            raise ExpressionError(f"whole numbers must stay within 2**53. Got {shown(token.text)}", token.column)
        return whole
    if not math.isfinite(number := float(digits)):
        raise ExpressionError(f"numbers must be finite. Got {shown(token.text)}", token.column)
    return number
