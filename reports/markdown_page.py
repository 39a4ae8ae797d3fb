"""A page as GitHub's Markdown, with its figures beside it in `figures/`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from reports import text
from reports.page import Block, Bullets, Facts, Listing, Page, Plot, Plots, Prose, Section, Table, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)")
_LONGEST_FENCE = re.compile(r"`{3,}")


def to_markdown(page: Page) -> str:
    head = [f"# {escape(page.title)}", escape(page.subtitle), escape(page.made)]
    if page.notice:
        head.append(f"> **{escape(page.notice)}**")
    return "\n\n".join([*(part for part in head if part), *map(_section, page.sections)]) + "\n"


def escape(raw: str) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would take for its own."""
    safe = text.one_line(raw).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", safe)


def _section(section: Section) -> str:
    return "\n\n".join([f"## {escape(section.title)}", *(part for part in map(_block, section.blocks) if part)])


def _block(block: Block) -> str:
    match block:
        case Prose():
            words = f"> {escape(block.text)}" if block.tone == "note" else escape(block.text)
        case Tiles():
            words = _tiles(block)
        case Plots():
            words = "\n\n".join(map(_plot, block.items))
        case Table():
            words = f"### {escape(block.title)}\n\n{_table(block)}"
        case Facts():
            words = f"### {escape(block.title)}\n\n{_facts(block)}"
        case Bullets():
            words = f"### {escape(block.title)}\n\n" + "\n".join(f"- {escape(item)}" for item in block.items)
        case Listing():
            words = f"### {escape(block.title)}\n\n{_fenced(block)}"
        case _:
            assert_never(block)
    return words


def _tiles(tiles: Tiles) -> str:
    rows = [(escape(tile.label), f"**{escape(tile.value)}**", escape(tile.detail)) for tile in tiles.items]
    return _grid(["", "", ""], [":-", "-:", ":-"], rows)


def _plot(plot: Plot) -> str:
    image = f"![{escape(plot.alt)}](figures/{plot.name}.png)"
    return f"### {escape(plot.title)}\n\n{image}\n\n{escape(plot.caption)}"


def _facts(facts: Facts) -> str:
    rows = [(escape(name), _code(value) if facts.code else escape(value)) for name, value in facts.items]
    return _grid(["", ""], [":-", ":-"], rows)


def _table(table: Table) -> str:
    looks = [column.look for column in table.columns]
    titles = [_cell(column.title, column.look) for column in table.columns]
    rulers = ["-:" if look == "number" else ":-" for look in looks]
    rows = [[_cell(cell, look) for cell, look in zip(row, looks, strict=True)] for row in table.rows]
    return _grid(titles, rulers, rows)


def _cell(raw: str, look: str) -> str:
    return _code(raw) if look == "code" else escape(raw)


def _grid(titles: Iterable[str], rulers: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """`rows` and `titles` already escaped."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rulers, *rows))


def _code(raw: str) -> str:
    """As code, unless it holds what code in a table cannot hold."""
    words = text.one_line(raw)
    return f"`{words}`" if words and not set(words) & {"`", "|"} else escape(words)


def _fenced(listing: Listing) -> str:
    longest = max((len(run) for run in _LONGEST_FENCE.findall(listing.text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{listing.language}\n{text.clean(listing.text)}\n{fence}"
