"""Which parameters moved the score."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Plot, Plots, Prose, Section

if TYPE_CHECKING:
    from reports.report import Importance, Report


def section(report: Report) -> Section:
    return Section(anchor="importance", title="What mattered", blocks=_blocks(report.importance))


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
