"""Scores against the values of single parameters: a small panel each, all on one scale of scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reports import text
from reports.drawing.axes import is_logarithmic
from reports.drawing.canvas import SMALL, dress, legend, verbatim
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.slices import Slice

_WIDTH, _HEIGHT = 3.4, 2.35
"""Inches of one panel."""
_NAME, _OPTION = 34, 11
_CROWDED = 5
"""Options from which on their names stand upright."""
_TICKS = 5
_SPREAD = 0.16
"""Of a column of options, by which marks are moved apart."""


def slices(shown: Sequence[Slice], *, columns: int, score: str = "validation accuracy") -> Figure:
    """Panels in so many columns, in the order given; `score` is what the scores are called."""
    from matplotlib.figure import Figure

    rows = -(-len(shown) // columns)
    size = (columns * _WIDTH, rows * _HEIGHT + 0.4)
    figure = Figure(figsize=size, layout="constrained", facecolor=LIGHT["surface"])
    low, high = _scale(shown)
    handles: dict[str, Artist] = {}
    for position, each in enumerate(shown):
        axes = figure.add_subplot(rows, columns, position + 1, facecolor=LIGHT["surface"])
        dress(axes)
        _panel(axes, each, handles)
        axes.set_ylim(low, high)
        if position % columns:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(f"{score}, %", color=LIGHT["muted"], fontsize=SMALL)
    legend(figure, handles.values(), columns=len(handles))
    return figure


def _scale(shown: Sequence[Slice]) -> tuple[float, float]:
    """The worst quarter would press all else together: it may lie below."""
    scores = [100 * point.score for each in shown for point in each.points]
    best, quarter = max(scores), float(np.quantile(scores, 0.25))
    floor = max(min(scores), quarter - 2 * max(best - quarter, 0.5))
    room = max(0.06 * (best - floor), 0.2)
    return floor - room, best + room


_KINDS = (("complete", "o", "blue", True), ("ended early", "v", "amber", False))
"""What it is called, marker, colour, whether it is filled."""


def _panel(axes: Axes, of: Slice, handles: dict[str, Artist]) -> None:
    numbers = all(isinstance(point.value, int | float) and not isinstance(point.value, bool) for point in of.points)
    options = list(dict.fromkeys(text.plain(point.value) for point in of.points))
    for name, marker, colour, filled in _KINDS:
        points = [point for point in of.points if point.complete is (name == "complete")]
        if not points:
            continue
        if numbers:
            x = [float(point.value) for point in points]
        else:
            moved = [_SPREAD * (((7 * i) % 5) - 2) / 2 for i in range(len(points))]
            x = [options.index(text.plain(p.value)) + by for p, by in zip(points, moved, strict=True)]
        face, edge = (LIGHT[colour], LIGHT["surface"]) if filled else (LIGHT["surface"], LIGHT[colour])
        handles[name] = axes.scatter(
            x, [100 * point.score for point in points], s=24, marker=marker, color=face, edgecolors=edge,
            linewidths=0.9, zorder=3 if filled else 2, label=name,
        )  # fmt: skip
    if numbers:
        _number_axis(axes, [float(point.value) for point in of.points])
    else:
        names = [text.shorten(option, _OPTION) for option in options]
        crowded = len(options) >= _CROWDED
        axes.set_xticks(range(len(options)), names, rotation=90 if crowded else 0)
        axes.set_xlim(-0.5, len(options) - 0.5)
        verbatim(axes.get_xticklabels())
    axes.tick_params(labelsize=SMALL - 1)
    axes.set_title(_tail(of.name), fontsize=SMALL, color=LIGHT["ink"], loc="left")
    verbatim([axes.title])


def _tail(name: str) -> str:
    """Names of one family differ at their ends."""
    return name if len(name) <= _NAME else f"…{name[1 - _NAME :]}"


def _number_axis(axes: Axes, values: Sequence[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = min(values), max(values)
    if is_logarithmic(low, high):
        axes.set_xscale("log")
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [m * 10.0**k for k in decades for m in (1, 3) if low <= m * 10.0**k <= high]
        shown = ticks if len(ticks) <= _TICKS else [tick for tick in ticks if math.log10(tick).is_integer()]
        axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
        axes.minorticks_off()
        room = math.exp(0.05 * math.log(high / low))
        axes.set_xlim(low / room, high * room)
    else:
        whole = all(value == int(value) for value in values)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=_TICKS, integer=whole, min_n_ticks=1))
        axes.margins(x=0.06)
