"""How each study got to its best: against trials and against time, in one figure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.best_so_far import best_score, scored, steps
from reports.comparability import comparable
from reports.page import Block, Plot, Plots, Prose, Section
from reports.sections.comparison.words import all_called, called, how_soon

if TYPE_CHECKING:
    from reports.comparison import ComparedStudy, Comparison


def section(comparison: Comparison) -> Section:
    found = scored(comparison)
    blocks: list[Block] = []
    if found:
        blocks.append(Plots(items=(_plot(comparison, found), _intervals(comparison, found))))
    without = [study for study in comparison.studies if study not in found]
    if without:
        blocks.append(Prose(text=f"There is nothing to draw of {all_called(without)}: no trial of it has a score yet."))
    return Section(anchor="progress", title="Best so far", blocks=tuple(blocks))


def _plot(comparison: Comparison, found: tuple[ComparedStudy, ...]) -> Plot:
    lines = drawing.lines_of(found)
    note = "" if comparable(comparison) else "The scores of these studies do not compare with one another."
    ways = "; ".join(
        f"{text.percent(steps(study)[-1].score, 2)} by {how_soon(study, steps(study)[-1])}" for study in found
    )
    return Plot(
        name="best_so_far",
        title="Best validation accuracy so far, against trials and against time",
        caption=_caption(found, lines),
        alt=f"Best validation accuracy so far: {ways}.",
        draw=partial(drawing.best_so_far, lines, note=note),
        draw_narrow=partial(drawing.best_so_far, lines, note=note, stacked=True),
    )


def _caption(found: tuple[ComparedStudy, ...], lines: tuple[drawing.Line, ...]) -> str:
    parts = [
        (
            "A line is one study, a mark on it a trial that was better than all before it; where it runs flat, the "
            "search found nothing better. One panel counts finished trials, the other search time, which is what a "
            "pruner and quick models save."
        )
    ]
    if any(not trial.eligible and trial.score is not None for study in found for trial in study.trials):
        parts.append("Only trials that may win count: complete ones, scored on as many images as any of their study.")
    if any(steps(study)[0].finished == 0 for study in found):
        parts.append("A line that begins at 0 begins with the best of the trials carried over from another study.")
    floor = drawing.cut_below(lines)
    if floor is not None:
        parts.append(f"What scored less than {floor:.0f} % lies below the scale.")
    return " ".join(parts)


def _intervals(comparison: Comparison, found: tuple[ComparedStudy, ...]) -> Plot:
    rows = tuple((called(study), best_score(study), study.test.accuracy if study.test else None) for study in found)
    overlapping = " Studies whose bars overlap are not shown to differ." if comparable(comparison) else ""
    tested = " Validation images chose the winner, test images chose nothing." if any(row[2] for row in rows) else ""
    return Plot(
        name="best_scores",
        title="How sure the best scores are",
        caption="The mark is the share of images that were classified correctly; the bar is where the true accuracy "
        f"lies with 95 % confidence, given how many images were looked at.{overlapping}{tested}",
        alt="; ".join(f"{name}: {_told(best, test)}" for name, best, test in rows) + ".",
        draw=partial(drawing.scores_by_study, rows),
    )


def _told(*scores: drawing.Score) -> str:
    return text.listed(
        [
            f"{what} accuracy {text.percent(score.value, 2)}, 95 % interval {text.interval(score)}"
            for what, score in zip(("validation", "test"), scores, strict=True)
            if score is not None
        ]
    )
