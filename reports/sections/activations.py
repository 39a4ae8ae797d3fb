"""Which activation did how well in which layer: a table."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from reports import text
from reports.page import Column, Table
from reports.slices import scored

if TYPE_CHECKING:
    from reports.report import Report

ENDING = ".activation"
"""Of a parameter that is a layer's activation."""

NAMES = frozenset({"act", "activation"})
"""Of variables that stand for the activation of several layers."""


def table(report: Report) -> Table | None:
    """A row for each layer whose activation was searched; None where there is none."""
    trials = [trial for trial in scored(report) if trial.state == "complete"]
    names = [name for name in dict.fromkeys(n for trial in trials for n in trial.values) if _is_activation(name)]
    kinds = sorted({str(trial.values[name]) for trial in trials for name in names if name in trial.values})
    if len(kinds) < 2:  # noqa: PLR2004 - one alone cannot be compared
        return None
    rows = []
    for name in names:
        cells = []
        for kind in kinds:
            scores = [trial.score or 0.0 for trial in trials if str(trial.values.get(name)) == kind]
            cells.append(_cell(scores))
        rows.append((name.removesuffix(ENDING), *cells))
    return Table(
        title="Activations by layer: best and mean accuracy, complete trials",
        columns=(Column(title="Layer", look="code"), *(Column(title=kind, look="number") for kind in kinds)),
        rows=tuple(rows),
        named_rows=True,
    )


def _is_activation(name: str) -> bool:
    return name.endswith(ENDING) or name.rpartition(".")[2] in NAMES


def _cell(scores: list[float]) -> str:
    """`92.1 %, mean 90.8 % of 7`."""
    if not scores:
        return ""
    if len(scores) == 1:
        return f"{text.percent(scores[0])}, once"
    return f"{text.percent(max(scores))}, mean {text.percent(fmean(scores))} of {len(scores)}"
