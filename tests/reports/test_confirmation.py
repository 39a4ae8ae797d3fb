"""What a report says of the best trials that were trained again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.confirmed import Confirmation
from reports.page import Plots, Prose, Table
from reports.sections import answer, confirmation, model, page_of
from tests.reports.confirmations import confirmed

if TYPE_CHECKING:
    from reports import Report
    from reports.page import Section


def said(section: Section | None) -> str:
    assert section is not None
    return " ".join(block.text for block in section.blocks if isinstance(block, Prose))


def table(report: Report) -> Table:
    section = confirmation.section(report)
    assert section is not None
    (found,) = [block for block in section.blocks if isinstance(block, Table)]
    return found


def test_a_study_that_confirmed_nothing_yet_has_no_such_section(fashion: Report) -> None:
    assert confirmation.section(fashion) is None
    assert "confirmation" not in [section.anchor for section in page_of(fashion).sections]


def test_who_was_not_confirmed_is_told_with_why_and_what_to_do(fashion: Report) -> None:
    words = said(confirmation.section(replace(fashion, confirmation=Confirmation(why="as asked for, it was not"))))
    assert "The winner was not confirmed: as asked for, it was not." in words
    assert "partly luck" in words
    assert "--confirm 3" in words


def test_the_best_by_its_mean_wins_where_none_is_smaller_and_near(fashion: Report) -> None:
    report = confirmed(fashion)
    words = said(confirmation.section(report))
    assert report.confirmation is not None
    assert "The 3 best trials were trained again from scratch under 3 fresh seeds (as asked for)." in words
    assert f"Trial {report.confirmation.best} has the best mean" in words
    assert "no smaller model is within one standard error (0.10 points) of it: it wins" in words
    assert "the standard deviation over seeds is 0.17 points" in words
    assert "the same 6,000 validation images" in words


def test_a_smaller_model_that_is_near_wins_and_the_rule_is_told(fashion: Report) -> None:
    report = confirmed(fashion)
    assert report.confirmation is not None
    other = report.confirmation.trials[0]
    near = replace(report, confirmation=replace(report.confirmation, winner=other.trial))
    words = said(confirmation.section(near))
    assert f"wins: trial {other.trial} with" in words
    assert f"and {other.parameters:,} parameters" in words


def test_the_table_has_each_seed_the_optimism_and_what_failed(fashion: Report) -> None:
    report = confirmed(fashion)
    assert report.confirmation is not None
    first = report.confirmation.trials[0]
    lost = replace(first, scores=(None, *first.scores[1:]))
    trials = (lost, *report.confirmation.trials[1:])
    shown = table(replace(report, confirmation=replace(report.confirmation, trials=trials)))
    assert [column.title for column in shown.columns][-4:] == ["Optimism, points", "Seed 1", "Seed 2", "Seed 3"]
    assert shown.rows[0][-3] == "failed"
    assert shown.rows[0][4].startswith("+1.")
    assert shown.marked == 1
    assert "1 training failed and is left out" in said(
        confirmation.section(replace(report, confirmation=replace(report.confirmation, trials=trials)))
    )


def test_under_one_seed_nothing_is_said_of_a_standard_error(fashion: Report) -> None:
    words = said(confirmation.section(confirmed(fashion, repeats=1)))
    assert "under 1 fresh seed" in words
    assert "standard" not in words


def test_the_answer_quotes_the_mean_under_fresh_seeds(fashion: Report) -> None:
    report = confirmed(fashion)
    words = said(answer.section(report))
    assert "Trained again under 3 fresh seeds, the same configuration scored" in words
    assert "the score that the search found it by" in words
    assert "the best of" not in words


def test_the_winner_is_named_for_those_who_cannot_see_the_figure(fashion: Report) -> None:
    report = confirmed(fashion)
    section = confirmation.section(report)
    assert section is not None
    (plots,) = [block for block in section.blocks if isinstance(block, Plots)]
    assert report.confirmation is not None
    assert f"The winner is trial {report.confirmation.winner}:" in plots.items[0].alt


def test_the_epochs_of_the_retraining_are_those_of_the_repeats(fashion: Report) -> None:
    assert "the best epoch of its trial" in said(model.section(fashion))
    assert "the median of the best epochs of its repeats" in said(model.section(confirmed(fashion)))


def test_where_all_failed_the_search_decides(fashion: Report) -> None:
    report = confirmed(fashion)
    assert report.confirmation is not None
    lost = tuple(replace(each, scores=(None,) * 3) for each in report.confirmation.trials)
    none = replace(report.confirmation, trials=lost, best=-1, winner=-1)
    assert "Every attempt" in said(confirmation.section(replace(report, confirmation=none)))


def test_all_figures_of_a_confirmed_report_can_be_drawn(fashion: Report) -> None:
    for n, repeats in ((1, 1), (5, 3)):
        (plot,) = [plot for plot in page_of(confirmed(fashion, n, repeats)).plots() if plot.name == "confirmation"]
        figure = plot.draw()
        (axes,) = figure.axes
        assert len(axes.get_yticklabels()) == n
