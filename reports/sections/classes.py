"""Class by class: precision, recall, F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Prose, Section, Table
from reports.standing import wilson

if TYPE_CHECKING:
    from reports.report import ClassScores, Report


def section(report: Report) -> Section:
    blocks: tuple[Block, ...] = (Prose(text="The test set is still sealed: there are no scores by class yet."),)
    if report.evaluation is not None:
        blocks = (Prose(text=_READING), _table(report.evaluation.classes), *_weakest(report.evaluation.classes))
    return Section(anchor="classes", title="Class by class", blocks=blocks)


_READING = (
    "Recall: of the images of this class, how many were found. Precision: of the images called this class, how many "
    "were. F1 is their harmonic mean, low as soon as one of them is. Support is the number of test images; few images, "
    "wide interval."
)


def _table(classes: tuple[ClassScores, ...]) -> Table:
    columns = (
        Column(title="Class"),
        Column(title="Precision", look="number"),
        Column(title="Recall", look="number"),
        Column(title="Recall, 95 % interval", look="number"),
        Column(title="F1", look="number"),
        Column(title="Support", look="number"),
    )
    rows = tuple(_row(scores) for scores in classes)
    return Table(title="Scores on the test set", columns=columns, rows=(*rows, _mean(classes)), total=True)


def _row(scores: ClassScores) -> tuple[str, ...]:
    return (
        scores.name,
        text.percent(scores.precision),
        text.percent(scores.recall),
        text.interval(wilson(scores.recall, scores.support)) if scores.support else "no images",
        text.percent(scores.f1),
        text.count(scores.support),
    )


def _mean(classes: tuple[ClassScores, ...]) -> tuple[str, ...]:
    n = max(len(classes), 1)
    return (
        "Mean over classes",
        text.percent(sum(scores.precision for scores in classes) / n),
        text.percent(sum(scores.recall for scores in classes) / n),
        "",
        text.percent(sum(scores.f1 for scores in classes) / n),
        text.count(sum(scores.support for scores in classes)),
    )


def _weakest(classes: tuple[ClassScores, ...]) -> tuple[Block, ...]:
    seen = [scores for scores in classes if scores.support]
    if not seen:
        return ()
    worst = min(seen, key=lambda scores: scores.f1)
    return (Prose(text=f"The lowest F1 is that of {worst.name}, {text.percent(worst.f1)}."),)
