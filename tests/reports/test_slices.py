"""Scores over the values of parameters: panels, lines through whole configurations, activations by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reports.page import Plots, Table
from reports.report import TrialRow
from reports.sections import activations, importance
from reports.slices import first_axes, lines_of, slices_of
from tests.reports import samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reports import Report
    from reports.report import Value


def trial(number: int, score: float | None, **values: Value) -> TrialRow:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return TrialRow(number=number, state="complete", score=score, values=named)


def report(*trials: TrialRow) -> Report:
    return replace(samples.tiny(), trials=trials, model=None, importance=replace(samples.tiny().importance, shares={}))


RATES = [trial(i, 0.5 + i / 100, rate=10.0**-i, act="relu" if i % 2 else "tanh", fixed=3) for i in range(5)]


def axes_of(of: Report, name: str) -> list[Axes]:
    (plot,) = [
        p for block in importance.section(of).blocks if isinstance(block, Plots) for p in block.items if p.name == name
    ]
    return plot.draw().axes


def test_a_panel_for_each_parameter_that_varied_the_important_first() -> None:
    of = report(*RATES)
    assert [each.name for each in slices_of(of, 6)] == ["rate", "act"]
    shares = {"act": 0.8, "rate": 0.2}
    ranked = replace(of, importance=replace(of.importance, shares=shares))
    assert [each.name for each in slices_of(ranked, 6)] == ["act", "rate"]
    assert [each.name for each in slices_of(ranked, 1)] == ["act"]


def test_too_few_trials_are_no_trend() -> None:
    assert slices_of(report(*RATES[:3]), 6) == ()
    assert slices_of(report(*RATES[:3], trial(9, None, rate=0.5)), 6) == ()  # one without a score is no point
    assert lines_of(report(*RATES[:3]), 6) == ((), ())


def test_numbers_that_span_much_have_a_logarithmic_axis_and_words_a_column_each() -> None:
    numbers, words = axes_of(report(*RATES), "slices")
    assert numbers.get_xscale() == "log"
    assert [label.get_text() for label in words.get_xticklabels()] == ["tanh", "relu"]
    assert numbers.get_ylim() == words.get_ylim()  # one scale of scores


def test_a_trial_that_had_not_the_parameter_is_no_point_of_its_panel() -> None:
    (momentum, *_) = slices_of(report(*RATES, trial(7, 0.7, momentum=0.9), trial(8, 0.6, momentum=0.1)), 6)[-1:]
    assert momentum.name == "momentum"
    assert [point.value for point in momentum.points] == [0.9, 0.1]


def test_lines_go_through_the_parameters_that_nearly_all_trials_have() -> None:
    of = report(*RATES, trial(7, 0.9, rate=0.5, act="relu", momentum=0.9))
    names, lines = lines_of(of, 6)
    assert names == ("rate", "act")
    assert len(lines) == 6
    assert [line.kind for line in lines].count("the winner") == 1
    assert lines[-1].kind == "the winner"
    assert first_axes(names, lines, 1)[1] == ("rate",)
    assert all(len(line.values) == 1 for line in first_axes(names, lines, 1)[0])


def test_the_best_tenth_is_told_from_the_others() -> None:
    trials = [trial(i, 0.5 + i / 100, rate=float(i), act="relu" if i % 2 else "tanh") for i in range(40)]
    kinds = [line.kind for line in lines_of(report(*trials), 6)[1]]
    assert kinds.count("the winner") == 1
    assert kinds.count("the best tenth") == 3
    assert kinds.count("other trials") == 36


def test_every_axis_of_the_lines_has_its_ends_written() -> None:
    (axes,) = axes_of(report(*RATES), "parallel")
    written = [each.get_text() for each in axes.texts]
    assert {"relu", "tanh", "rate", "act", "accuracy, %", "1", "0.0001", "50", "54"} <= set(written)


def test_activations_are_told_by_layer_with_best_mean_and_number() -> None:
    of = report(
        trial(0, 0.90, conv__activation="relu", dense__activation="tanh"),
        trial(1, 0.80, conv__activation="relu", dense__activation="relu"),
        trial(2, 0.85, conv__activation="elu", variables__act="elu"),
        replace(trial(3, 0.99, conv__activation="elu"), state="pruned"),
    )
    table = activations.table(of)
    assert table is not None
    assert [column.title for column in table.columns] == ["Layer", "elu", "relu", "tanh"]
    assert table.rows[0] == ("conv", "85.0 %, once", "90.0 %, mean 85.0 % of 2", "")
    assert table.rows[1] == ("dense", "", "80.0 %, once", "90.0 %, once")
    assert table.rows[2] == ("variables.act", "85.0 %, once", "", "")
    assert [block.title for block in importance.section(of).blocks if isinstance(block, Table)] == [table.title]


@pytest.mark.parametrize("kinds", [(), ("relu", "relu")])
def test_one_activation_alone_is_no_comparison(kinds: tuple[str, ...]) -> None:
    trials = [trial(i, 0.9, conv__activation=kind) for i, kind in enumerate(kinds)]
    assert activations.table(report(*trials, trial(8, 0.9, rate=1))) is None
