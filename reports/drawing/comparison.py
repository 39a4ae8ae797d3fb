"""Best so far of several studies, against finished trials and against search time, in one figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reports import text
from reports.best_so_far import Step, best_score, n_own, steps
from reports.drawing.axes import count_axis, percent_axis, time_axis
from reports.drawing.canvas import SMALL, label, legend, panels, verbatim
from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.comparison import ComparedStudy

Dashes: TypeAlias = "str | tuple[float, tuple[float, ...]]"

_NAME = 26
_STYLES: tuple[tuple[str, str, Dashes], ...] = (
    ("blue", "o", "-"),
    ("vermilion", "s", (0, (6, 2))),
    ("green", "^", (0, (1, 1.2))),
    ("purple", "D", (0, (7, 1.5, 1.2, 1.5))),
    ("ink", "v", (0, (3, 1.5))),
    ("amber", "P", (0, (10, 2))),
    ("muted", "X", (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5))),
    ("accent", "*", (0, (2, 3))),
)
"""Colour, marker and dashes: for the colour-blind and in print the last two suffice."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One study."""

    name: str
    steps: tuple[Step, ...]
    """One at least."""
    trials: int
    """Finished in all."""
    seconds: float
    """Of search time in all."""
    doubt: float
    """Width of the interval about its best score, in per cent."""


def lines_of(studies: Sequence[ComparedStudy]) -> tuple[Line, ...]:
    """Of the studies that have a score."""
    short = [text.shorten(study.name, _NAME) for study in studies]
    names = [f"{i}. {name}" if short.count(name) > 1 else name for i, name in enumerate(short, 1)]
    return tuple(_line(study, name) for study, name in zip(studies, names, strict=True) if steps(study))


def _line(study: ComparedStudy, name: str) -> Line:
    score = best_score(study)
    doubt = 100 * (score.high - score.low) if score is not None and score.n else 0.0
    return Line(name=name, steps=steps(study), trials=n_own(study), seconds=study.seconds, doubt=doubt)


def best_so_far(lines: Sequence[Line], *, note: str = "", stacked: bool = False) -> Figure:
    """Two panels side by side, or one above the other for a narrow page; above them what must not be overlooked."""
    columns = _columns(lines, stacked=stacked)
    figure, (by_trials, by_time) = panels(stacked=stacked, lines=math.ceil(len(lines) / columns) + bool(note))
    handles = [_by_trials(by_trials, line, index) for index, line in enumerate(lines)]
    unit, time = time_axis(by_time, [line.seconds for line in lines])
    for index, line in enumerate(lines):
        _by_time(by_time, line, index, unit)
    trials = count_axis(by_trials, [float(line.trials) for line in lines])
    label(by_trials, x=trials, y="best validation accuracy, %")
    label(by_time, x=time, y="best validation accuracy, %" if stacked else "")
    for axes in (by_trials, by_time):
        percent_axis(axes, *_scale(lines))
    by_time.tick_params(labelleft=stacked)
    _names(figure, handles, columns=columns, note=note)
    return figure


def cut_below(lines: Sequence[Line]) -> float | None:
    """Per cent below which a part of a line is not shown; None where all is."""
    floor, _ = _scale(lines)
    return floor if any(100 * line.steps[0].score < floor for line in lines) else None


def _names(figure: Figure, handles: Sequence[Artist], *, columns: int, note: str) -> None:
    legend(figure, handles, columns=columns, length=3.2)
    for each in figure.legends:
        each.set_title(note)
        each.get_title().set(fontsize=SMALL, fontweight="bold", color=LIGHT["ink"])
        each.set_alignment("left")
        verbatim(each.get_texts())


def _by_trials(axes: Axes, line: Line, index: int) -> Artist:
    return _draw(axes, [(step.finished, step.score) for step in line.steps], line.trials, index, line.name)


def _by_time(axes: Axes, line: Line, index: int, unit: float) -> None:
    known = [(step.after / unit, step.score) for step in line.steps if step.after is not None]
    if known:
        _draw(axes, known, line.seconds / unit, index, line.name)


def _draw(axes: Axes, points: Sequence[tuple[float, float]], end: float, index: int, name: str) -> Artist:
    """Later lines lie on top, with gaps through which the earlier ones are seen."""
    colour, marker, dashes = _STYLES[index]
    x, y = zip(*points, (max(end, points[-1][0]), points[-1][1]), strict=True)
    (line,) = axes.step(x, [100 * score for score in y], where="post", color=LIGHT[colour], label=name)
    line.set(linestyle=dashes, linewidth=1.7, zorder=2 + 0.1 * index)
    line.set(marker=marker, markersize=6.5 if marker == "*" else 5, markevery=range(len(points)))
    line.set(markeredgecolor=LIGHT["surface"], markeredgewidth=0.5)
    return line


def _scale(lines: Sequence[Line]) -> tuple[float, float]:
    """From below the worst of the best scores: what a first, poor trial scored would press all else into one line.
    Never so close that differences look large which the intervals do not carry.
    """
    ends = [100 * line.steps[-1].score for line in lines]
    first = min(100 * line.steps[0].score for line in lines)
    width = max(max(ends) - min(ends), *(line.doubt for line in lines), 1.0)
    floor = max(first, min(ends) - 2 * width)
    top = max(*ends, floor + 0.5 * width)
    return max(floor - 0.06 * (top - floor), 0.0), min(top + 0.06 * (top - floor), 100.6)


def _columns(lines: Sequence[Line], *, stacked: bool) -> int:
    """As many as fit above the panels: a name's letter is about a seventieth of half a page's width."""
    longest = max(len(line.name) for line in lines)
    return max(1, min(len(lines), (1 if stacked else 2) * 62 // (longest + 9)))
