"""Two accuracies with their intervals, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.drawing.canvas import SMALL, TEXT, canvas, label
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports.report import Proportion


def scores(validation: Proportion, test: Proportion, name: str = "validation") -> Figure:
    """`name` says what the first was counted over."""
    figure, axes = canvas(height=1.85)
    _whisker(figure, 1.0, validation, colour="amber", marker="D")
    _whisker(figure, 0.0, test, colour="blue", marker="o")
    axes.set_yticks([0, 1], [f"test, {text.count(test.n)} images", f"{name}, {text.count(validation.n)} images"])
    axes.set_ylim(-0.55, 1.75)
    axes.tick_params(axis="y", length=0, labelsize=TEXT, labelcolor=LIGHT["ink"])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    axes.margins(x=0.12)
    label(axes, x="accuracy, %")
    return figure


def _whisker(figure: Figure, height: float, score: Proportion, *, colour: str, marker: str) -> None:
    axes = figure.axes[0]
    axes.plot([100 * score.low, 100 * score.high], [height, height], color=LIGHT[colour], linewidth=2.5)
    axes.plot([100 * score.value], [height], marker=marker, markersize=8, color=LIGHT[colour])
    axes.annotate(
        text.percent(score.value),
        (100 * score.value, height),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=SMALL,
        color=LIGHT["ink"],
    )
