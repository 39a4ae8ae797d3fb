"""Which trial had which slot, over the time of the search."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports import text
from reports.drawing.axes import time_unit
from reports.drawing.canvas import WIDTH, canvas, label, legend, verbatim
from reports.drawing.palette import LIGHT
from reports.occupancy import parts, slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from reports.occupancy import Part
    from reports.report import TrialRow, TrialState

_STATES: Mapping[TrialState, tuple[str, str]] = {
    "complete": ("blue", "complete"),
    "pruned": ("amber", "pruned"),
    "failed": ("vermilion", "failed"),
    "running": ("green", "running"),
    "waiting": ("purple", "cut off, to go on"),
}
"""How the trial ended, or has not: its colour and what the legend says."""
_WAITING = ("ghost", "waiting to train")

_AROUND = 1.15
"""Inches of height for axis, its name and the legend."""
_ROW, _ALL_ROWS = 0.44, 8.0
"""Inches: a row's height, and the most that all rows may have together."""
_BAR = 0.58
"""Share of a row; the numbers of trials stand above it."""
_NUMBER = 8.5
_DIGIT = 5.4
"""Points: the height of a trial's number, and the width of its digits."""
_MANY = 80
"""Bars in a row from which on the lines between them are thinner."""
_LONGEST_NAME = 24


def slots_over_time(trials: Sequence[TrialRow], seconds: float, *, narrow: bool = False) -> Figure:
    """One row a slot, one bar for each time that a trial had it, up to `seconds` of search time."""
    slots = slots_of(trials)
    height = min(_ROW, _ALL_ROWS / len(slots))
    width = WIDTH if narrow else 2 * WIDTH
    figure, axes = canvas(width=width, height=_AROUND + height * len(slots))
    unit, unit_name = time_unit(seconds)
    rows = {slot: row for row, slot in enumerate(slots)}
    found = [*parts(trials)]
    _dress(axes, slots, seconds / unit)
    for part in found:
        axes.broken_barh(
            [(part.began / unit, part.seconds / unit)],
            (rows[part.slot] - _BAR / 2, _BAR),
            facecolor=LIGHT[_look(part)[0]],
            edgecolor=LIGHT["surface"],
            linewidth=0.4 if len(found) < _MANY * len(slots) else 0.15,
        )
    _names_of_bars(axes, trials, rows, unit, points=72 * 0.8 * width / (seconds / unit) if height == _ROW else 0.0)
    label(axes, x=f"search time, {unit_name}")
    legend(figure, _handles(found), columns=3 if narrow else 6)
    return figure


def _look(part: Part) -> tuple[str, str]:
    return _WAITING if part.waiting else _STATES[part.trial.state]


def _dress(axes: Axes, slots: Sequence[str], longest: float) -> None:
    axes.grid(visible=False)
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    axes.set_yticks(range(len(slots)), _names(slots))
    axes.tick_params(axis="y", length=0)
    verbatim(axes.get_yticklabels())
    axes.set_ylim(len(slots) - 0.55, -0.75)  # the first slot at the top, with room for its numbers
    axes.set_xlim(0, longest)


def _names(slots: Sequence[str]) -> list[str]:
    """Without what all have in common beside a number: the model in brackets, where the rest tells them apart."""
    short = [re.sub(r" \([^()]*\)", "", slot) for slot in slots]
    return [text.shorten(name, _LONGEST_NAME) for name in (short if len(set(short)) == len(slots) else slots)]


def _names_of_bars(axes: Axes, trials: Sequence[TrialRow], rows: Mapping[str, int], unit: float, points: float) -> None:
    """The trial's number above each bar that is as wide as that, a cross above other failed ones: they are often too
    short to be seen. `points` there are to a unit of time.
    """
    for trial in trials:
        for stay in trial.stays:
            middle, top = (stay.began + stay.ended) / 2 / unit, rows[stay.slot] - _BAR / 2 - 0.04
            if points * (stay.ended - stay.began) / unit >= _DIGIT * (len(str(trial.number)) + 1):
                axes.text(
                    middle, top, str(trial.number), fontsize=_NUMBER, color=LIGHT["muted"], ha="center", va="bottom"
                )
            elif trial.state == "failed":
                axes.scatter([middle], [top - 0.12], s=16, marker="x", color=LIGHT["vermilion"], linewidths=1.2)


def _handles(found: Sequence[Part]) -> list[Patch]:
    from matplotlib.patches import Patch

    there = {_look(part) for part in found}
    shown = [look for look in (*_STATES.values(), _WAITING) if look in there]
    return [Patch(facecolor=LIGHT[colour], label=name) for colour, name in shown]
