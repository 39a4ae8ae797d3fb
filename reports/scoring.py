"""How the trials of a study were scored, in words: on validation images, or by folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text

if TYPE_CHECKING:
    from reports.report import Report


def score_title(report: Report) -> str:
    """What a trial's score is called."""
    return "Validation accuracy" if report.cross_validation is None else "Mean accuracy of the folds"


def judged_by(report: Report) -> str:
    """The same within a figure, which has little room."""
    return "validation accuracy" if report.cross_validation is None else "mean accuracy"


def scored_on(report: Report, n: int) -> str:
    """`on 6,000 validation images`, after a share; `n` is the images that it was counted over."""
    if report.cross_validation is None:
        return f"on {text.count(n)} validation images"
    return f"on average over {report.cross_validation.n_folds} folds of {text.count(n)} training images"


def judges(report: Report) -> str:
    """The images that trials are compared on."""
    return "validation images" if report.cross_validation is None else "images"


def retrained_on(report: Report) -> str:
    """What the winner is trained on in the end."""
    return "training and validation images together" if report.cross_validation is None else "all training images"
