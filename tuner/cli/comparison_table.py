"""A table of studies on the terminal: a column each, as many side by side as fit."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from tuner.cli.printing import printable
from tuner.cli.space_tables import GAP, plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from reports.page import Table

HEADING = 26
"""Columns that a study's name may take before it is broken."""


def print_table(table: Table, out: Console) -> None:
    """The first column again and again, before each group of the others that fits the width."""
    columns = [_column(table, index) for index in range(len(table.columns))]
    first, others = columns[0], columns[1:]
    for group in _groups(others, out.width - max(map(len, first))):
        _print(first, group, out)
        out.print()


def _column(table: Table, index: int) -> list[str]:
    return [printable(cell) for cell in (table.columns[index].title, *(row[index] for row in table.rows))]


def _groups(columns: list[list[str]], width: int) -> Iterator[list[list[str]]]:
    group: list[list[str]] = []
    taken = 0
    for column in columns:
        needed = GAP + max(min(len(column[0]), HEADING), *map(len, column[1:]))
        if group and taken + needed > width:
            yield group
            group, taken = [], 0
        group.append(column)
        taken += needed
    yield group


def _print(first: list[str], group: list[list[str]], out: Console) -> None:
    from rich.markup import escape
    from rich.text import Text

    table = plain_table("", *(escape("\n".join(wrap(column[0], HEADING))) for column in group))
    for row in zip(*(column[1:] for column in (first, *group)), strict=True):
        table.add_row(Text(row[0], "dim"), *map(Text, row[1:]))
    out.print(table)
