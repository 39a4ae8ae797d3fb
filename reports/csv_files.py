"""Tables for spreadsheets and programs: the confusion matrix and every trial."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reports import text
from reports.standing import ranking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.report import Report, TrialRow, Value

_FORMULA = ("=", "+", "-", "@")


def confusion_csv(report: Report) -> str | None:
    """Counts with a header row of predicted and a first column of true classes; None before the test."""
    if report.evaluation is None:
        return None
    names = [_safe(name) for name in report.data.class_names]
    counts = report.evaluation.confusion.tolist()
    return _written([["true / predicted", *names], *([name, *row] for name, row in zip(names, counts, strict=True))])


def leaderboard_csv(report: Report) -> str:
    """Every trial: the complete by rank, then the others by number. Scores are shares, times seconds."""
    ranked = ranking(report)
    rest = sorted((trial for trial in report.trials if trial not in ranked), key=lambda trial: trial.number)
    names = list(dict.fromkeys(name for trial in report.trials for name in trial.values))
    head = ["rank", "trial", "state", "reason", "preset", "score", "best_epoch", "epochs", "parameters", "seconds"]
    head += ["finished_after_seconds"]
    rows = [_row(trial, rank, names) for rank, trial in enumerate(ranked, 1)]
    return _written([[*head, *map(_safe, names)], *rows, *(_row(trial, None, names) for trial in rest)])


def _row(trial: TrialRow, rank: int | None, names: list[str]) -> list[Value | None]:
    return [
        rank,
        trial.number,
        trial.state,
        _safe(trial.reason),
        _safe(trial.preset),
        trial.score,
        trial.best_epoch,
        len(trial.curve),
        trial.parameters,
        trial.seconds,
        trial.finished_after,
        *(_safe(trial.values[name]) if name in trial.values else None for name in names),
    ]


def _safe(value: Value) -> Value:
    """Text that no spreadsheet runs as a formula."""
    if not isinstance(value, str):
        return value
    words = text.one_line(value)
    return f"'{words}" if words.startswith(_FORMULA) else words


def _written(rows: Iterable[Iterable[Value | None]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
