"""A blank figure in the report's dress: size, type, grid, legend above the data. No pyplot, no global state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

WIDTH, HEIGHT = 6.0, 3.9
"""Inches; 432 points, about the width of half a page, so that text keeps its size there."""
TEXT = 11.5
SMALL = 10.5


def canvas(*, width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor=LIGHT["surface"])
    axes = figure.add_subplot(facecolor=LIGHT["surface"])
    dress(axes)
    return figure, axes


def panels(*, stacked: bool, lines: int) -> tuple[Figure, tuple[Axes, Axes]]:
    """Two axes side by side, or one above the other, below a legend of so many lines."""
    from matplotlib.figure import Figure

    width, height = (WIDTH, 1.6 * HEIGHT) if stacked else (2 * WIDTH, 0.95 * HEIGHT)
    figure = Figure(
        figsize=(width, height + 1.6 * SMALL / 72 * lines), layout="constrained", facecolor=LIGHT["surface"]
    )
    rows, columns = (2, 1) if stacked else (1, 2)
    first = figure.add_subplot(rows, columns, 1, facecolor=LIGHT["surface"])
    second = figure.add_subplot(rows, columns, 2, facecolor=LIGHT["surface"])
    dress(first)
    dress(second)
    return figure, (first, second)


def dress(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LIGHT["ghost"])
    axes.tick_params(colors=LIGHT["muted"], labelsize=SMALL, length=3, width=0.8)
    axes.grid(axis="y", color=LIGHT["grid"], linewidth=0.8)
    axes.set_axisbelow(True)


def label(axes: Axes, *, x: str = "", y: str = "") -> None:
    """Names the axes; units belong in the names."""
    axes.set_xlabel(x, color=LIGHT["muted"], fontsize=TEXT)
    axes.set_ylabel(y, color=LIGHT["muted"], fontsize=TEXT)


def named_rows(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, the last at 1 and lowest; what stands in the rows is measured along x."""
    axes.set_yticks(range(len(names), 0, -1), list(names))
    axes.set_ylim(0.4, len(names) + 0.6)
    axes.tick_params(axis="y", length=0, labelsize=SMALL, labelcolor=LIGHT["ink"])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)


def whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=9, steps=[1, 2, 5, 10]))


def legend(figure: Figure, handles: Iterable[Artist], *, columns: int, length: float = 1.6) -> None:
    """Above the axes, where no data are. `length` is that of a line's sample: dashes need more to be told apart."""
    shown = list(handles)
    figure.legend(
        handles=shown,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=LIGHT["ink"],
        handlelength=length,
        columnspacing=1.3,
        borderaxespad=0.2,
    )


def verbatim(texts: Iterable[Text]) -> None:
    """Names are shown as they are: a dollar sign starts no formula."""
    for text in texts:
        text.set_parse_math(False)
