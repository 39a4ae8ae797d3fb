"""How far to believe it: what a reader must know of scores, of seconds and of single runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.best_so_far import steps
from reports.comparability import differences
from reports.page import Bullets, Section
from reports.sections.comparison.words import all_called, called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.comparison import ComparedStudy, Comparison

_MACHINE = frozenset({"processor", "cores", "devices"})


def section(comparison: Comparison) -> Section:
    bullets = Bullets(title="Before you rely on it", items=tuple(_notes(comparison)))
    return Section(anchor="belief", title="How far to believe it", blocks=(bullets,))


def _notes(comparison: Comparison) -> Iterator[str]:
    differ = {row.what for row in differences(comparison)}
    yield (
        "Each study is one run: with another seed its line would be another one. A lead of a few trials or seconds "
        "says little; several seeds of each would say more."
    )
    if "seed" in differ:
        yield "Another seed draws other validation images: these studies were not all scored on the same ones."
    yield (
        "Search time is wall time from the start of the search, pauses left out, and holds whatever else the machine "
        "was doing. Training time is that of all trials together; where several ran side by side it is the longer one."
    )
    if differ & _MACHINE:
        yield "Their seconds were taken on different hardware and do not compare; their trials do."
    if any("fold" in value for study in comparison.studies for value in study.basis.values()):
        yield (
            "The interval of a cross-validated score takes all folds' images as one sample. The folds' models share "
            "most of their training images, so the true uncertainty is somewhat larger."
        )
    yield from filter(None, map(_carried, comparison.studies))
    yield from filter(None, map(_tested, comparison.studies))
    incomplete = [study for study in comparison.studies if steps(study) and not _any_complete(study)]
    if incomplete:
        yield f"No trial of {all_called(incomplete)} is complete: the best of those that ended early stands in for it."


def _any_complete(study: ComparedStudy) -> bool:
    return any(trial.state == "complete" for trial in study.trials)


def _carried(study: ComparedStudy) -> str:
    origins = sorted({text.shorten(trial.carried, 44) for trial in study.trials if trial.carried})
    if not origins:
        return ""
    n = sum(bool(trial.carried) for trial in study.trials)
    return (
        f"{called(study)} began with {text.plural(n, 'trial')} carried over from {text.listed(origins)}. It knew their "
        "scores from its start, so they stand at 0 trials and 0 seconds; the time that they took was spent there and "
        "is not counted here."
    )


def _tested(study: ComparedStudy) -> str:
    """A word where a better trial was found since the winner was retrained."""
    if study.test is None:
        return ""
    tested = next((trial.score for trial in study.trials if trial.number == study.test.trial), None)
    rises = steps(study)
    if not rises or tested == rises[-1].score:
        return ""
    return (
        f"The test accuracy of {called(study)} is that of trial {study.test.trial}, which was retrained before "
        f"trial {rises[-1].number} was found."
    )
