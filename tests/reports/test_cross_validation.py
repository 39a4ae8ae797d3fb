"""The table of candidates is scikit-learn's, number by number; and the report's words are those of folds."""

from __future__ import annotations

import csv
import io
import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, StratifiedKFold

from reports import render_html, render_markdown, write
from reports.csv_files import cv_results_csv
from reports.cv_results import columns, last_round, results
from reports.drawing import folds_by_candidate, rounds
from reports.page import Plots, Table
from reports.report import Candidate, CrossValidation, TrialRow
from reports.sections import page_of
from reports.sections.cross_validation import section
from reports.standing import leader, ranking, rivals, wilson
from tests.reports import samples

if TYPE_CHECKING:
    from pathlib import Path

    from reports import Report

LABELS = np.tile(np.arange(3), 60)


class MadeUp(ClassifierMixin, BaseEstimator):
    """Scores that differ by fold and tie now and then; one candidate fails in its second fold."""

    def __init__(self, units: int = 1, rate: float = 0.0) -> None:
        self.units = units
        self.rate = rate

    def fit(self, X: Any, y: Any) -> MadeUp:  # noqa: N803 - scikit-learn's name
        if (self.units, self.rate) == (16, 0.2) and int(X[0]) > 0:
            raise ArithmeticError
        return self

    def score(self, X: Any, y: Any) -> float:  # noqa: N803
        return 0.5 + 0.02 * (self.units % 5) - 0.1 * self.rate + 0.001 * (int(X[0]) % 7)


GRID = {"units": [8, 16, 32, 33], "rate": [0.0, 0.2, 0.4]}


def searched(kind: type) -> Any:
    """scikit-learn's own search, fitted."""
    more = {"random_state": 0} if kind is HalvingGridSearchCV else {}
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the fits that fail
        return kind(MadeUp(), GRID, cv=cv, refit=False, **more).fit(np.arange(len(LABELS)), LABELS)


def candidates_of(search: Any) -> tuple[Candidate, ...]:
    """What a study would have recorded of it."""
    table = search.cv_results_
    return tuple(
        Candidate(
            trial=number,
            values=values,
            accuracies=tuple(float(table[f"split{fold}_test_score"][number]) for fold in range(3)),
            fit_seconds=(1.0, 2.0, 4.0),
            score_seconds=(0.1, 0.1, 0.4),
            iteration=int(table["iter"][number]) if "iter" in table else None,
            samples=int(table["n_resources"][number]) if "iter" in table else None,
        )
        for number, values in enumerate(table["params"])
    )


def report_of(search: Any) -> Report:
    """The report of a study that had the search's candidates; the leader's trial was retrained and tested."""
    candidates = candidates_of(search)
    of = CrossValidation(n_folds=3, n_images=len(LABELS), candidates=candidates)
    trials = tuple(_trial(each) for each in candidates)
    base = samples.digits()
    counts = {split: base.data.counts[split] for split in ("train", "test")}
    report = replace(base, trials=trials, cross_validation=of, data=replace(base.data, counts=counts), model=None)
    best = leader(report)
    assert best is not None
    assert base.model is not None
    assert base.evaluation is not None
    evaluation = replace(base.evaluation, validation=wilson(best.score or 0, best.scored_on or 0))
    return replace(report, model=replace(base.model, trial=best.number), evaluation=evaluation)


def _trial(candidate: Candidate) -> TrialRow:
    lost = any(map(math.isnan, candidate.accuracies))
    return TrialRow(
        number=candidate.trial,
        state="failed" if lost else "complete",
        reason="crash: as ordered" if lost else "",
        score=None if lost else float(np.mean(candidate.accuracies)),
        scored_on=candidate.samples or len(LABELS),
        seconds=7.0,
        parameters=100,
        values=candidate.values,
        finished_after=10.0 * candidate.trial,
    )


BOTH = pytest.mark.parametrize("kind", [GridSearchCV, HalvingGridSearchCV])


@BOTH
def test_every_number_is_that_of_scikit_learns_table(kind: type) -> None:
    search = searched(kind)
    rows = [columns(row) for row in results(report_of(search).cross_validation)]
    table = search.cv_results_
    named = [name for name in table if name.endswith("test_score") or name in {"iter", "n_resources"}]
    assert {"rank_test_score", "mean_test_score", "std_test_score", "split0_test_score"} <= set(named)
    for name in named:
        ours = [math.nan if row[name] is None else row[name] for row in rows]
        np.testing.assert_array_equal(np.array(ours, dtype=float), np.asarray(table[name], dtype=float), err_msg=name)
    assert len(set(table["rank_test_score"])) < len(rows)  # there are ties
    assert [row["param_units"] for row in rows] == [each["units"] for each in table["params"]]
    assert (rows[0]["mean_fit_time"], rows[0]["std_fit_time"]) == (np.mean([1, 2, 4]), np.std([1, 2, 4]))


def test_where_no_candidate_has_a_mean_all_share_the_first_rank() -> None:
    lost = Candidate(trial=0, values={}, accuracies=(math.nan,) * 2, fit_seconds=(1, 1), score_seconds=(0, 0))
    of = CrossValidation(n_folds=2, n_images=10, candidates=(lost, replace(lost, trial=1)))
    assert [row.rank for row in results(of)] == [1, 1]
    assert last_round(of) == ()


@BOTH
def test_the_csv_holds_every_row_and_an_empty_cell_where_there_is_no_number(kind: type) -> None:
    search = searched(kind)
    rows = list(csv.DictReader(io.StringIO(cv_results_csv(report_of(search)) or "")))
    table = search.cv_results_
    assert [float(row["mean_test_score"] or "nan") for row in rows] == pytest.approx(
        table["mean_test_score"].tolist(), nan_ok=True, abs=0
    )
    lost = next(row for row in rows if (row["param_units"], row["param_rate"]) == ("16", "0.2"))
    assert (lost["mean_test_score"], lost["std_test_score"]) == ("", "")
    of_folds = [f"split{fold}_test_score" for fold in range(3)]
    assert list(rows[0])[-6:] == [*of_folds, "mean_test_score", "std_test_score", "rank_test_score"]


@BOTH
def test_the_table_has_the_winner_first_and_marked(kind: type) -> None:
    report = report_of(searched(kind))
    made = section(report)
    assert made is not None
    (table,) = (block for block in made.blocks if isinstance(block, Table))
    titles = [column.title for column in table.columns]
    assert table.marked == 0
    assert table.rows[0][titles.index("Trial")] == str(leader(report).number)  # type: ignore[union-attr]
    assert ("iter" in titles) == ("n_resources" in titles) == (kind is HalvingGridSearchCV)
    assert "" in {row[titles.index("mean_test_score")] for row in table.rows}


def test_of_halving_only_the_last_round_is_compared_with_the_winner() -> None:
    report = report_of(searched(HalvingGridSearchCV))
    last = [trial.number for trial in report.trials if trial.scored_on == 180]
    assert [trial.number for trial in ranking(report)[: len(last)]] == sorted(
        last, key=lambda number: (-(report.trials[number].score or 0), number)
    )
    assert {trial.number for trial in rivals(report)} < set(last)
    text = render_markdown(report)
    assert "12 on 20, then the best third of each round went on: 4 on 60 and 2 on 180." in text
    assert "on average over 3 folds of 180 training images" in text
    assert "the best of 2 complete trials in the last round and so partly luck" in text


@BOTH
def test_no_sentence_speaks_of_validation_images(kind: type) -> None:
    text = render_markdown(report_of(searched(kind))).lower()
    where = text.index("## how to reproduce it")  # the sample's own protocol follows
    assert "validation" not in text[:where].replace("cross-validation", "")
    assert "best epoch" not in text[:where]


def test_a_study_scored_on_validation_images_has_no_such_section_and_no_such_file(tmp_path: Path) -> None:
    assert section(samples.digits()) is None
    assert cv_results_csv(samples.digits()) is None
    assert "cross-validation" not in [each.anchor for each in page_of(samples.digits()).sections]
    write(samples.digits(), tmp_path / "report")
    assert not (tmp_path / "report" / "cv_results.csv").exists()


def test_a_search_without_any_score_yet_says_so() -> None:
    report = replace(samples.empty(), cross_validation=CrossValidation(n_folds=5, n_images=100))
    made = section(report)
    assert made is not None
    assert not [block for block in made.blocks if isinstance(block, Plots)]
    assert "No candidate has a score yet." in render_markdown(report)
    assert "<h2" in render_html(report)


@BOTH
def test_all_files_are_written(kind: type, tmp_path: Path) -> None:
    write(report_of(searched(kind)), tmp_path / "report")
    assert (tmp_path / "report" / "cv_results.csv").exists()
    assert (tmp_path / "report" / "figures" / "folds.svg").exists()
    assert (tmp_path / "report" / "figures" / "halving.svg").exists() == (kind is HalvingGridSearchCV)


def test_the_figures_show_every_fold_and_every_round() -> None:
    report = report_of(searched(HalvingGridSearchCV))
    assert report.cross_validation is not None
    best = last_round(report.cross_validation)
    (axes,) = folds_by_candidate(best, best[0].candidate.trial).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [f"trial {row.candidate.trial}" for row in best]
    assert len(axes.collections[0].get_offsets()) == 3 * len(best)
    (axes,) = rounds(results(report.cross_validation), best[0].candidate.trial).axes
    assert sorted(len(line.get_xdata()) for line in axes.lines)[-2:] == [3, 3]  # type: ignore[arg-type]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["20", "60", "180"]
