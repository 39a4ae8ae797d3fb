"""Bars of importance, labelled directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.drawing.canvas import SMALL, TEXT, WIDTH, canvas, label, verbatim
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

_BARS = 12
_NAME = 40


def importance(shares: Mapping[str, float]) -> Figure:
    bars = _bars(shares)
    figure, axes = canvas(width=1.3 * WIDTH, height=0.75 + 0.27 * len(bars))
    rows = range(len(bars))
    values = [100 * share for _, share in bars]
    axes.barh(rows, values, height=0.62, color=LIGHT["blue"])
    for row, value in zip(rows, values, strict=True):
        words = axes.annotate(text.percent(value / 100), (value, row), xytext=(5, 0), textcoords="offset points")
        words.set(va="center", fontsize=SMALL, color=LIGHT["ink"])
    axes.set_yticks(rows, [name for name, _ in bars])
    verbatim(axes.get_yticklabels())
    axes.tick_params(axis="y", length=0, labelsize=TEXT, labelcolor=LIGHT["ink"])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    axes.set_xlim(0, 1.14 * max([*values, 1e-9]))
    label(axes, x="share of the spread of scores, %")
    return figure


def _bars(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    named = [(text.shorten(name, _NAME), share) for name, share in shares.items()]
    if len(named) <= _BARS:
        return named
    rest = named[_BARS - 1 :]
    return [*named[: _BARS - 1], (f"the other {len(rest)} together", sum(share for _, share in rest))]
