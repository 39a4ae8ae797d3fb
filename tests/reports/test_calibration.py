"""What a report says of a model's confidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reports.page import Facts, Prose
from reports.sections import calibration, page_of

if TYPE_CHECKING:
    from reports import Report


def with_confidence(report: Report, confidence: float) -> Report:
    assert report.evaluation is not None
    of = replace(report.evaluation.calibration, confidence=confidence)
    return replace(report, evaluation=replace(report.evaluation, calibration=of))


def said(report: Report) -> str:
    return " ".join(block.text for block in calibration.section(report).blocks if isinstance(block, Prose))


@pytest.mark.parametrize(
    ("beyond", "verdict"),
    [(0.01, "it is surer than it is right"), (-0.01, "it is more often right than it is sure")],
)
def test_too_much_confidence_is_claimed_only_beyond_the_interval(fashion: Report, beyond: float, verdict: str) -> None:
    assert fashion.evaluation is not None
    accuracy = fashion.evaluation.accuracy
    end = accuracy.high if beyond > 0 else accuracy.low
    assert verdict in said(with_confidence(fashion, end + beyond))
    assert "neither too much confidence nor too little" in said(with_confidence(fashion, end - beyond / 100))


def test_the_numbers_have_their_scales(fashion: Report) -> None:
    (facts,) = [block for block in calibration.section(fashion).blocks if isinstance(block, Facts)]
    told = dict(facts.items)
    assert told["Expected calibration error"] == "2.10 points (15 bins of equal width; 0 is perfect)"
    assert told["Brier score"] == "0.1340 (0 is perfect, 2 the worst)"


def test_the_diagram_begins_below_its_lowest_point(fashion: Report) -> None:
    (plot,) = [plot for plot in page_of(fashion).plots() if plot.name == "reliability"]
    (axes,) = plot.draw().axes
    assert fashion.evaluation is not None
    lowest = min(each.accuracy.low for each in fashion.evaluation.calibration.bins)
    assert axes.get_ylim()[0] <= 100 * lowest
    assert axes.get_xlim()[1] > 100


def test_before_the_test_set_is_opened_nothing_is_said_of_it(fashion: Report) -> None:
    assert "still sealed" in said(replace(fashion, evaluation=None))
