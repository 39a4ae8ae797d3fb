"""The best trials under fresh seeds, beside what they scored in the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing.canvas import canvas, label, legend, named_rows
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports.confirmed import Confirmation

_LINE = 0.36
"""Inches of height for one trial."""


def confirmation(of: Confirmation) -> Figure:
    """One line a trial, the best of the search on top; the winner is ringed."""
    lines = [(each, y) for y, each in enumerate([t for t in reversed(of.trials) if t.mean is not None], 1)]
    figure, axes = canvas(height=1.3 + _LINE * len(lines))
    x, y = zip(*((100 * s, height) for each, height in lines for s in each.scores if s is not None), strict=True)
    paper, ink, muted = LIGHT["surface"], LIGHT["ink"], LIGHT["muted"]
    dots = axes.scatter(x, y, s=24, facecolors=paper, edgecolors=muted, linewidths=1.1, zorder=3, label="fresh seed")
    searched = axes.scatter(
        [100 * each.searched for each, _ in lines],
        [height for _, height in lines],
        s=42,
        marker="x",
        color=LIGHT["vermilion"],
        linewidths=1.8,
        zorder=5,
        label="in the search",
    )
    means = axes.errorbar(
        [100 * (each.mean or 0.0) for each, _ in lines],
        [height for _, height in lines],
        xerr=[100 * of.standard_error for _ in lines],
        fmt="D",
        markersize=5.5,
        color=LIGHT["blue"],
        elinewidth=2.2,
        zorder=2,
    )
    means.lines[0].set(zorder=4, label="mean and standard error")
    for each, height in lines:
        if each.trial == of.winner:
            where = [100 * (each.mean or 0.0)], [height]
            axes.scatter(*where, s=150, facecolors="none", edgecolors=ink, linewidths=1.6, zorder=4)
    named_rows(axes, [f"trial {each.trial}" for each, _ in reversed(lines)])
    label(axes, x="validation accuracy, %")
    legend(figure, [searched, dots, means.lines[0]], columns=3)
    return figure
