"""Best scores of several studies with their intervals, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reports import text
from reports.drawing.canvas import TEXT, canvas, label, legend, verbatim
from reports.drawing.palette import LIGHT
from reports.report import Proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Score: TypeAlias = Proportion | None
Rows: TypeAlias = "Sequence[tuple[str, Score, Score]]"
"""Name, validation accuracy and test accuracy of each study."""

_NAME = 30
_APART = 0.16


def scores_by_study(rows: Rows) -> Figure:
    figure, axes = canvas(height=1.35 + 0.42 * len(rows))
    handles: dict[str, Artist] = {}
    tested = any(test is not None for _, _, test in rows)
    for row, (_, validation, test) in enumerate(rows):
        shift = _APART if tested else 0.0
        if validation is not None:
            handles["validation"] = _whisker(axes, row - shift, validation, "blue", "D", "best validation score")
        if test is not None:
            handles["test"] = _whisker(axes, row + shift, test, "vermilion", "o", "retrained, on the test images")
    axes.set_yticks(range(len(rows)), [text.shorten(name, _NAME) for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0, labelsize=TEXT, labelcolor=LIGHT["ink"])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    verbatim(axes.get_yticklabels())
    axes.margins(x=0.06)
    label(axes, x="accuracy and 95 % interval, %")
    legend(figure, handles.values(), columns=2)
    return figure


def _whisker(axes: Axes, height: float, score: Proportion, colour: str, marker: str, name: str) -> Artist:
    if score.n:
        axes.plot([100 * score.low, 100 * score.high], [height, height], color=LIGHT[colour], linewidth=2.2)
    (mark,) = axes.plot([100 * score.value], [height], marker=marker, markersize=7, color=LIGHT[colour])
    mark.set(linestyle="none", label=name, markeredgecolor=LIGHT["surface"], zorder=3)
    return mark
