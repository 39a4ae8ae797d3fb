"""The section on trade-offs: what it says, its table, its figures."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from reports import drawing, figures, render_html, render_markdown
from reports.csv_files import leaderboard_csv
from reports.drawing import Point
from reports.page import Plots, Prose, Section, Table
from reports.report import Objective, Report, TrialRow
from reports.sections import pareto
from tests.reports import samples

ACCURACY = Objective(name="val_accuracy", title="validation accuracy", unit="share")
PARAMETERS = Objective(name="parameters", title="parameters", unit="count")
LATENCY = Objective(name="latency", title="latency", unit="milliseconds")


def trial(number: int, score: float, parameters: int, latency: float = 1.0, **more: object) -> TrialRow:
    measures = {"parameters": float(parameters), "latency": latency}
    row = TrialRow(number=number, state="complete", score=score, parameters=parameters, measures=measures)
    return replace(row, **more)  # type: ignore[arg-type]


def report_of(
    *trials: TrialRow, front: tuple[int, ...], objectives: tuple[Objective, ...] = (ACCURACY, PARAMETERS)
) -> Report:
    """A search that has not been finished off, on 290 validation images."""
    going = replace(samples.digits(), model=None, evaluation=None)
    return replace(going, trials=trials, front=front, objectives=objectives)


FOUR = report_of(
    trial(0, 0.90, 40_000, preset="published"),
    trial(1, 0.96, 20_000),
    trial(2, 0.95, 5_000),
    trial(3, 0.60, 1_000),
    replace(trial(4, 0.99, 10), state="pruned"),
    front=(1, 2, 3),
)


def section(report: Report) -> Section:
    made = pareto.section(report)
    assert made is not None
    return made


def sentences(report: Report) -> list[str]:
    return [block.text for block in section(report).blocks if isinstance(block, Prose)]


def table(report: Report) -> Table:
    return next(block for block in section(report).blocks if isinstance(block, Table))


def test_a_study_of_one_objective_has_no_such_section() -> None:
    assert pareto.section(samples.digits()) is None
    assert pareto.section(replace(FOUR, objectives=(ACCURACY,))) is None
    assert "Trade-offs" not in render_html(samples.digits())


def test_it_says_what_the_front_is_who_won_and_what_is_nearly_as_good_for_less() -> None:
    front, won, bargain = sentences(FOUR)[:3]
    assert front == (
        "3 of the 4 complete trials are on the Pareto front of validation accuracy and parameters: whatever is better "
        "than one of them in one of these is worse in another."
    )
    assert won == (
        "Trial 1 would be retrained: of the complete trials it has the best validation accuracy, whatever it costs."
    )
    assert bargain == (
        "Trial 2 has 25 % of trial 1's parameters, 5,000, and the 95 % intervals of their validation accuracies "
        "overlap: these images do not tell the two apart."
    )


def test_where_nothing_is_nearly_as_good_for_less_it_says_so() -> None:
    report = report_of(trial(0, 0.95, 9_000), trial(1, 0.5, 100), front=(0, 1))
    assert sentences(report)[2] == (
        "No trial on the front that costs less in parameters has a 95 % interval that reaches trial 0's."
    )


def test_it_warns_that_pruning_by_accuracy_keeps_cheap_models_away() -> None:
    assert sentences(FOUR)[-1].startswith("1 trial was ended early, judged by validation accuracy alone.")
    assert not any("ended early" in text for text in sentences(replace(FOUR, trials=FOUR.trials[:4])))


def test_the_table_has_the_front_with_each_objective_and_the_winner_is_set_off() -> None:
    of = table(FOUR)
    assert [column.title for column in of.columns] == ["Trial", "Validation accuracy", "95 % interval", "Parameters"]
    assert [(row[0], row[1], row[3]) for row in of.rows] == [
        ("1", "96.00 %", "20,000"),
        ("2", "95.00 %", "5,000"),
        ("3", "60.00 %", "1,000"),
    ]
    assert of.marked == 0


def test_a_preset_on_the_front_is_named_and_latency_has_its_unit() -> None:
    report = report_of(
        trial(0, 0.9, 10, 1.23456, preset="published"),
        trial(1, 0.8, 9, 0.5),
        front=(0, 1),
        objectives=(ACCURACY, LATENCY),
    )
    assert table(report).columns[1].title == "Preset"
    assert [(row[1], row[-1]) for row in table(report).rows] == [("published", "1.23 ms"), ("", "0.5 ms")]


def test_a_search_that_has_only_begun_says_what_is_not_there_yet() -> None:
    assert sentences(report_of(front=())) == [
        "No trial has completed yet, so nothing can be said of validation accuracy and parameters together."
    ]
    assert sentences(report_of(trial(0, 0.9, 10), front=(0,)))[0] == (
        "Only one trial has completed, so there is nothing to trade off yet."
    )


def test_there_is_one_figure_for_each_cost() -> None:
    report = replace(FOUR, objectives=(ACCURACY, PARAMETERS, LATENCY))
    assert [name for name in figures(report) if name.startswith("trade_off")] == [
        "trade_off_parameters",
        "trade_off_latency",
    ]
    plots = next(block for block in section(report).blocks if isinstance(block, Plots))
    assert plots.items[0].alt == (
        "Validation accuracy against parameters. The front goes from 96.0 % with 20,000 to 60.0 % with 1,000."
    )


def test_what_scored_far_below_the_others_is_counted_and_not_drawn() -> None:
    report = report_of(*(trial(n, 0.9 + n / 100, 100 + n) for n in range(6)), trial(6, 0.1, 1), front=(5, 6))
    (plot,) = next(block for block in section(report).blocks if isinstance(block, Plots)).items
    assert plot.caption.endswith("Not shown: 1 trial below the scale.")
    assert min(plot.draw().axes[0].get_ylim()) > 80
    assert [row[0] for row in table(report).rows] == ["5", "6"]


def test_the_line_is_the_best_score_at_each_cost_or_less() -> None:
    points = [Point(trial=number, cost=cost, score=score) for number, (cost, score) in enumerate(
        [(30.0, 0.9), (10.0, 0.7), (20.0, 0.8), (25.0, 0.75), (20.0, 0.6), (40.0, 0.9)]
    )]  # fmt: skip
    (line,) = drawing.trade_off(points, "cost", "winner").axes[0].lines
    assert list(line.get_xdata()) == [10.0, 20.0, 30.0, 40.0]
    assert list(line.get_ydata()) == [70.0, 80.0, 90.0, 90.0]


def test_front_and_the_others_differ_in_shape_and_the_winner_is_ringed() -> None:
    points = [
        Point(trial=0, cost=10.0, score=0.9, on_front=True, ringed=True),
        Point(trial=1, cost=20.0, score=0.8),
    ]
    figure = drawing.trade_off(points, "cost", "winner")
    shapes = {c.get_label(): c.get_paths()[0].vertices.tobytes() for c in figure.axes[0].collections}
    assert set(shapes) == {"on the front", "behind it", "winner"}
    assert shapes["on the front"] != shapes["behind it"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["best at this cost or less", "on the front", "behind it", "winner"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (5_000, 110_000, ["5,000", "10,000", "20,000", "50,000", "100,000"]),
        (900, 30_000_000, ["1,000", "10,000", "100,000", "1 M", "10 M"]),
        (0.28, 0.61, ["0.3", "0.4", "0.5", "0.6"]),
        (1_200, 1_300, ["1,200", "1,250", "1,300"]),
        (5.0, 5.0, ["4.9", "5", "5.1"]),
    ],
)
def test_the_cost_axis_has_a_few_round_numbers(low: float, high: float, ticks: list[str]) -> None:
    points = [Point(trial=0, cost=low, score=0.8), Point(trial=1, cost=high, score=0.9)]
    axes = drawing.trade_off(points, "cost", "winner").axes[0]
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ticks


def test_no_number_covers_another_and_the_winners_is_there() -> None:
    crowd = [Point(trial=number, cost=100 + number, score=0.9 + number / 1000, on_front=True) for number in range(20)]
    crowd[0] = replace(crowd[0], ringed=True)
    figure = drawing.trade_off(crowd, "cost", "winner")
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert "0" in [text.get_text() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_legend_covers_no_data_and_nothing_is_cut_off() -> None:
    figure = figures(FOUR)["trade_off_parameters"]
    figure.draw_without_rendering()
    assert not figure.legends[0].get_window_extent().overlaps(figure.axes[0].get_window_extent())
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.01


def test_markdown_and_html_have_it_and_the_csv_has_the_costs() -> None:
    report = replace(FOUR, objectives=(ACCURACY, PARAMETERS, LATENCY))
    assert "## Trade-offs" in render_markdown(report)
    assert 'id="trade-offs"' in render_html(report)
    rows = list(csv.DictReader(io.StringIO(leaderboard_csv(report))))
    assert {row["latency"] for row in rows} == {"1.0"}
    assert [row["parameters"] for row in rows][:2] == ["20000", "5000"]
