"""Scores against a cost: the Pareto front as a staircase, and what lies behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.drawing.axes import percent_axis
from reports.drawing.canvas import SMALL, canvas, label, legend
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_TICKS = 6
_NEAR = 0.06
"""Share of the width and of the height within which a second number would cover the first."""
_STEPS = (1, 2, 5)
_UNITS = ((1e9, "G"), (1e6, "M"))


@dataclass(frozen=True, kw_only=True)
class Point:
    """One complete trial."""

    trial: int
    cost: float
    """Above 0; the less the better."""
    score: float
    """Between 0 and 1."""
    on_front: bool = False
    """Of all objectives, which may be more than these two."""
    ringed: bool = False


def scale_of(points: Sequence[Point]) -> tuple[float, float]:
    """Per cent from where to where. What scored far below the others would press them into one line."""
    scores = [100 * point.score for point in points]
    best, quarter = max(scores), float(np.quantile(scores, 0.25))
    floor = max(min(scores), quarter - 2 * max(best - quarter, 0.5))
    room = max(0.08 * (best - floor), 0.2)
    return max(floor - room, 0.0), best + 1.5 * room


def trade_off(points: Sequence[Point], cost: str, ringed: str) -> Figure:
    """`cost` names the axis, with its unit; `ringed` says what is special about the point that is."""
    figure, axes = canvas()
    floor, top = scale_of(points)
    shown = [point for point in points if 100 * point.score >= floor]
    front = [point for point in shown if point.on_front]
    behind = [point for point in shown if not point.on_front]
    handles = [*_staircase(axes, shown), *_marks(axes, front, "on the front", "blue", filled=True)]
    handles += _marks(axes, behind, "behind it", "muted", filled=False)
    handles += _ring(axes, [point for point in shown if point.ringed], ringed)
    _cost_axis(axes, [point.cost for point in shown])
    percent_axis(axes, floor, top)
    _number(axes, front)
    label(axes, x=cost, y="validation accuracy, %")
    legend(figure, handles, columns=4)
    return figure


def _staircase(axes: Axes, points: Sequence[Point]) -> list[Artist]:
    """The best score that is to be had at each cost or less."""
    steps: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.score)):
        if not steps or point.score > steps[-1].score:
            steps.append(point)
    end = max(point.cost for point in points)
    x, y = [*(step.cost for step in steps), end], [*(100 * step.score for step in steps), 100 * steps[-1].score]
    return [
        *axes.step(x, y, where="post", color=LIGHT["blue"], linewidth=1.3, zorder=2, label="best at this cost or less")
    ]


def _marks(axes: Axes, points: Sequence[Point], name: str, colour: str, *, filled: bool) -> list[Artist]:
    if not points:
        return []
    x, y = [point.cost for point in points], [100 * point.score for point in points]
    face, edge = (LIGHT[colour], LIGHT["surface"]) if filled else (LIGHT["surface"], LIGHT[colour])
    marker, size = ("o", 46) if filled else ("D", 24)
    marks = axes.scatter(x, y, s=size, marker=marker, color=face, edgecolors=edge, linewidths=1.1, zorder=3)
    marks.set_label(name)
    return [marks]


def _ring(axes: Axes, points: Sequence[Point], name: str) -> list[Artist]:
    if not points:
        return []
    x, y = [point.cost for point in points], [100 * point.score for point in points]
    ring = axes.scatter(x, y, s=150, facecolors="none", edgecolors=LIGHT["ink"], linewidths=1.6, zorder=4)
    ring.set_label(name)
    return [ring]


def _number(axes: Axes, front: Sequence[Point]) -> None:
    """Trial numbers above the points, the ringed one's first; none where it would cover another."""
    taken: list[tuple[float, float]] = []
    for point in sorted(front, key=lambda point: (not point.ringed, -point.score)):
        place = axes.transData.transform((point.cost, 100 * point.score))
        x, y = (float(side) for side in axes.transAxes.inverted().transform(place))
        if any(abs(x - left) < _NEAR and abs(y - low) < _NEAR for left, low in taken):
            continue
        taken.append((x, y))
        words = axes.annotate(
            str(point.trial), (point.cost, 100 * point.score), xytext=(0, 8), textcoords="offset points"
        )
        words.set(ha="center", va="bottom", fontsize=SMALL, color=LIGHT["muted"])


def _cost_axis(axes: Axes, costs: Sequence[float]) -> None:
    """Logarithmic: half as large is as much of a gain for small models as for large ones."""
    low, high = min(costs), max(costs)
    room = max((high / low) ** 0.06, 1.03)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    ticks = _ticks(low / room, high * room)
    axes.set_xticks(ticks, [_written(tick) for tick in ticks])
    axes.set_xticks([], minor=True)


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each decade; fewer over many decades, even steps over a part of one."""
    from matplotlib.ticker import MaxNLocator

    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (_STEPS, (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        shown = [tick for tick in ticks if low <= tick <= high]
        if len(shown) <= _MOST_TICKS:
            break
    if len(shown) > 2:  # noqa: PLR2004 - two say nothing of what is between
        return shown
    return [
        float(tick) for tick in MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high
    ]


def _written(tick: float) -> str:
    for size, name in _UNITS:
        if tick >= size:
            return f"{tick / size:g} {name}"
    return f"{tick:,.0f}" if tick >= 10 else f"{tick:g}"  # noqa: PLR2004 - digits
