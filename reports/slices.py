"""How scores lie over the values of a parameter, and over those of several at once. Plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reports.standing import leader, telling_parameters

if TYPE_CHECKING:
    from reports.report import Report, TrialRow, Value

LEAST_TRIALS = 4
"""Scored trials below which nothing can be seen."""


@dataclass(frozen=True, kw_only=True)
class Point:
    value: Value
    score: float
    """0 to 1."""
    complete: bool
    """Whether the trial trained to its end."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One parameter and the scores of the trials that had it."""

    name: str
    """Dotted."""
    points: tuple[Point, ...]


def scored(report: Report) -> list[TrialRow]:
    return [trial for trial in report.trials if trial.score is not None and math.isfinite(trial.score)]


def slices_of(report: Report, most: int) -> tuple[Slice, ...]:
    """Of the parameters that took several values, the important first. None where there are too few trials."""
    trials = scored(report)
    if len(trials) < LEAST_TRIALS:
        return ()
    found = (Slice(name=name, points=_points(trials, name)) for name in telling_parameters(report))
    telling = [each for each in found if len({point.value for point in each.points}) > 1]
    return tuple(telling[:most])


def _points(trials: list[TrialRow], name: str) -> tuple[Point, ...]:
    return tuple(
        Point(value=trial.values[name], score=trial.score or 0.0, complete=trial.state == "complete")
        for trial in trials
        if name in trial.values
    )


Kind = Literal["the winner", "the best tenth", "other trials"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One trial, through several parameters."""

    values: tuple[Value, ...]
    """Of the parameters, in their order."""
    score: float
    """0 to 1."""
    kind: Kind


COMMON = 0.8
"""Share of the scored trials that must have a parameter: a line has no gaps."""


def lines_of(report: Report, most: int) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """Names of the important parameters that nearly all trials have, and the trials that have all of them. Empty where
    there are fewer than two, or too few trials.
    """
    trials, first = scored(report), leader(report)
    least = COMMON * len(trials)
    names = [n for n in telling_parameters(report) if sum(n in trial.values for trial in trials) >= least][:most]
    shown = [trial for trial in trials if all(name in trial.values for name in names)]
    if len(names) < 2 or len(shown) < LEAST_TRIALS:  # noqa: PLR2004 - between one axis and the score nothing is new
        return (), ()
    best = sorted((trial.score or 0.0 for trial in shown), reverse=True)[: max(len(shown) // 10, 1)]

    def kind(trial: TrialRow) -> Kind:
        if first is not None and trial.number == first.number:
            return "the winner"
        return "the best tenth" if (trial.score or 0.0) >= best[-1] else "other trials"

    return tuple(names), tuple(
        Line(values=tuple(trial.values[name] for name in names), score=trial.score or 0.0, kind=kind(trial))
        for trial in shown
    )


def first_axes(names: tuple[str, ...], lines: tuple[Line, ...], n: int) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Lines and names, of the first n parameters alone."""
    return tuple(replace(line, values=line.values[:n]) for line in lines), names[:n]
