"""The text of an expression cut into its smallest parts. Only here is known which characters may stand in one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from search_spaces.wording import shown

MOST_CHARACTERS = 500
"""Longer is not written by hand, and no longer read either."""

MISSPELT = {
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "&&": "and",
    "||": "or",
    "^": "**",
    "&": "and",
    "|": "or",
    "!": "not",
}
"""Operators of other languages -> ours."""

TOKEN = re.compile(
    r"""
      (?P<blank> [ \t\r\n]+ )
    | (?P<number> (?: [0-9]+(?:_[0-9]+)* (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][-+]?[0-9]+ )? )
    | (?P<word> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<variable> \$ [A-Za-z_][A-Za-z0-9_]* )
    | (?P<text> '[^'\\]*' | "[^"\\]*" )
    | (?P<misspelt> ===|!==|<>|=<|=>|&&|\|\||[\^&|]|!(?!=) )
    | (?P<mark> \*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],.] )
    """,
    re.VERBOSE,
)
GLUED = re.compile(r"[A-Za-z0-9_.]+")


class ExpressionError(ValueError):
    """An expression that cannot be read or computed. Its text is one line: the rule, then what came."""

    def __init__(self, text: str, column: int) -> None:
        self.text = text
        self.column = column
        """Where in the expression; 1 is its first character."""
        super().__init__(text, column)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Token:
    kind: Literal["number", "word", "variable", "text", "mark", "end"]
    """A mark is an operator, a bracket, a comma or a dot."""
    text: str
    """As written; empty at the end."""
    column: int

    def is_one_of(self, *texts: str) -> bool:
        """Whether it is one of these marks or keywords; a text in quotes never is."""
        return self.kind in ("mark", "word") and self.text in texts


def tokens(source: str) -> tuple[Token, ...]:
    """The parts of the text, an `end` last. ExpressionError at the first character that belongs to none."""
    if len(source) > MOST_CHARACTERS:
        text = f"an expression has at most {MOST_CHARACTERS} characters. Got {len(source):,}"
        raise ExpressionError(text, MOST_CHARACTERS + 1)
    found: list[Token] = []
    position = 0
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:
            raise ExpressionError(_stray(source, position), position + 1)
        token = _token(match)
        if token is not None:
            found.append(token)
        position = match.end()
    return (*found, Token(kind="end", text="", column=len(source) + 1))


def _token(match: re.Match[str]) -> Token | None:
    text, column = match.group(), match.start() + 1
    match match.lastgroup:
        case "blank":
            return None
        case "number":
            if glued := GLUED.match(match.string, match.end()):
                word = shown(text + glued.group())
                raise ExpressionError(
                    f"'{word}' is not a number. Put a text that starts with a digit in quotes", column
                )
            return Token(kind="number", text=text, column=column)
        case "word":
            return Token(kind="word", text=text, column=column)
        case "variable":
            return Token(kind="variable", text=text, column=column)
        case "text":
            if not text.isprintable():
                raise ExpressionError(f"a text has no control characters. Got {shown(text)}", column)
            return Token(kind="text", text=text, column=column)
        case "misspelt":
            raise ExpressionError(f"'{text}' is not an operator. Did you mean '{MISSPELT[text]}'?", column)
        case _:
            return Token(kind="mark", text=text, column=column)


def _stray(source: str, position: int) -> str:
    """What is wrong with a character that starts nothing."""
    rest = shown(source[position:])
    match source[position]:
        case "=":
            return "== compares, = does not"
        case "$":
            return f"a name follows '$': letters, digits and _, a letter first. Got '{rest}'"
        case "'" | '"' if "\\" in source[position:]:
            return f"a text has no backslashes. Got {rest}"
        case "'" | '"':
            return f"a quote is not closed. Got {rest}"
        case character:
            return f"'{shown(character)}' has no meaning here"
