"""Where the time went, one bar a thing, labelled directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.drawing.canvas import SMALL, TEXT, WIDTH, canvas, label
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports.profile import TimeProfile

TRAINING = "training"


def time_profile(profile: TimeProfile, *, narrow: bool = False) -> Figure:
    """Share of the time of all slots, in the order of a run."""
    shown = [each for each in profile.spent if each.seconds]
    width = 0.85 * WIDTH if narrow else 1.6 * WIDTH
    figure, axes = canvas(width=width, height=0.75 + 0.3 * len(shown))
    rows, shares = range(len(shown)), [100 * profile.share(each) for each in shown]
    colours = [LIGHT["blue" if each.name == TRAINING else "ghost"] for each in shown]
    axes.barh(rows, shares, height=0.62, color=colours)
    for row, each, share in zip(rows, shown, shares, strict=True):
        told = f"{text.span(profile.mean(each))} ({text.percent(share / 100)})"
        words = axes.annotate(told, (share, row), xytext=(5, 0), textcoords="offset points")
        words.set(va="center", fontsize=SMALL, color=LIGHT["ink"])
    axes.set_yticks(rows, [each.title for each in shown])
    axes.tick_params(axis="y", length=0, labelsize=SMALL if narrow else TEXT, labelcolor=LIGHT["ink"])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=LIGHT["grid"], linewidth=0.8)
    axes.set_xlim(0, (2.2 if narrow else 1.3) * max([*shares, 1e-9]))
    label(axes, x="share of the time, %")
    return figure
