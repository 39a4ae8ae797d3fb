"""The confusion matrix, for 2 to hundreds of classes. Cells are a few paths, so that 10,000 of them stay small."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Literal

import numpy as np

from reports import text
from reports.drawing.canvas import SMALL, TEXT, dress, label, verbatim
from reports.drawing.palette import DEEP, LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from numpy.typing import NDArray

MOST_CLASSES_WITH_NUMBERS = 25
_MOST_NAMES = 50
_WITH_DECIMALS = 12
_NAME = 22
_FITS_A_CELL = 3
_POINTS = 72
_RIGHT = (0.5, 0.7, 0.8, 0.9, 0.96)
_WRONG = (0.01, 0.03, 0.08, 0.2, 0.4)
"""Shares of a row at which the colour deepens: fixed, so that two reports can be laid side by side."""


def confusion(matrix: NDArray[np.int64], names: Sequence[str], show: Literal["counts", "shares"]) -> Figure:
    from matplotlib.figure import Figure

    n = len(names)
    side = n * _cell(n)
    figure = Figure(figsize=(side, side), facecolor=LIGHT["surface"])
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor=LIGHT["surface"])
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    _paint(axes, shares)
    if n <= MOST_CLASSES_WITH_NUMBERS:
        _write(axes, matrix, shares, show)
    _dress(axes, names)
    _fit(figure, side)
    return figure


def step_of_names(n: int) -> int:
    """Every which class is named on the axes."""
    return -(-n // _MOST_NAMES)


def _cell(n: int) -> float:
    """Inches of one cell."""
    if n <= 4:  # noqa: PLR2004
        return 0.75
    if n <= MOST_CLASSES_WITH_NUMBERS:
        return 0.41
    return 8.5 / n


def _role(share: float, *, right: bool) -> str:
    return f"right{1 + bisect_right(_RIGHT, share)}" if right else f"wrong{1 + bisect_right(_WRONG, share)}"


def _paint(axes: Axes, shares: NDArray[np.float64]) -> None:
    """One compound path for each colour; cells without images stay blank."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    cells: dict[str, list[tuple[int, int]]] = {}
    for row, column in zip(*(axis.tolist() for axis in np.nonzero(shares)), strict=True):
        cells.setdefault(_role(float(shares[row, column]), right=row == column), []).append((row, column))
    for role, where in cells.items():
        codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(where)
        corners = np.concatenate([_corners(row, column) for row, column in where])
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=LIGHT[role], edgecolor="none", linewidth=0))


def _corners(row: int, column: int) -> NDArray[np.float64]:
    left, right, top, bottom = column - 0.48, column + 0.48, row - 0.48, row + 0.48
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])


def _write(axes: Axes, matrix: NDArray[np.int64], shares: NDArray[np.float64], show: str) -> None:
    digits = 1 if len(matrix) <= _WITH_DECIMALS else 0
    for row, column in zip(*(axis.tolist() for axis in np.nonzero(matrix)), strict=True):
        share = float(shares[row, column])
        shown = text.count(int(matrix[row, column])) if show == "counts" else text.share(share, digits)
        colour = LIGHT["on_deep" if _role(share, right=row == column) in DEEP else "on_pale"]
        size = min(SMALL, 0.88 * _cell(len(matrix)) * _POINTS / (0.62 * len(shown)))
        axes.text(column, row, shown, ha="center", va="center", fontsize=size, color=colour)


def _dress(axes: Axes, names: Sequence[str]) -> None:
    dress(axes)
    n, step = len(names), step_of_names(len(names))
    places = range(0, n, step)
    shown = [text.shorten(names[place], _NAME) for place in places]
    size = min(TEXT, 0.9 * step * _cell(n) * _POINTS)
    axes.set_xticks(places, shown)
    _turn(axes.get_xticklabels(), upright=n > _WITH_DECIMALS)
    axes.set_yticks(places, shown)
    verbatim([*axes.get_xticklabels(), *axes.get_yticklabels()])
    axes.tick_params(length=0, labelsize=size, labelcolor=LIGHT["ink"], pad=4)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    label(axes, x="what the model said", y="true class")


def _turn(labels: Sequence[Text], *, upright: bool) -> None:
    """Names longer than a cell are turned about their end."""
    if max(len(name.get_text()) for name in labels) <= _FITS_A_CELL:
        return
    for name in labels:
        name.set(rotation=90 if upright else 45, rotation_mode="anchor", horizontalalignment="right")
        name.set(verticalalignment="center" if upright else "top")


def _fit(figure: Figure, side: float) -> None:
    """Makes the figure as large as cells of fixed size and labels of any length need."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    box = axes.get_tightbbox()
    if box is None:
        return
    left, below = _margin(-box.x0, figure.dpi), _margin(-box.y0, figure.dpi)
    width = left + side + _margin(box.x1 - side * figure.dpi, figure.dpi)
    height = below + side + _margin(box.y1 - side * figure.dpi, figure.dpi)
    figure.set_size_inches(width, height)
    axes.set_position((left / width, below / height, side / width, side / height))


def _margin(pixels: float, dpi: float) -> float:
    """Inches of margin for so many pixels of labels."""
    return max(pixels, 0.0) / dpi + 0.08
