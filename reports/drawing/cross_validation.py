"""Candidates of a cross-validated search: what each fold scored, and how they fared from round to round."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from reports.drawing.canvas import canvas, label, legend, named_rows
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.cv_results import Result

_LINE = 0.27
"""Inches of height for one candidate."""


def folds_by_candidate(rows: Sequence[Result], marked: int | None) -> Figure:
    """One line a candidate, the first on top; `marked` is the trial to ring."""
    figure, axes = canvas(height=1.25 + _LINE * len(rows))
    heights = range(len(rows), 0, -1)
    lines = list(zip(rows, heights, strict=True))
    x, y = zip(*((100 * score, height) for row, height in lines for score in row.candidate.accuracies), strict=True)
    dots = axes.scatter(
        x, y, s=24, facecolors=LIGHT["surface"], edgecolors=LIGHT["muted"], linewidths=1.1, zorder=3, label="one fold"
    )
    means = axes.errorbar(
        [100 * row.mean for row in rows],
        heights,
        xerr=[100 * row.std for row in rows],
        fmt="D",
        markersize=5.5,
        color=LIGHT["blue"],
        elinewidth=2.2,
        zorder=2,
    )
    means.lines[0].set(zorder=4, label="mean and standard deviation")
    for row, height in lines:
        if row.candidate.trial == marked:
            ink = LIGHT["ink"]
            axes.scatter([100 * row.mean], [height], s=150, facecolors="none", edgecolors=ink, linewidths=1.6, zorder=4)
    named_rows(axes, [f"trial {row.candidate.trial}" for row in rows])
    label(axes, x="accuracy, %")
    legend(figure, [dots, means.lines[0]], columns=2)
    return figure


def rounds(rows: Sequence[Result], marked: int | None) -> Figure:
    """Mean against images, a line for each configuration that went on; `marked` is a trial of the last round."""
    figure, axes = canvas()
    paths: dict[tuple[object, ...], list[tuple[int, float, int]]] = defaultdict(list)
    for row in rows:
        if math.isfinite(row.mean):
            name = tuple(sorted((name, str(value)) for name, value in row.candidate.values.items()))
            paths[name].append((row.candidate.samples or 0, 100 * row.mean, row.candidate.trial))
    handles: dict[str, Artist] = {}
    for path in sorted(paths.values(), key=lambda path: (path[-1][2] == marked, len(path))):
        kind = "the winner" if path[-1][2] == marked else "went on" if len(path) > 1 else "dropped at once"
        handles[kind] = _path(axes, path, kind)
    axes.set_xscale("log")
    images = sorted({row.candidate.samples or 0 for row in rows})
    axes.set_xticks(images, [f"{n:,}" for n in images])
    axes.minorticks_off()
    axes.margins(x=0.06)
    label(axes, x="images that the folds were cut from (log scale)", y="mean accuracy, %")
    legend(figure, handles.values(), columns=3)
    return figure


_KINDS = {"the winner": ("purple", 2.4, 4), "went on": ("blue", 1.2, 3), "dropped at once": ("ghost", 1.0, 2)}
"""Colour, width and order of a line."""


def _path(axes: Axes, path: Sequence[tuple[int, float, int]], kind: str) -> Artist:
    colour, width, order = _KINDS[kind]
    images, scores, _ = zip(*path, strict=True)
    (line,) = axes.plot(images, scores, color=LIGHT[colour], linewidth=width, marker="o", markersize=4.0, zorder=order)
    line.set_label(kind)
    return line
