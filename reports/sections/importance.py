"""Which parameters moved the score."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Plot, Plots, Prose, Section
from reports.scoring import judged_by, score_title
from reports.sections import activations
from reports.slices import first_axes, lines_of, slices_of

if TYPE_CHECKING:
    from reports.report import Importance, Report

_PANELS, _AXES = 6, 6
_NARROW_PANELS, _NARROW_AXES = 3, 3


def section(report: Report) -> Section:
    blocks = [*_blocks(report.importance), *_slices(report)]
    if (found := activations.table(report)) is not None:
        blocks += [Prose(text=_ACTIVATIONS), found]
    return Section(anchor="importance", title="What mattered", blocks=tuple(blocks))


_ACTIVATIONS = (
    "Trials differ in more than their activations, so a cell says how the trials with it fared, not what the "
    "activation is worth by itself. Differences within a point are noise where a cell has few trials."
)


def _slices(report: Report) -> list[Block]:
    shown = slices_of(report, _PANELS)
    if not shown:
        return []
    names, score = text.listed([each.name for each in shown[:3]]), judged_by(report)
    plot = Plot(
        name="slices",
        title="Scores by the value of each parameter",
        caption="One mark is one trial, at the value that it had of the parameter, the others being as they were. "
        "Marks that rise or fall together show a trend; a cloud shows none. Values that the search found good "
        "were tried more often.",
        alt=f"{score_title(report)} against the values of {text.plural(len(shown), 'parameter')}, first {names}.",
        draw=partial(drawing.slices, shown, columns=min(3, len(shown)), score=score),
        draw_narrow=partial(drawing.slices, shown[:_NARROW_PANELS], columns=1, score=score),
    )
    return [Plots(items=(plot,)), *_parallel(report)]


def _parallel(report: Report) -> list[Block]:
    names, lines = lines_of(report, _AXES)
    if not lines:
        return []
    plot = Plot(
        name="parallel",
        title="Whole configurations",
        caption="One line is one trial, through its values of the parameters that mattered most, to its accuracy at "
        "the right. Where the coloured lines run together, the good configurations agree; where they spread, the "
        "parameter hardly mattered.",
        alt=f"Parallel coordinates of {text.plural(len(lines), 'trial')} over {text.listed(list(names))}.",
        draw=partial(drawing.parallel, lines, names),
        draw_narrow=partial(drawing.parallel, *first_axes(names, lines, _NARROW_AXES)),
    )
    return [Plots(items=(plot,))]


def _blocks(importance: Importance) -> tuple[Block, ...]:
    if not importance.shares:
        note = importance.note or "There are too few trained trials to tell."
        return (Prose(text=f"Which parameters mattered cannot be told yet. {note}"),)
    blocks: list[Block] = [Plots(items=(_plot(importance),))]
    if importance.note:
        blocks.append(Prose(text=importance.note, tone="note"))
    return tuple(blocks)


def _plot(importance: Importance) -> Plot:
    method = f" by {importance.method}" if importance.method else ""
    top = [f"{name} {text.percent(value, 0)}" for name, value in list(importance.shares.items())[:3]]
    return Plot(
        name="importance",
        title="Share of the spread of scores",
        caption=f"How much of the difference between trials each parameter explains, estimated{method} from "
        f"{text.plural(importance.n_trials, 'trained trial')}. A long bar says that the parameter mattered within "
        "the ranges searched, not which value is best.",
        alt=f"Importance of the parameters: {text.listed(top)} lead.",
        draw=partial(drawing.importance, dict(importance.shares)),
    )
