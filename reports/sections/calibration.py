"""How sure it is, and how right: calibration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Facts, Plot, Plots, Prose, Section

if TYPE_CHECKING:
    from reports.calibration import Calibration
    from reports.report import Evaluation, Report


def section(report: Report) -> Section:
    blocks: tuple[Block, ...] = (Prose(text="The test set is still sealed: how true its confidence is is not known."),)
    if report.evaluation is not None:
        of = report.evaluation.calibration
        blocks = (Prose(text=verdict(report.evaluation)), Plots(items=(_plot(of),)), _numbers(of))
    return Section(anchor="calibration", title="How sure it is, and how right", blocks=blocks)


def verdict(evaluation: Evaluation) -> str:
    """Whether it is too sure, or not sure enough, as far as the test images tell."""
    of, accuracy = evaluation.calibration, evaluation.accuracy
    mean = f"Its mean confidence in the class that it names is {text.percent(of.confidence)}"
    right = f"it is right on {text.percent(accuracy.value)} ({text.interval(accuracy)})"
    if of.confidence > accuracy.high:
        return f"{mean} and {right}: it is surer than it is right."
    if of.confidence < accuracy.low:
        return f"{mean} and {right}: it is more often right than it is sure."
    return f"{mean} and {right}: on the whole these images show neither too much confidence nor too little."


def _plot(of: Calibration) -> Plot:
    worst = max(of.bins, key=lambda each: abs(each.confidence - each.accuracy.value) * each.accuracy.n)
    return Plot(
        name="reliability",
        title="Reliability",
        caption="Test images are put together by how sure the model was of the class that it named. On the dashed line "
        "confidence and accuracy are the same; below it the model is too sure. The larger a dot, the more images.",
        alt=f"Accuracy against confidence in {len(of.bins)} groups of test images. What weighs most is the group of "
        f"{text.percent(worst.confidence)} mean confidence: {text.percent(worst.accuracy.value)} of its "
        f"{text.plural(worst.accuracy.n, 'image')} are right.",
        draw=partial(drawing.reliability, of),
    )


def _numbers(of: Calibration) -> Facts:
    return Facts(
        title="In numbers",
        items=(
            ("Expected calibration error", f"{100 * of.ece:.2f} points (15 bins of equal width; 0 is perfect)"),
            ("Brier score", f"{of.brier:.4f} (0 is perfect, 2 the worst)"),
            ("Mean confidence", text.percent(of.confidence, 2)),
        ),
    )
