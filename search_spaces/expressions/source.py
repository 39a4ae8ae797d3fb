"""An expression back as text, in one spelling: blanks around operators, no parentheses that change nothing."""

from __future__ import annotations

from search_spaces.expressions.terms import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Expr,
    Logical,
    Membership,
    Negative,
    Not,
    ParameterName,
    Part,
    Position,
    Variable,
    Word,
)
from search_spaces.wording import flow

LEVELS = {
    **dict.fromkeys(["or"], 1),
    **dict.fromkeys(["and"], 2),
    **dict.fromkeys(["not"], 3),
    **dict.fromkeys(["==", "!=", "<", "<=", ">", ">=", "in", "not in"], 4),
    **dict.fromkeys(["+", "-"], 5),
    **dict.fromkeys(["*", "/", "//", "%"], 6),
    **dict.fromkeys(["unary -"], 7),
    **dict.fromkeys(["**"], 8),
}
"""How tightly an operator binds. Source: Python 3.11 reference, section 6.17."""

ATOM = 9
"""Above every operator: what needs no parentheses anywhere."""


def text(expr: Expr) -> str:
    """The expression as it would be written; parsing it gives the expression again."""
    match expr:
        case Negative():
            return f"-{_within(expr.operand, LEVELS['unary -'])}"
        case Not():
            return f"not {_within(expr.operand, LEVELS['not'])}"
        case Arithmetic(operator="**"):
            # To its right a minus needs no parentheses, nor another power: 2 ** -3 ** 2.
            return f"{_within(expr.left, ATOM)} ** {_within(expr.right, LEVELS['unary -'])}"
        case Arithmetic() | Comparison() | Logical():
            level = LEVELS[expr.operator]
            return f"{_within(expr.left, level)} {expr.operator} {_within(expr.right, level + 1)}"
        case Membership():
            word = "not in" if expr.negated else "in"
            return f"{_within(expr.left, LEVELS[word])} {word} [{', '.join(map(text, expr.options))}]"
        case _:
            return _atom(expr)


def _atom(expr: Constant | Variable | Word | ParameterName | Call) -> str:
    match expr:
        case Constant():
            return quoted(expr.value) if isinstance(expr.value, str) else flow(expr.value)
        case Variable():
            return f"${expr.name}"
        case Word():
            return expr.name
        case ParameterName():
            return ".".join(_part(part) for part in expr.parts)
        case Call():
            return f"{expr.function}({', '.join(map(text, expr.arguments))})"


def quoted(words: str) -> str:
    """The text in quotes that do not stand in it."""
    return f'"{words}"' if "'" in words else f"'{words}'"


def _within(expr: Expr, least: int) -> str:
    """The operand, in parentheses where it binds less tightly than it must."""
    return text(expr) if _level(expr) >= least else f"({text(expr)})"


def _level(expr: Expr) -> int:
    match expr:
        case Negative():
            return LEVELS["unary -"]
        case Not():
            return LEVELS["not"]
        case Arithmetic() | Comparison() | Logical():
            return LEVELS[expr.operator]
        case Membership():
            return LEVELS["in"]
        case _:
            return ATOM


def _part(part: Part) -> str:
    return part.name if part.position is None else f"{part.name}[{_position(part.position)}]"


def _position(position: Position) -> str:
    if not position.relative:
        return str(position.offset)
    if not position.offset:
        return "$i"
    return f"$i {'+' if position.offset > 0 else '-'} {abs(position.offset)}"
