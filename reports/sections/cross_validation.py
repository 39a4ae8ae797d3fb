"""What the folds scored: scikit-learn's table of a cross-validated search."""

from __future__ import annotations

import math
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.cv_results import last_round, results
from reports.page import Block, Column, Plot, Plots, Prose, Section, Table
from reports.standing import leader, telling_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.cv_results import Result
    from reports.report import CrossValidation, Report

_ROWS = 20
_PARAMETERS = 6


def section(report: Report) -> Section | None:
    of = report.cross_validation
    if of is None:
        return None
    rows, best = results(of), last_round(of)
    blocks: list[Block] = [Prose(text=_how(of))]
    if _halved(of):
        blocks.append(Prose(text=_rounds(of)))
    if not best:
        blocks.append(Prose(text="No candidate has a score yet."))
        return _section(blocks)
    blocks.append(Plots(items=_plots(report, of, rows, best)))
    blocks += [_table(report, of, _shown(rows, best)), Prose(text=_rest(of, rows))]
    return _section(blocks)


def _section(blocks: Sequence[Block]) -> Section:
    return Section(anchor="cross-validation", title="Cross-validation", blocks=tuple(blocks))


def _halved(of: CrossValidation) -> bool:
    return any(candidate.iteration is not None for candidate in of.candidates)


def _how(of: CrossValidation) -> str:
    cut = "the images of its round" if _halved(of) else f"the {of.n_images:,} training images"
    return (
        f"Each candidate was trained {of.n_folds} times from scratch: {cut} were cut into {of.n_folds} folds, "
        "stratified by class, and each fold was scored by a model trained on all the others. A candidate's score is "
        "the mean over its folds. The standard deviation tells how much a score depends on which images were held "
        "out; as folds share most of their training images, it says little of another sample."
    )


def _rounds(of: CrossValidation) -> str:
    rounds = [(iteration, list(each)) for iteration, each in groupby(of.candidates, key=lambda each: each.iteration)]
    first, *others = [
        f"{len(each):,} on {each[0].samples or of.n_images:,}" for number, each in rounds if number is not None
    ]
    went_on = f", then the best third of each round went on: {text.listed(others)}" if others else ""
    return (
        f"Successive halving began with many candidates on few images: {first}{went_on}. Scores of different rounds "
        "cannot be compared, since more images make better models; only a candidate of the last round can win."
    )


def _plots(report: Report, of: CrossValidation, rows: Sequence[Result], best: Sequence[Result]) -> tuple[Plot, ...]:
    first, shown = leader(report), best[:_ROWS]
    marked = None if first is None else first.number
    which = f"the best {len(shown)} of {len(best)} candidates" if len(shown) < len(best) else "all candidates"
    plots = [
        Plot(
            name="folds",
            title="Folds of the best candidates",
            caption=f"A ring is one fold, the diamond their mean, the bar one standard deviation to either side: "
            f"{which}{' of the last round' if _halved(of) else ''}. Where bars overlap widely, the order is partly "
            "luck. The larger ring marks the winner.",
            alt=f"Mean accuracy with standard deviation of {which}. The best is trial {best[0].candidate.trial}: "
            f"{_mean_and_std(best[0])}.",
            draw=partial(drawing.folds_by_candidate, shown, marked),
        )
    ]
    if _halved(of):
        plots.append(
            Plot(
                name="halving",
                title="Who went on",
                caption="One line is one configuration, from round to round; a single dot was dropped after its first. "
                "Lines that cross show how far few images can be trusted to choose.",
                alt=f"Mean accuracy against images for {len(rows)} candidates in rounds of successive halving.",
                draw=partial(drawing.rounds, rows, marked),
            )
        )
    return tuple(plots)


def _mean_and_std(row: Result) -> str:
    return f"{text.percent(row.mean)}, standard deviation {100 * row.std:.1f} points"


def _shown(rows: Sequence[Result], best: Sequence[Result]) -> list[Result]:
    """Those of the last round first, then the others by rank."""
    last = {row.candidate.trial for row in best}
    return [*best, *sorted((row for row in rows if row.candidate.trial not in last), key=_place)][:_ROWS]


def _place(row: Result) -> tuple[int, int, int]:
    return -(row.candidate.iteration or 0), row.rank, row.candidate.trial


def _table(report: Report, of: CrossValidation, rows: Sequence[Result]) -> Table:
    names, halved, first = telling_parameters(report)[:_PARAMETERS], _halved(of), leader(report)
    trials = [row.candidate.trial for row in rows]
    return Table(
        title="cv_results_, as scikit-learn calls it",
        columns=(
            Column(title="rank_test_score", look="number"),
            Column(title="Trial", look="number"),
            *([Column(title="iter", look="number"), Column(title="n_resources", look="number")] if halved else []),
            Column(title="mean_test_score", look="number"),
            Column(title="std_test_score", look="number"),
            *(Column(title=f"split{fold}", look="number") for fold in range(of.n_folds)),
            Column(title="mean_fit_time", look="number"),
            *(Column(title=name, look="code") for name in names),
        ),
        rows=tuple(_row(row, of, names, halved=halved) for row in rows),
        marked=trials.index(first.number) if first and first.number in trials else None,
    )


def _row(row: Result, of: CrossValidation, names: Sequence[str], *, halved: bool) -> tuple[str, ...]:
    candidate = row.candidate
    rounds = ("" if candidate.iteration is None else str(candidate.iteration), f"{candidate.samples or of.n_images:,}")
    return (
        str(row.rank),
        str(candidate.trial),
        *(rounds if halved else ()),
        _number(row.mean),
        _number(row.std),
        *(_number(score) for score in candidate.accuracies),
        text.span(row.mean_fit_time) if math.isfinite(row.mean_fit_time) else "",
        *(text.plain(candidate.values[name]) if name in candidate.values else "" for name in names),
    )


def _number(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else ""


def _rest(of: CrossValidation, rows: Sequence[Result]) -> str:
    lost = sum(not math.isfinite(row.mean) for row in rows)
    parts = ["cv_results.csv holds all rows and columns, times included."]
    if len(rows) > _ROWS:
        parts.insert(0, f"Shown: {_ROWS} of {len(rows):,} rows.")
    if _halved(of):
        parts.append("Ranks are over all rounds, as scikit-learn gives them.")
    if lost:
        were = "row has" if lost == 1 else "rows have"
        parts.append(f"{lost:,} {were} no mean, having failed or been turned down, and rank last.")
    return " ".join(parts)
