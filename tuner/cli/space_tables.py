"""A space on the terminal: its parameters, its bounds, its presets. And as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tuner.cli.families import Family, families
from tuner.cli.printing import printable
from tuner.cli.wording import broken, size_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from search_spaces import SearchSpace

GAP = 2
"""Columns of the terminal between two columns of a table, and at its sides together."""
LEGIBLE = 26
"""Columns that values must have to stand in a table."""

LIMITS = {"parameters": "parameters", "multiply_adds": "multiply-adds", "model_bytes": "bytes of weights"}


def plain_table(*headings: str, right: int = 0) -> Table:
    """A table with lines under its headings only; the last `right` columns hold numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for position, heading in enumerate(headings):
        number = position >= len(headings) - right
        table.add_column(heading, justify="right" if number else "left", no_wrap=number, overflow="fold")
    return table


def print_space(space: SearchSpace, out: Console) -> None:
    """Headline, parameters, bounds, presets."""
    print_headline(space, out)
    print_parameters(space, out)
    print_bounds(space, out)


def print_headline(space: SearchSpace, out: Console) -> None:
    from rich.text import Text

    out.print(Text.assemble((space.name, "bold"), f"  {printable(space.description)}"))
    n = len(space.parameters())
    out.print(Text(f"{n} parameter{'' if n == 1 else 's'}, {count_text(space)}"))


def count_text(space: SearchSpace) -> str:
    """`infinitely many configurations`, `1,234 configurations, forbidden ones not counted`."""
    size = space.size()
    if size.configurations is None:
        return "more configurations than can be counted" if size.finite else "infinitely many configurations"
    counted = f"{size_text(size.configurations)} configuration{'' if size.configurations == 1 else 's'}"
    if not space.forbids.rules:
        return counted
    return f"{counted}, forbidden ones {'not ' if size.without_forbidden else ''}counted"


def print_parameters(space: SearchSpace, out: Console) -> None:
    """Every parameter, repetitions that are alike in one row; a list where a table would be too narrow."""
    rows = families(space)
    if not rows:
        return
    names, values, defaults, conditions = (max(map(len, column)) for column in zip(*map(_cells, rows), strict=True))
    left = out.width - names - max(defaults, len("default")) - 3 * GAP
    if left < min(values, LEGIBLE):
        _print_list(rows, out)
    else:
        out.print()
        out.print(_parameter_table(rows, roomy=left >= values + conditions + GAP))


def _cells(row: Family) -> tuple[str, str, str, str]:
    return row.name, row.values, row.default, row.where


def _parameter_table(rows: list[Family], *, roomy: bool) -> Table:
    """Conditions have a column of their own where there is room, else they stand below, where they are shorter."""
    from rich.text import Text

    conditional = roomy and any(row.where for row in rows)
    table = plain_table("parameter", "values", "default", *(["active where"] if conditional else []))
    widest = max(len(row.name) for row in rows)
    for position in (0, 2):
        table.columns[position].no_wrap = True
    for row in rows:
        cells = Text(row.name), Text(row.values), Text(row.default)
        if row.where and not conditional:
            short = len(f"  where {row.where}") <= widest
            cells[0 if short else 1].append(f"\n{'  ' if short else ''}where {row.where}", "dim")
        table.add_row(*cells, *([Text(row.where)] if conditional else []))
    return table


def _print_list(rows: list[Family], out: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out.print()
    for row in rows:
        out.print(Text(broken(row.name, out.width)))
        where = Text(f"\nwhere {row.where}" if row.where else "", "dim")
        out.print(Padding(Text.assemble(f"{row.values} (default {row.default})", where), (0, 0, 0, 4)))


def print_bounds(space: SearchSpace, out: Console) -> None:
    """Limits, rules, presets and those set aside: a line each."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    for what, text in _bounds(space):
        grid.add_row(Text(what, "bold"), Text(printable(text)))
    if grid.row_count:
        out.print()
        out.print(grid)


def _bounds(space: SearchSpace) -> list[tuple[str, str]]:
    limits = [f"{limit:,} {LIMITS[name]}" for name, limit in asdict(space.limits).items() if limit is not None]
    lines = [("limits", f"at most {' and '.join(limits)}")] if limits else []
    lines += [("forbidden", str(rule)) for rule in space.forbids.rules]
    for name, preset in space.presets.items():
        figures = ", ".join(f"{what} {figure:,.10g}" for what, figure in preset.published.items())
        lines.append(("preset", f"{name}{f', with {figures} reported' if figures else ''}"))
    lines += [("set aside", text) for text in _set_aside(space)]
    # A word stands once for all lines that begin with it.
    return [("" if index and lines[index - 1][0] == what else what, text) for index, (what, text) in enumerate(lines)]


def _set_aside(space: SearchSpace) -> Iterator[str]:
    """Presets that do not fit, with the reason, which is often the same for several."""
    names: dict[str, list[str]] = {}
    for name, reason in space.set_aside.items():
        names.setdefault(reason, []).append(name)
    for reason, alike in names.items():
        yield f"{', '.join(alike)}: {reason}"


def space_document(space: SearchSpace) -> dict[str, Any]:
    """All that is known of the space, for JSON."""
    needs, size = space.needs(), space.size()
    return {
        "name": space.name,
        "description": space.description,
        "source": space.source,
        "fingerprint": space.fingerprint,
        "size": size.configurations,
        "size_without_forbidden": size.without_forbidden,
        "limits": asdict(space.limits),
        "forbid": [str(rule) for rule in space.forbids.rules],
        "parameters": [
            {
                "name": each.name,
                "domain": each.domain.describe(),
                "values": {"kind": type(each.domain).__name__.lower(), **asdict(each.domain)},
                "default": each.default,
                "where": list(needs[each.name]),
            }
            for each in space.parameters()
        ],
        "presets": {
            name: {"values": dict(preset.values), "published": dict(preset.published)}
            for name, preset in space.presets.items()
        },
        "set_aside": dict(space.set_aside),
    }
