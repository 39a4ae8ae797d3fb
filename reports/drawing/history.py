"""Scores of all trials, with the best so far, against trial number or time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from reports.drawing.axes import time_unit
from reports.drawing.canvas import canvas, label, legend, whole_numbers
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.report import TrialRow, TrialState

_MARKS: dict[TrialState, tuple[str, str, bool]] = {
    "complete": ("o", "blue", True),
    "pruned": ("v", "amber", False),
    "failed": ("X", "vermilion", True),
    "running": ("s", "green", False),
}
"""Marker, colour and whether it is filled: shape tells the states apart where colour does not."""
_MANY = 200


Marked: TypeAlias = tuple[int, str]
"""Number of the trial to ring, and what it is called."""


def below_scale(trials: Sequence[TrialRow]) -> bool:
    """Whether a trial stands in the row under the scale."""
    shown = _shown(trials)
    floor, _ = _scale(shown)
    return any(_score(trial) < floor for trial in shown)


def history_by_trial(trials: Sequence[TrialRow], marked: Marked | None) -> Figure:
    return _draw(_shown(trials), marked, lambda trial: float(trial.number), "trial")


def history_by_time(trials: Sequence[TrialRow], marked: Marked | None) -> Figure:
    ended = [trial for trial in _shown(trials) if trial.finished_after is not None]
    longest = max((trial.finished_after or 0.0 for trial in ended), default=0.0)
    unit, name = time_unit(longest)
    return _draw(ended, marked, lambda trial: (trial.finished_after or 0.0) / unit, f"search time, {name}")


def _shown(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Those that have a score, or ended without one."""
    return [t for t in trials if t.state in _MARKS and (t.state != "running" or _score(t) > -math.inf)]


def _draw(trials: list[TrialRow], marked: Marked | None, x_of: Callable[[TrialRow], float], x_name: str) -> Figure:
    figure, axes = canvas()
    floor, top = _scale(trials)
    lowest = floor - 0.09 * (top - floor)
    points = [(t.state, x_of(t), _score(t) if _score(t) >= floor else lowest) for t in trials]
    handles = [_marks(axes, points, state) for state in _MARKS if any(point[0] == state for point in points)]
    handles += _best_so_far(axes, trials, x_of)
    handles += [_ring(axes, x_of(t), _score(t), marked[1]) for t in trials if marked and t.number == marked[0]]
    _percent_axis(axes, floor, top, lowest if any(point[2] == lowest for point in points) else None)
    axes.margins(x=0.03)
    if x_name == "trial":
        whole_numbers(axes)
    label(axes, x=x_name, y="validation accuracy, %")
    legend(figure, handles, columns=3)
    return figure


def _score(trial: TrialRow) -> float:
    score = trial.score
    return 100 * score if score is not None and math.isfinite(score) else -math.inf


def _scale(trials: list[TrialRow]) -> tuple[float, float]:
    """The range worth showing: wide outliers at the lower end would press all else into one line."""
    scores = [_score(trial) for trial in trials if _score(trial) > -math.inf]
    if not scores:
        return 0.0, 100.0
    best, quarter = max(scores), float(np.quantile(scores, 0.25))
    floor = max(min(scores), quarter - 2 * max(best - quarter, 0.5))
    room = max(0.06 * (best - floor), 0.2)
    return max(floor - room, 0.0), min(best + room, 100.5)


def _marks(axes: Axes, points: list[tuple[TrialState, float, float]], state: TrialState) -> Artist:
    marker, colour, filled = _MARKS[state]
    x, y = zip(*((x, y) for of, x, y in points if of == state), strict=True)
    face = LIGHT[colour] if filled else LIGHT["surface"]
    edge = LIGHT["surface"] if filled else LIGHT[colour]
    size = 46 if len(points) < _MANY else 18
    return axes.scatter(x, y, s=size, marker=marker, color=face, edgecolors=edge, linewidths=1.1, zorder=3, label=state)


def _best_so_far(axes: Axes, trials: list[TrialRow], x_of: Callable[[TrialRow], float]) -> list[Artist]:
    done = sorted((x_of(t), _score(t)) for t in trials if t.state == "complete" and _score(t) > -math.inf)
    if not done:
        return []
    order = 2 if len(trials) < _MANY else 3.5
    best = np.maximum.accumulate([score for _, score in done])
    end = max(map(x_of, trials))
    x = [*(x for x, _ in done), end]
    return [
        *axes.step(
            x, [*best, best[-1]], where="post", color=LIGHT["ink"], linewidth=1.3, zorder=order, label="best so far"
        )
    ]


def _ring(axes: Axes, x: float, y: float, name: str) -> Artist:
    ring = axes.scatter([x], [y], s=150, facecolors="none", edgecolors=LIGHT["ink"], linewidths=1.6, zorder=4)
    ring.set_label(name)
    return ring


def _percent_axis(axes: Axes, floor: float, top: float, lowest: float | None) -> None:
    from matplotlib.ticker import MaxNLocator

    ticks = [float(tick) for tick in MaxNLocator(nbins=6).tick_values(floor, top) if floor <= tick <= top]
    names = [f"{tick:g}" for tick in ticks]
    if lowest is not None:
        ticks, names = [lowest, *ticks], ["lower", *names]
        axes.axhline(floor - 0.04 * (top - floor), color=LIGHT["ghost"], linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_yticks(ticks, names)
    axes.set_ylim((lowest if lowest is not None else floor) - 0.04 * (top - floor), top)
