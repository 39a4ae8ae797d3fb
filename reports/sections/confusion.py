"""What it confuses: the confusion matrix and its largest errors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reports import drawing, text
from reports.page import Block, Column, Plot, Plots, Prose, Section, Table

if TYPE_CHECKING:
    from reports.report import Evaluation, Report

_PAIRS = 10


def section(report: Report) -> Section:
    blocks: tuple[Block, ...] = (Prose(text="The test set is still sealed: there is no confusion matrix yet."),)
    if report.evaluation is not None:
        names = report.data.class_names
        blocks = (Plots(items=_plots(report.evaluation, names)), _pairs(report.evaluation, names))
    return Section(anchor="confusion", title="What it confuses", blocks=blocks)


def _plots(evaluation: Evaluation, names: tuple[str, ...]) -> tuple[Plot, ...]:
    right, n = int(np.trace(evaluation.confusion)), int(evaluation.confusion.sum())
    alt = (
        f"Confusion matrix of {len(names)} classes: {text.count(right)} of {text.count(n)} test images on the diagonal."
    )
    reading = (
        "A row is a true class, a column what the model said. Blue on the diagonal is right, orange elsewhere is "
        "wrong; the deeper, the larger its share of the row."
    )
    shares = Plot(
        name="confusion_shares",
        title="Confusion matrix, % of each true class",
        caption=_numbers(len(names), reading),
        alt=alt,
        draw=partial(drawing.confusion, evaluation.confusion, names, "shares"),
    )
    if len(names) > drawing.MOST_CLASSES_WITH_NUMBERS:
        return (shares,)
    counts = Plot(
        name="confusion_counts",
        title="Confusion matrix, test images",
        caption=f"{reading} Empty cells are zero.",
        alt=alt,
        draw=partial(drawing.confusion, evaluation.confusion, names, "counts"),
    )
    return (counts, shares)


def _numbers(n_classes: int, reading: str) -> str:
    if n_classes > drawing.MOST_CLASSES_WITH_NUMBERS:
        step = drawing.step_of_names(n_classes)
        named = f" One class in {step} is named." if step > 1 else ""
        return f"{reading}{named} There are too many classes for numbers: confusion_matrix.csv holds them all."
    return (
        "The same as per cent of each row, so that classes with few and with many images can be compared. Each row "
        "sums to 100; the number on the diagonal is the recall of the class."
    )


def _pairs(evaluation: Evaluation, names: tuple[str, ...]) -> Block:
    wrong = evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    largest = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    cells = [(int(i) // len(names), int(i) % len(names)) for i in largest]
    rows = tuple(_pair(evaluation, names, true, said) for true, said in cells if wrong[true, said] > 0)
    if not rows:
        return Prose(text="It made no mistake on the test images.")
    columns = (
        Column(title="True class"),
        Column(title="Taken for"),
        Column(title="Test images", look="number"),
        Column(title="Of the true class", look="number"),
        Column(title="Of all errors", look="number"),
    )
    return Table(title="Most frequent confusions", columns=columns, rows=rows)


def _pair(evaluation: Evaluation, names: tuple[str, ...], true: int, said: int) -> tuple[str, ...]:
    confusion = evaluation.confusion
    n = int(confusion[true, said])
    errors = int(confusion.sum() - np.trace(confusion))
    return (
        names[true],
        names[said],
        text.count(n),
        text.percent(n / int(confusion[true].sum())),
        text.percent(n / errors),
    )
