"""Where the time of the whole run went, from the command to the end: a part of the section on time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Plot, Plots, Prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.profile import TimeProfile, TimeSpent
    from reports.report import Report

NOT_RECORDED = (
    "Where the time of the whole run went was not recorded, as an earlier version ran it: what it took to start, to "
    "propose, to build and trace the networks, to validate and to finish is not known."
)

WORTH_TELLING = 0.1
"""Share of the time."""


def blocks(report: Report) -> tuple[Block, ...]:
    profile = report.profile
    if profile is None or not profile.slot_seconds:
        return (Prose(text=NOT_RECORDED),)
    return Prose(text=" ".join(_sentences(report.study, profile))), Plots(items=(_plot(profile),))


def _sentences(study: str, profile: TimeProfile) -> Iterator[str]:
    yield _whole(profile)
    if profile.first_steps:
        longest = max(profile.first_steps)
        which = "" if len(profile.first_steps) == 1 else f", in the slowest of {len(profile.first_steps)} sessions"
        yield f"The first step of training was made {text.span(longest)} after the command{which}."
    if profile.trained:
        yield (
            f"Between trials slots waited for {text.span(profile.between)}, {text.percent(profile.waiting)} of the "
            f"{text.span(profile.trained)} that trials were at work."
        )
    if profile.not_recorded:
        which = text.plural(profile.not_recorded, "earlier session")
        yield f"The time of {which} is not in it: an earlier version ran it."
    yield from _unfinished(study, profile)


def _whole(profile: TimeProfile) -> str:
    spent = {each.name: each for each in profile.spent}
    rest = sorted((each for each in profile.spent if each.name != "training"), key=lambda each: -each.seconds)
    most = [each for each in rest if profile.share(each) >= WORTH_TELLING][:3] or rest[:1]
    sessions = "" if profile.sessions == 1 else f" of {profile.sessions} sessions"
    whose = "" if round(profile.slots, 1) == 1 else f", in the mean of {profile.slots:.2g} slots"
    return (
        f"Of the {text.span(profile.seconds)} from the command to the end{sessions}{whose}, training itself took "
        f"{_took(profile, spent['training'])}. Of all else the most went into "
        f"{text.listed([f'{each.title[0].lower()}{each.title[1:]} ({_took(profile, each)})' for each in most])}."
    )


def _took(profile: TimeProfile, each: TimeSpent) -> str:
    return f"{text.span(profile.mean(each))}, {text.percent(profile.share(each))}"


def _unfinished(study: str, profile: TimeProfile) -> Iterator[str]:
    if not profile.complete:
        yield "A session was cut off, or goes on: of that, what its trials told of themselves is counted."
    if not any(each.name == "reporting" and each.seconds for each in profile.spent):
        yield f"The writing of this report was not over and is not in it; tune show {study} --time tells it."


def _plot(profile: TimeProfile) -> Plot:
    told = text.listed([f"{each.title}: {text.percent(profile.share(each))}" for each in profile.spent if each.seconds])
    return Plot(
        name="time_profile",
        title="Where the time went",
        caption="One bar is one thing that the time of the slots was spent on, from the command to the end, in the "
        "order of a run; blue is training itself. The bars add up to all of the time. What the first execution of a "
        "graph took longer than others counts as tracing it.",
        alt=f"Bars. {told}.",
        draw=partial(drawing.time_profile, profile),
        draw_narrow=partial(drawing.time_profile, profile, narrow=True),
    )
