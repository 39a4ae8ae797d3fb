"""A report as a document: sections of blocks, before it is HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Prose:
    """One paragraph."""

    kind: ClassVar[str] = "prose"
    text: str
    tone: Literal["lead", "plain", "note"] = "plain"
    """'lead' is the answer itself, 'note' what a reader must know before believing it."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """The headline numbers."""

    kind: ClassVar[str] = "tiles"
    items: tuple[Tile, ...]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One figure."""

    name: str
    """Unique within the report; the file's stem."""
    title: str
    caption: str
    """How to read it, for somebody who has not seen one before."""
    alt: str
    """What it shows, for somebody who cannot see it."""
    draw: Callable[[], Figure]
    draw_narrow: Callable[[], Figure] | None = None
    """The same for screens too narrow for `draw`; None where that fits any."""


@dataclass(frozen=True, kw_only=True)
class Plots:
    """Figures that belong side by side where the page is wide enough."""

    kind: ClassVar[str] = "plots"
    items: tuple[Plot, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    title: str
    look: Literal["text", "number", "code"] = "text"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of finished text, one cell for each column."""

    kind: ClassVar[str] = "table"
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: int | None = None
    """Index of the row to set off (the winner)."""
    total: bool = False
    """Whether the last row sums up the others."""
    named_rows: bool = False
    """Whether the first cell of a row says what the others hold."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Names and what they stand for."""

    kind: ClassVar[str] = "facts"
    title: str
    items: tuple[tuple[str, str], ...]
    code: bool = False
    """Whether the values are to be read letter by letter (hashes, paths)."""


@dataclass(frozen=True, kw_only=True)
class Bullets:
    kind: ClassVar[str] = "bullets"
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Text to copy."""

    kind: ClassVar[str] = "listing"
    title: str
    text: str
    language: str = ""
    folded: bool = False
    """Whether it stays closed until asked for."""


Block: TypeAlias = Prose | Tiles | Plots | Table | Facts | Bullets | Listing


@dataclass(frozen=True, kw_only=True)
class Section:
    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    title: str
    subtitle: str
    made: str
    """When, in words."""
    notice: str
    """What is provisional about it; empty when all is done."""
    sections: tuple[Section, ...]
    kind: Literal["report", "comparison"] = "report"
    """What it is; also the stem of its files."""

    def plots(self) -> tuple[Plot, ...]:
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(plot for block in blocks if isinstance(block, Plots) for plot in block.items)
