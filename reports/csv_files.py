"""Tables for spreadsheets and programs: the confusion matrix, every trial, and every candidate of a grid."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reports import text
from reports.cv_results import columns, results
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
    """Every trial: the complete by rank, then the others by number. Scores are shares, times seconds, memory
    peak bytes.
    """
    ranked = ranking(report)
    rest = sorted((trial for trial in report.trials if trial not in ranked), key=lambda trial: trial.number)
    names = list(dict.fromkeys(name for trial in report.trials for name in trial.values))
    head = ["rank", "trial", "state", "reason", "preset", "score", "best_epoch", "epochs", "parameters", "seconds"]
    costs = [objective.name for objective in report.objectives[1:] if objective.name not in head]
    head += ["finished_after_seconds", "device", "waited_seconds", "retries", "memory", "device_memory", *costs]
    rows = [_row(trial, rank, costs, names) for rank, trial in enumerate(ranked, 1)]
    return _written([[*head, *map(_safe, names)], *rows, *(_row(trial, None, costs, names) for trial in rest)])


def cv_results_csv(report: Report) -> str | None:
    """scikit-learn's table of a cross-validated search, every candidate by round and number; None of any other."""
    if report.cross_validation is None:
        return None
    rows = [{"trial": row.candidate.trial, **columns(row)} for row in results(report.cross_validation)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    drawn = [name for name in names if name.startswith("param_")]
    others = [name for name in names if name not in drawn]
    times = 1 + others.index("std_score_time") if rows else 0
    head = [*others[:times], *drawn, *others[times:]]
    return _written([map(_safe, head), *([_cell(row.get(name)) for name in head] for row in rows)])


def _cell(value: Value | None) -> Value | None:
    return None if value is None else _safe(value)


def _row(trial: TrialRow, rank: int | None, costs: list[str], names: list[str]) -> list[Value | None]:
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
        _safe(trial.device),
        trial.waited,
        trial.retries,
        trial.memory or None,
        trial.device_memory or None,
        *(trial.measures.get(name) for name in costs),
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
