"""What is to be had for less: the Pareto front of a study of several objectives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.drawing import Point
from reports.page import Block, Column, Plot, Plots, Prose, Section, Table
from reports.standing import leader, overlap, ranking, score_of, states

if TYPE_CHECKING:
    from reports.report import Objective, Report, TrialRow

_ROWS = 30
_PAIR = 2
_UNITS = {"share": "", "count": "", "milliseconds": ", ms"}


def section(report: Report) -> Section | None:
    """None where one objective was sought."""
    if len(report.objectives) <= 1:
        return None
    return Section(anchor="trade-offs", title="Trade-offs", blocks=_blocks(report))


def _blocks(report: Report) -> tuple[Block, ...]:
    sought = text.listed([objective.title for objective in report.objectives])
    front = _front(report)
    if not front:
        return (Prose(text=f"No trial has completed yet, so nothing can be said of {sought} together."),)
    blocks: list[Block] = [Prose(text=_what_the_front_is(report, front, sought)), Prose(text=_who_won(report))]
    blocks += [Prose(text=line) for cost in report.objectives[1:] if (line := _bargain(report, front, cost))]
    blocks.append(Plots(items=tuple(_plot(report, cost, _points(report, cost)) for cost in report.objectives[1:])))
    blocks.append(_table(report, front[:_ROWS]))
    if pruned := _pruned(report):
        blocks.append(Prose(text=pruned, tone="note"))
    if len(front) > _ROWS:
        blocks.append(Prose(text=f"{len(front) - _ROWS} more are on the front; report.json lists them all."))
    return tuple(blocks)


def _front(report: Report) -> list[TrialRow]:
    rows = {trial.number: trial for trial in report.trials}
    return [rows[number] for number in report.front if number in rows]


def _what_the_front_is(report: Report, front: list[TrialRow], sought: str) -> str:
    n = len(ranking(report))
    if n == 1:
        return "Only one trial has completed, so there is nothing to trade off yet."
    which = f"{len(front)} of the {n} complete trials are" if len(front) > 1 else f"One of the {n} complete trials is"
    return (
        f"{which} on the Pareto front of {sought}: whatever is better than one of them in one of these is worse in "
        "another."
    )


def _who_won(report: Report) -> str:
    first = leader(report)
    title = report.objectives[0].title
    if first is None:
        return f"What is retrained is the complete trial with the best {title}, whatever it costs."
    verb = "was retrained" if report.model else "would be retrained"
    return f"Trial {first.number} {verb}: of the complete trials it has the best {title}, whatever it costs."


def _pruned(report: Report) -> str:
    """What a reader must know of a front from which trials were kept away."""
    n = states(report).get("pruned", 0)
    if not n:
        return ""
    were = "trial was" if n == 1 else "trials were"
    return (
        f"{n} {were} ended early, judged by {report.objectives[0].title} alone. A cheap model that learns slowly may "
        "be missing here for that; with --pruner none every trial is trained to its end."
    )


def _bargain(report: Report, front: list[TrialRow], cost: Objective) -> str:
    """The cheapest that these images do not show to be worse than the best."""
    first = leader(report)
    if first is None or not score_of(report, first).n or not first.measures.get(cost.name):
        return ""
    best = score_of(report, first)
    able = [trial for trial in front if overlap(best, score_of(report, trial))]
    cheapest = min(able, key=lambda trial: trial.measures[cost.name], default=first)
    share = cheapest.measures[cost.name] / first.measures[cost.name]
    if not share < 1:
        cheaper = f"No trial on the front that costs less in {cost.title}"
        return f"{cheaper} has a 95 % interval that reaches trial {first.number}'s."
    return (
        f"Trial {cheapest.number} has {text.percent(share, 0)} of trial {first.number}'s {cost.title}, "
        f"{_value(cheapest, cost)}, and the 95 % intervals of their validation accuracies overlap: these images do not "
        "tell the two apart."
    )


def _points(report: Report, cost: Objective) -> list[Point]:
    first = leader(report)
    return [
        Point(
            trial=trial.number,
            cost=trial.measures[cost.name],
            score=trial.score or 0.0,
            on_front=trial.number in report.front,
            ringed=first is not None and trial.number == first.number,
        )
        for trial in ranking(report)
        if cost.name in trial.measures
    ]


def _plot(report: Report, cost: Objective, points: list[Point]) -> Plot:
    floor, _ = drawing.scale_of(points)
    below = sum(100 * point.score < floor for point in points)
    others = (
        " A trial of the front that is under the line has less of another cost."
        if len(report.objectives) > _PAIR
        else ""
    )
    left_out = f" Not shown: {text.plural(below, 'trial')} below the scale." if below else ""
    return Plot(
        name=f"trade_off_{cost.name}",
        title=f"{report.objectives[0].title.capitalize()} against {cost.title}",
        caption="One mark is one complete trial; numbers are those of trials on the front. The line is the best "
        f"accuracy found at each cost or less: up and to the left is better.{others}{left_out}",
        alt=_alt(report, cost),
        draw=partial(drawing.trade_off, points, f"{cost.title}{_UNITS[cost.unit]}", _ringed(report)),
    )


def _ringed(report: Report) -> str:
    return "winner" if report.model else "leader"


def _alt(report: Report, cost: Objective) -> str:
    front = _front(report)
    cheapest = min(front, key=lambda trial: trial.measures[cost.name])
    ends = [f"{text.percent(trial.score or 0.0)} with {_value(trial, cost)}" for trial in (front[0], cheapest)]
    return f"Validation accuracy against {cost.title}. The front goes from {ends[0]} to {ends[1]}."


def _table(report: Report, front: list[TrialRow]) -> Table:
    presets = any(trial.preset for trial in front)
    first = leader(report)
    numbers = [trial.number for trial in front]
    return Table(
        title="The Pareto front",
        columns=(
            Column(title="Trial", look="number"),
            *([Column(title="Preset")] if presets else []),
            Column(title="Validation accuracy", look="number"),
            Column(title="95 % interval", look="number"),
            *(Column(title=cost.title.capitalize(), look="number") for cost in report.objectives[1:]),
        ),
        rows=tuple(_row(report, trial, presets=presets) for trial in front),
        marked=numbers.index(first.number) if first and first.number in numbers else None,
    )


def _row(report: Report, trial: TrialRow, *, presets: bool) -> tuple[str, ...]:
    score = score_of(report, trial)
    return (
        str(trial.number),
        *([trial.preset] if presets else []),
        text.percent(score.value, 2),
        text.interval(score) if score.n else "",
        *(_value(trial, cost) for cost in report.objectives[1:]),
    )


def _value(trial: TrialRow, cost: Objective) -> str:
    value = trial.measures[cost.name]
    if cost.unit == "milliseconds":
        return f"{value:.3g} ms"
    return text.count(round(value))
