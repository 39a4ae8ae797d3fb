"""How a comparison names its studies and counts their trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.best_so_far import n_own

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.best_so_far import Step
    from reports.comparison import ComparedStudy

_NAME = 44


def called(study: ComparedStudy) -> str:
    return text.shorten(study.name, _NAME)


def all_called(studies: Iterable[ComparedStudy]) -> str:
    return text.listed([called(study) for study in studies])


def after(step: Step) -> str:
    """`8 trials, 31.0 s`."""
    if not step.finished:
        return "at its start"
    time = "" if step.after is None else f", {text.span(step.after)}"
    return f"{text.plural(step.finished, 'trial')}{time}"


def how_soon(study: ComparedStudy, step: Step) -> str:
    """`fashion after 8 trials, 31.0 s`."""
    if not step.finished:
        return f"{called(study)} at its start, by a trial carried over"
    return f"{called(study)} after {after(step)}"


def trials(study: ComparedStudy) -> str:
    """`12 trials`, `12 trials and 5 carried over`."""
    n = n_own(study)
    more = len(study.trials) - n
    return f"{text.plural(n, 'trial')}{f' and {more:,} carried over' if more else ''}"
