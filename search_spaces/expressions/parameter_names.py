"""How an expression names a parameter: `conv[$i + 1].conv2d.filters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.expressions.terms import INDEX, ParameterName, Part, Position
from search_spaces.expressions.tokens import ExpressionError
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.expressions.cursor import Cursor


def read_parameter(cursor: Cursor) -> ParameterName:
    """The name at the cursor. ExpressionError where it breaks off or an index is none."""
    column = cursor.next.column
    parts = [_part(cursor)]
    while cursor.stands("."):
        cursor.take()
        parts.append(_part(cursor))
    return ParameterName(parts=tuple(parts), column=column)


def _part(cursor: Cursor) -> Part:
    if cursor.next.kind != "word":
        cursor.refuse(f"a name follows '.'. Got {_got(cursor)}")
    name = cursor.take().text
    if not cursor.stands("["):
        return Part(name=name)
    cursor.take()
    position = _index(cursor)
    cursor.close("]")
    return Part(name=name, position=position)


def _index(cursor: Cursor) -> Position:
    if cursor.next.kind != "variable" or cursor.next.text != f"${INDEX}":
        return Position(offset=_whole_number(cursor))
    cursor.take()
    if not cursor.stands("+", "-"):
        return Position(offset=0, relative=True)
    sign = -1 if cursor.take().text == "-" else 1
    return Position(offset=sign * _whole_number(cursor), relative=True)


def _whole_number(cursor: Cursor) -> int:
    got, column = _got(cursor), cursor.next.column
    number = cursor.take_number()
    if not isinstance(number, int):
        raise ExpressionError(f"an index is 0, 1, 2 ..., or $i, $i + 1, $i - 1. Got {got}", column)
    return number


def _got(cursor: Cursor) -> str:
    return "nothing" if cursor.next.kind == "end" else f"'{shown(cursor.next.text)}'"
