from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reports import text
from reports.page import Plots, Prose, Table
from reports.sections import SECTIONS, answer, curves, leaderboard, page_of, unfinished
from reports.standing import overlap, ranking, wilson
from tests.reports import samples

if TYPE_CHECKING:
    from reports import Report
    from reports.page import Section
    from reports.report import Proportion


def sentences(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Prose)]


def with_scores(validation: Proportion, test: Proportion) -> Report:
    report = samples.tiny()
    return replace(report, evaluation=replace(report.evaluation, validation=validation, accuracy=test))


def test_the_answer_is_three_sentences_at_every_stage(any_stage: Report) -> None:
    leads = [block for block in answer.section(any_stage).blocks if isinstance(block, Prose) and block.tone == "lead"]
    assert len(leads) == 3
    assert all(block.text.endswith(".") for block in leads)


def test_the_answer_names_winner_score_interval_and_size() -> None:
    assert sentences(answer.section(samples.tiny()))[0] == (
        "Trial 1, proposed by tpe, won: a model of 1,234 parameters that is right on 85.0 % of the 100 test images "
        "(95 % interval 76.7 to 90.7 %)."
    )


def test_overlapping_intervals_carry_no_difference() -> None:
    said = sentences(answer.section(with_scores(wilson(0.92, 1000), wilson(0.91, 1000))))[1]
    assert "do not show that the two differ" in said
    assert "more than" not in said


@pytest.mark.parametrize(("validation", "side"), [(0.95, "5.0 points above"), (0.85, "5.0 points below")])
def test_a_difference_beyond_the_intervals_is_told_with_its_side(validation: float, side: str) -> None:
    said = sentences(answer.section(with_scores(wilson(validation, 10_000), wilson(0.90, 10_000))))[1]
    assert side in said
    assert "more than the two intervals explain" in said


def test_a_test_set_opened_twice_is_admitted() -> None:
    report = samples.tiny()
    again = replace(report, evaluation=replace(report.evaluation, times_opened=2))
    assert any("opened 2 times" in said for said in sentences(answer.section(again)))


def test_nothing_is_quoted_as_an_accuracy_before_the_test() -> None:
    said = sentences(answer.section(samples.running()))
    assert "not yet an accuracy to quote" in said[1]
    assert page_of(samples.running()).notice.startswith("The search was still going on")


def test_the_leaderboard_says_how_many_cannot_be_told_from_the_winner() -> None:
    assert sentences(leaderboard.section(samples.tiny()))[0] == (
        "1 other complete trial has a 95 % interval overlapping that of trial 1: on these validation images they "
        "cannot be told apart from it, and their order here is partly luck."
    )


def test_only_complete_trials_are_ranked(fashion: Report) -> None:
    assert {trial.state for trial in ranking(fashion)} == {"complete"}


def test_the_leaderboard_shows_twenty_and_marks_the_winner(fashion: Report) -> None:
    (table,) = [block for block in leaderboard.section(fashion).blocks if isinstance(block, Table)]
    assert len(table.rows) == 20
    assert table.rows[table.marked or 0][1] == str(fashion.model.trial)


def test_trials_that_did_not_complete_are_grouped_by_reason(fashion: Report) -> None:
    tables = [block for block in unfinished.section(fashion).blocks if isinstance(block, Table)]
    n_unfinished = sum(trial.state in {"pruned", "failed"} for trial in fashion.trials)
    assert sum(int(row[2]) for row in tables[0].rows) == n_unfinished
    assert [row[0] for row in tables[0].rows] == ["failed", "failed", "pruned", "pruned"]


def test_no_section_is_ever_left_out_but_those_of_another_kind_of_study(any_stage: Report) -> None:
    sections = page_of(any_stage).sections
    left_out = [make.__module__ for make in SECTIONS if make(any_stage) is None]
    unconfirmed = ["reports.sections.confirmation"] if any_stage.confirmation is None else []
    assert left_out == [*unconfirmed, "reports.sections.cross_validation", "reports.sections.pareto"]
    assert len({section.anchor for section in sections}) == len(SECTIONS) - len(left_out)
    assert all(section.blocks for section in sections)


def test_every_row_of_every_table_has_a_cell_for_each_column(any_stage: Report) -> None:
    blocks = [block for section in page_of(any_stage).sections for block in section.blocks]
    assert all(len(row) == len(t.columns) for t in blocks if isinstance(t, Table) for row in t.rows)


def test_wilson_agrees_with_a_published_value() -> None:
    # Source: Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3: 81 of 263.
    interval = wilson(81 / 263, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_wilson_stays_between_none_and_all(value: float) -> None:
    interval = wilson(value, 20)
    assert 0 <= interval.low < interval.high <= 1


def test_without_images_nothing_is_known() -> None:
    assert overlap(wilson(0.9, 0), wilson(0.1, 1000))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.percent(0.99999), "99.9 %"),
        (text.percent(1.0), "100.0 %"),
        (text.span(8.44), "8.4 s"),
        (text.span(59.97), "1 min 00 s"),
        (text.span(3599.7), "1 h 00 min"),
        (text.span(90_000), "1 d 1 h"),
        (text.moment("2026-11-22T18:40:00+01:00"), "22 November 2026, 18:40 (UTC+01:00)"),
        (text.moment("some day"), "some day"),
        (text.memory(1_420_000_000), "1.42 GB"),
        (text.memory(182_000_000), "182 MB"),
        (text.plain(value=True), "yes"),
        (text.plain(0.0021300001), "0.00213"),
        (text.plural(1, "trial"), "1 trial"),
        (text.plural(1200, "trial"), "1,200 trials"),
        (text.shorten("T-shirt/top", 22), "T-shirt/top"),
        (text.shorten("a very long name of a class", 11), "a ver…class"),
        (text.clean("a\u202eb\x00c\ud800"), "a\ufffdb\ufffdc\ufffd"),
    ],
)
def test_numbers_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        (("categorical_crossentropy",), "Cross-entropy in nats: lower is better"),
        (("mean_squared_error",), "The loss is mean squared error: lower is better."),
        (("categorical_crossentropy", "categorical_hinge"), "categorical crossentropy and categorical hinge), whose"),
    ],
)
def test_the_curves_say_which_loss_they_show(losses: tuple[str, ...], said: str) -> None:
    report = samples.tiny()
    shown = curves.section(replace(report, search=replace(report.search, losses=losses)))

    plots = [plot for block in shown.blocks if isinstance(block, Plots) for plot in block.items]
    assert said in next(plot.caption for plot in plots if plot.name == "curves_loss")
