"""A blank figure in the report's dress: size, type, grid, legend above the data. No pyplot, no global state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=9, steps=[1, 2, 5, 10]))


def legend(figure: Figure, handles: Iterable[Artist], *, columns: int) -> None:
    """Above the axes, where no data are."""
    shown = list(handles)
    figure.legend(
        handles=shown,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=LIGHT["ink"],
        handlelength=1.6,
        columnspacing=1.3,
        borderaxespad=0.2,
    )


def verbatim(texts: Iterable[Text]) -> None:
    """Names are shown as they are: a dollar sign starts no formula."""
    for text in texts:
        text.set_parse_math(False)
