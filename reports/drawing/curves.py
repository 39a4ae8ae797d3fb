"""Accuracy or loss by epoch: of the best trials, and of the winner in training, validation and retraining."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from reports.drawing.canvas import canvas, label, legend, whole_numbers
from reports.drawing.palette import LIGHT, SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.report import EpochScores, TrialRow

What: TypeAlias = Literal["accuracy", "loss"]
_LONG_NUMBER = 100
"""From here on five names of trials do not fit one line."""
_MARKERS = ("o", "s", "^", "D", "v")


def trial_curves(best: Sequence[TrialRow], others: Sequence[TrialRow], what: What) -> Figure:
    """Validation curves: `best` in colour, `others` in grey behind them."""
    figure, axes = canvas()
    _ghosts(axes, [trial.curve for trial in others], f"val_{what}")
    handles = [
        _line(axes, trial.curve, f"val_{what}", colour=colour, marker=marker, name=f"trial {trial.number}", order=3)
        for trial, colour, marker in zip(best, SERIES, _MARKERS, strict=False)
    ]
    _frame(axes, [value for trial in best for value in _values(trial.curve, f"val_{what}")], f"validation {what}", what)
    legend(figure, handles, columns=5 if all(trial.number < _LONG_NUMBER for trial in best) else 3)
    return figure


def winner_curves(trial: TrialRow, retrained: Sequence[EpochScores], what: What) -> Figure:
    figure, axes = canvas()
    handles: list[Artist] = []
    if trial.curve:
        handles.append(_line(axes, trial.curve, what, colour="amber", marker="s", dashes=(0, (5, 2)), name="training"))
        handles.append(_line(axes, trial.curve, f"val_{what}", colour="blue", name="validation"))
    if retrained:
        name = "retraining"
        handles.append(_line(axes, retrained, what, colour="purple", marker="^", dashes=(0, (1, 1.5)), name=name))
    if trial.best_epoch is not None and trial.curve:
        name = f"best epoch, {trial.best_epoch}"
        handles.append(axes.axvline(trial.best_epoch, color=LIGHT["muted"], linewidth=1.0, zorder=1, label=name))
    curves = [(trial.curve, what), (trial.curve, f"val_{what}"), (retrained, what)]
    _frame(axes, [value for curve, key in curves for value in _values(curve, key)], what, what)
    legend(figure, handles, columns=4)
    return figure


def _ghosts(axes: Axes, curves: Sequence[Sequence[EpochScores]], key: str) -> None:
    """All in two artists, because a thousand lines of their own make a heavy file."""
    grey = LIGHT["ghost"]
    epochs = [epoch for curve in curves for epoch in (*(scores.epoch for scores in curve), math.nan)]
    values = [value for curve in curves for value in (*_values(curve, key), math.nan)]
    axes.plot(epochs, values, color=grey, linewidth=0.9, zorder=1)
    alone = [curve for curve in curves if len(curve) == 1]
    if alone:
        x, y = [curve[0].epoch for curve in alone], [_values(curve, key)[0] for curve in alone]
        axes.plot(x, y, linestyle="none", marker="o", markersize=2.5, color=grey, zorder=1)


def _line(
    axes: Axes,
    curve: Sequence[EpochScores],
    key: str,
    *,
    colour: str,
    marker: str = "o",
    dashes: str | tuple[float, tuple[float, ...]] = "-",
    order: float = 2,
    name: str = "",
) -> Artist:
    epochs = [scores.epoch for scores in curve]
    (line,) = axes.plot(epochs, _values(curve, key), color=LIGHT[colour], marker=marker, linestyle=dashes)
    line.set(linewidth=1.7, markersize=3.6, zorder=order, label=name)
    return line


def _values(curve: Sequence[EpochScores], key: str) -> list[float]:
    """Per cent for accuracies, losses as they are; NaN, which is not drawn, where there is none."""
    scale = 100.0 if key.endswith("accuracy") else 1.0
    raw = [getattr(scores, key) for scores in curve]
    return [math.nan if value is None or not math.isfinite(value) else scale * value for value in raw]


def _frame(axes: Axes, values: Sequence[float], name: str, what: What) -> None:
    whole_numbers(axes)
    axes.margins(x=0.03)
    label(axes, x="epoch", y=f"{name}, %" if what == "accuracy" else name)
    known = np.array([value for value in values if math.isfinite(value)])
    if known.size:
        axes.set_ylim(*_limits(known, what))


def _limits(values: np.ndarray[tuple[int], np.dtype[np.float64]], what: What) -> tuple[float, float]:
    """The range of the coloured lines. One exploded loss must not flatten the others."""
    low, high = float(values.min()), float(values.max())
    if what == "loss":
        high = min(high, 4 * float(np.median(values)))
    room = max(0.06 * (high - low), 1e-3)
    return low - room, high + room
