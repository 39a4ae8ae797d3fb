"""Parallel coordinates: one line a trial, through its values of several parameters and its score."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from reports import text
from reports.drawing.axes import is_logarithmic
from reports.drawing.canvas import SMALL, WIDTH, legend, verbatim
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.report import Value
    from reports.slices import Line

_NAME, _OPTION = 18, 10
_STYLES = {"the winner": ("purple", 2.6, 4), "the best tenth": ("blue", 1.5, 3), "other trials": ("ghost", 0.8, 1)}
"""Colour, width and order of a line."""
_AXIS = 0.27 * WIDTH
"""Inches from one axis to the next."""
_TICKS = 3
_FEW = 5
"""Values that are each written where no more occur."""


def parallel(lines: Sequence[Line], names: Sequence[str]) -> Figure:
    """Axes in the order of `names`; the score comes last."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_AXIS * (len(names) + 1), 3.9), layout="constrained", facecolor=LIGHT["surface"])
    axes = figure.add_subplot(facecolor=LIGHT["surface"])
    scales = [_Scale([line.values[i] for line in lines]) for i in range(len(names))]
    scales.append(_Scale([100 * line.score for line in lines]))
    handles: dict[str, Artist] = {}
    for kind, (colour, width, order) in _STYLES.items():
        for line in lines:
            if line.kind == kind:
                values = [*line.values, 100 * line.score]
                y = [scale.place(value) for scale, value in zip(scales, values, strict=True)]
                (handles[kind],) = axes.plot(range(len(y)), y, color=LIGHT[colour], linewidth=width, zorder=order)
                handles[kind].set_label(kind)
    _frame(axes, scales, [*names, "accuracy, %"])
    legend(figure, handles.values(), columns=3)
    return figure


def _frame(axes: Axes, scales: Sequence[_Scale], names: Sequence[str]) -> None:
    axes.set_axis_off()
    axes.set_ylim(-0.2, 1.05)
    axes.set_xlim(-0.35, len(names) - 0.65)
    written = []
    for x, (scale, name) in enumerate(zip(scales, names, strict=True)):
        axes.axvline(x, ymin=0.16, ymax=0.96, color=LIGHT["muted"], linewidth=1.0, zorder=2)
        for place, tick in scale.ticks():
            said = axes.text(x + 0.03, place, text.shorten(tick, _OPTION), fontsize=SMALL - 1.5, va="center", zorder=5)
            said.set_bbox({"facecolor": LIGHT["surface"], "edgecolor": "none", "alpha": 0.75, "pad": 0.6})
            said.set_color(LIGHT["ink"])
            written.append(said)
        title = axes.text(x, -0.09, _broken(name), fontsize=SMALL - 0.5, ha="center", va="top", color=LIGHT["ink"])
        written.append(title)
    verbatim(written)


def _broken(name: str) -> str:
    """The name over several lines, broken behind its dots."""
    rows = [""]
    for part in re.split(r"(?<=\.)", text.one_line(name)):
        if rows[-1] and len(rows[-1]) + len(part) > _NAME:
            rows.append("")
        rows[-1] += part
    return "\n".join(text.shorten(row, _NAME) for row in rows)


class _Scale:
    """Where the values of one axis stand, from 0 to 1."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        self._options = sorted({text.plain(value) for value in values})
        if self._numbers:
            self._low, self._high = min(map(float, values)), max(map(float, values))
            self._log = is_logarithmic(self._low, self._high)
            self._few = sorted(set(map(float, values)))
            self._whole = all(value == round(value) for value in self._few)

    def place(self, value: Value) -> float:
        if not self._numbers:
            return self._options.index(text.plain(value)) / max(len(self._options) - 1, 1)
        if self._high == self._low:
            return 0.5
        if self._log:
            return math.log(float(value) / self._low) / math.log(self._high / self._low)
        return (float(value) - self._low) / (self._high - self._low)

    def ticks(self) -> list[tuple[float, str]]:
        if not self._numbers:
            return [(self.place(option), option) for option in self._options]
        if self._high == self._low:
            return [(0.5, f"{self._low:.3g}")]
        if len(self._few) <= _FEW:
            return [(self.place(value), f"{value:.3g}") for value in self._few]
        ratio = self._high / self._low if self._log else 0.0
        shares = [i / _TICKS for i in range(_TICKS + 1)]
        values = [
            self._low * ratio**share if self._log else self._low + share * (self._high - self._low) for share in shares
        ]
        shown = [float(round(value)) if self._whole else value for value in values]
        return [(self.place(value), f"{value:.3g}") for value in shown]
