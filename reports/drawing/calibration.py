"""The reliability diagram: accuracy against confidence, and how many images stand behind each point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing.canvas import SMALL, canvas, label, legend
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports.calibration import Calibration

_LARGEST = 170
"""Area of the dot of the bin with the most images, in square points."""


def reliability(of: Calibration) -> Figure:
    figure, axes = canvas()
    (line,) = axes.plot([0, 100], [0, 100], color=LIGHT["muted"], linewidth=1.2, linestyle=(0, (4, 3)))
    line.set_label("as sure as it is right")
    most = max(each.accuracy.n for each in of.bins)
    x = [100 * each.confidence for each in of.bins]
    y = [100 * each.accuracy.value for each in of.bins]
    for each, at in zip(of.bins, x, strict=True):
        ends = [100 * each.accuracy.low, 100 * each.accuracy.high]
        axes.plot([at, at], ends, color=LIGHT["blue"], linewidth=1.6, zorder=3)
    dots = axes.scatter(
        x,
        y,
        s=[max(_LARGEST * each.accuracy.n / most, 12) for each in of.bins],
        color=LIGHT["blue"],
        edgecolors=LIGHT["surface"],
        linewidths=1.0,
        zorder=4,
        label="images of like confidence, with 95 % interval",
    )
    low = min([*x, *(100 * each.accuracy.low for each in of.bins)])
    floor = 10 * int(low // 10)
    axes.set_xlim(floor, 101.5)
    axes.set_ylim(floor, 101.5)
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    axes.tick_params(labelsize=SMALL)
    label(axes, x="mean confidence, %", y="share that is right, %")
    legend(figure, [dots, line], columns=1)
    return figure
