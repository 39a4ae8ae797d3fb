"""The sections of a report. To add one: write its file, add its line to SECTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Page, Section
from reports.sections import (
    answer,
    calibration,
    classes,
    confirmation,
    confusion,
    cross_validation,
    curves,
    data,
    history,
    importance,
    leaderboard,
    model,
    pareto,
    provenance,
    time,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.report import Report

SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    answer.section,
    history.section,
    confirmation.section,
    leaderboard.section,
    cross_validation.section,
    pareto.section,
    curves.section,
    importance.section,
    confusion.section,
    classes.section,
    calibration.section,
    model.section,
    data.section,
    unfinished.section,
    time.section,
    provenance.section,
)
"""In the order of the page. Each says plainly what is not there yet; None is what no study of this kind has."""


def page_of(report: Report) -> Page:
    return Page(
        title=f"{report.space} on {report.dataset}",
        subtitle=report.space_description,
        made=f"Study {report.study}, report of {text.moment(report.made)}",
        notice=_notice(report),
        sections=tuple(section for make in SECTIONS if (section := make(report)) is not None),
    )


def _notice(report: Report) -> str:
    if report.search.running:
        return "The search was still going on when this report was made: everything below is provisional."
    if report.model is None:
        return "The search has not been finished off: no model has been retrained and the test set is still sealed."
    if report.evaluation is None:
        return "The winner has been retrained, but not yet evaluated: the test set is still sealed."
    return ""
