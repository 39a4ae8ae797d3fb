"""Which study found the best, which was quicker, and whether the numbers carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.best_so_far import best_score, reached, scored, steps, target
from reports.comparability import NONE, alike, barriers
from reports.page import Block, Prose, Section
from reports.sections.comparison.words import all_called, called, how_soon, trials
from reports.standing import overlap

if TYPE_CHECKING:
    from reports.comparability import Difference
    from reports.comparison import ComparedStudy, Comparison

_NAMED = 3
"""Studies that a sentence names one by one; of more it names the ends."""


def section(comparison: Comparison) -> Section:
    blocks: list[Block] = [Prose(text=sentence, tone="lead") for sentence in sentences(comparison)]
    luck = optimism(comparison)
    blocks += [Prose(text=luck, tone="note")] if luck else []
    return Section(anchor="answer", title="The answer", blocks=tuple(blocks))


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """What came out, one sentence each."""
    found = scored(comparison)
    if not found:
        return ("No trial of any of these studies has a score yet.",)
    return tuple(filter(None, (_verdict(comparison, found), _speed(comparison), _left_out(comparison, found))))


def barrier(comparison: Comparison) -> str:
    """What keeps the scores from being compared, and which of the studies still compare; '' where nothing does."""
    found = barriers(comparison)
    if not found:
        return ""
    ways = text.listed([f"{row.what} ({_by_value(comparison, row)})" for row in found])
    some = alike(comparison)
    hint = f" Those of {all_called(some)} do compare with each other." if len(some) > 1 else ""
    return f"The scores of these studies do not compare: they differ in {ways}.{hint}"


def unfinished(comparison: Comparison) -> str:
    """Of which studies nothing is said for good; '' where all have ended."""
    going = [study for study in comparison.studies if not study.ended]
    if not going:
        return ""
    verb, them = ("has", "it") if len(going) == 1 else ("have", "them")
    return f"{all_called(going)} {verb} not come to an end: what is said here of {them} is provisional."


def _by_value(comparison: Comparison, row: Difference) -> str:
    """`all: a and b; 1,000: c`."""
    owners: dict[str, list[ComparedStudy]] = {}
    for study, value in zip(comparison.studies, row.values, strict=True):
        owners.setdefault(value, []).append(study)
    return "; ".join(
        f"{'not known' if value == NONE else value}: {all_called(studies)}" for value, studies in owners.items()
    )


def _verdict(comparison: Comparison, found: tuple[ComparedStudy, ...]) -> str:
    if len(found) == 1:
        return f"So far only {called(found[0])} has a score: {_score(found[0])}."
    if barriers(comparison):
        return f"Each on its own terms, the best validation scores are: {_each(found)}."
    ranked = sorted(found, key=lambda study: -steps(study)[-1].score)
    first, others = ranked[0], ranked[1:]
    level = [study for study in others if _overlap(first, study)]
    behind = [study for study in others if study not in level]
    return f"{_leads(first, level)} {_level(first, level, others)}{_behind(first, behind)}".strip()


def _leads(first: ComparedStudy, level: list[ComparedStudy]) -> str:
    equal = [study for study in level if steps(study)[-1].score == steps(first)[-1].score]
    if equal:
        return f"{all_called([first, *equal])} share the best validation score: {_score(first)}."
    return f"{called(first)} has the best validation score: {_score(first)}."


def _score(study: ComparedStudy) -> str:
    score = best_score(study)
    assert score is not None
    if not score.n:
        return text.percent(score.value, 2)
    images = text.plural(score.n, "image")
    return f"{text.percent(score.value, 2)} of {images} right (95 % interval {text.interval(score)})"


def _each(found: tuple[ComparedStudy, ...]) -> str:
    return "; ".join(f"{called(study)} {text.percent(steps(study)[-1].score, 2)}" for study in found)


def _level(first: ComparedStudy, level: list[ComparedStudy], others: list[ComparedStudy]) -> str:
    unequal = [study for study in level if steps(study)[-1].score < steps(first)[-1].score]
    if not unequal:
        return ""
    n = text.plural(first.n_scored_on, "validation image") if first.n_scored_on else "these validation images"
    who = f"{all_called(unequal)} cannot" if len(unequal) <= _NAMED else f"{len(unequal)} others cannot"
    if len(unequal) == len(others) > 1:
        who = "none of the others can"
    return f"On {n} {who} be told apart from it: the 95 % intervals overlap. "


def _behind(first: ComparedStudy, behind: list[ComparedStudy]) -> str:
    if not behind:
        return ""
    each = text.listed([f"{called(study)} ({text.percent(steps(study)[-1].score, 2)})" for study in behind])
    return f"{each} stayed below {called(first)} by more than the intervals explain."


def _overlap(one: ComparedStudy, other: ComparedStudy) -> bool:
    a, b = best_score(one), best_score(other)
    return a is not None and b is not None and overlap(a, b)


def _speed(comparison: Comparison) -> str:
    score, found = target(comparison), scored(comparison)
    if score is None:
        return ""
    rises = [(study, step) for study in found if (step := reached(study, score))]
    if len(rises) > _NAMED:
        rises.sort(key=lambda rise: (rise[1].after is None, rise[1].after, rise[1].finished))
        (_, first), (_, last) = rises[0], rises[-1]
        ends = f"{how_soon(rises[0][0], first)}, the last {how_soon(rises[-1][0], last)}"
        return f"All {len(rises)} reached {text.percent(score, 2)}: in search time the first was {ends}."
    ways = "; ".join(how_soon(study, step) for study, step in rises)
    return f"{'Both' if len(found) == 2 else 'All'} reached {text.percent(score, 2)}: {ways}."  # noqa: PLR2004


def _left_out(comparison: Comparison, found: tuple[ComparedStudy, ...]) -> str:
    without = [study for study in comparison.studies if study not in found]
    if not without:
        return ""
    return f"{all_called(without)} {'has' if len(without) == 1 else 'have'} no score yet."


def optimism(comparison: Comparison) -> str:
    """What a reader must know of the best of many scores."""
    if all(len(study.trials) <= 1 for study in comparison.studies):
        return ""
    return (
        "The best of many noisy scores is partly luck, and more so the more trials it was picked from "
        f"({_how_many(comparison.studies)}). Only the test accuracy of a retrained winner is free of that luck."
    )


def _how_many(studies: tuple[ComparedStudy, ...]) -> str:
    if len({trials(study) for study in studies}) == 1:
        return f"{trials(studies[0])} in each study"
    if len(studies) <= _NAMED:
        return "; ".join(f"{called(study)}: {trials(study)}" for study in studies)
    ranked = sorted(studies, key=lambda study: len(study.trials))
    return f"{trials(ranked[0])} of {called(ranked[0])} to {trials(ranked[-1])} of {called(ranked[-1])}"
