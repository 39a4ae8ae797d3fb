"""Axes that several studies share: trials and time of very different lengths, and shares in per cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing.canvas import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

_FAR = 40
"""A length that is this many times another would press it into the left edge: such axes are logarithmic."""
_UNITS = ((7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
_COUNTS = {float(n): f"{n:,}" for n in (0, 1, 10, 100, 1_000, 10_000, 100_000)}
_SPANS = {
    0.0: "0",
    1.0: "1 s",
    10.0: "10 s",
    60.0: "1 min",
    600.0: "10 min",
    3600.0: "1 h",
    36_000.0: "10 h",
    345_600.0: "4 d",
    3_456_000.0: "40 d",
}


_MANIFOLD = 20.0
"""A number that is this many times the smallest would press that into the edge."""


def is_logarithmic(low: float, high: float) -> bool:
    """Whether values of a parameter from `low` to `high` are drawn on a logarithmic scale."""
    return low > 0 and high / low >= _MANIFOLD


def time_unit(longest: float) -> tuple[float, str]:
    """Seconds of the unit in which a span of so many seconds is drawn, and its name."""
    return next((unit, name) for least, unit, name in _UNITS if longest >= least)


def differ_much(lengths: Sequence[float]) -> bool:
    known = [length for length in lengths if length > 0]
    return bool(known) and max(known) > _FAR * min(known)


def time_axis(axes: Axes, seconds: Sequence[float]) -> tuple[float, str]:
    """The axis for studies that took so long. Returns the seconds of its unit, and what it is called."""
    if differ_much(seconds):
        _logarithmic(axes, _SPANS, max(seconds))
        return 1.0, "search time, logarithmic"
    longest = max(*seconds, 1.0)
    unit, name = time_unit(longest)
    axes.set_xlim(-0.03 * longest / unit, 1.03 * longest / unit)
    return unit, f"search time, {name}"


def count_axis(axes: Axes, counts: Sequence[float]) -> str:
    """The axis for studies of so many trials. Returns what it is called."""
    if differ_much(counts):
        _logarithmic(axes, _COUNTS, max(counts))
        return "finished trials, logarithmic"
    axes.margins(x=0.03)
    whole_numbers(axes)
    return "finished trials"


def percent_axis(axes: Axes, floor: float, top: float) -> None:
    from matplotlib.ticker import MaxNLocator

    ticks = [
        float(tick)
        for tick in MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(floor, top)
        if floor <= tick <= min(top, 100)
    ]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(floor, top)


def _logarithmic(axes: Axes, names: Mapping[float, str], longest: float) -> None:
    """Linear from 0 to 1, so that what stands at 0 is drawn too."""
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.3)
    shown = {tick: name for tick, name in names.items() if tick <= 1.15 * longest}
    axes.set_xticks(list(shown), list(shown.values()))
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.1, 1.25 * longest)
