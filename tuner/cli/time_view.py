"""Where a study's time went, as a table on a terminal and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports import text
from tuner.cli.printing import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from reports.profile import TimeProfile

NOT_RECORDED = "where the time went: not recorded, as an earlier version ran this study"

BAR = 24
"""Columns of all of the time."""


def print_profile(profile: TimeProfile | None, out: Console) -> None:
    out.print()
    if profile is None:
        out.print(NOT_RECORDED, markup=False)
        return
    out.print(wrapped(heading(profile), out.width), markup=False)
    out.print(_table(profile, "█" if out.encoding.startswith("utf") else "#"))
    for line in lines(profile):
        out.print(wrapped(line, out.width), markup=False)


def heading(profile: TimeProfile) -> str:
    """Whose time it is."""
    of = f"where the {text.span(profile.seconds)} of {text.plural(profile.sessions, 'session')} went"
    n = round(profile.slots, 1)
    return of if n == 1 else f"{of}, in the mean of {n:g} slots"


def _table(profile: TimeProfile, block: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for title in ("seconds", "share"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for each in profile.spent:
        share = profile.share(each)
        cells = (each.title, f"{profile.mean(each):,.1f}", text.percent(share), block * round(BAR * share))
        table.add_row(*cells)
    table.add_section()
    table.add_row("Together", f"{profile.seconds:,.1f}", text.percent(1.0), "")
    return table


def lines(profile: TimeProfile) -> Iterator[str]:
    """What the table does not tell."""
    if profile.first_steps:
        yield _first_steps(profile.first_steps)
    if profile.trained:
        yield (
            f"between trials slots waited {text.span(profile.between)}, {text.percent(profile.waiting)} of the "
            f"{text.span(profile.trained)} that trials were at work"
        )
    if any(profile.parent.values()):
        tasks = ", ".join(f"{seconds:.2f} s {task}" for task, seconds in profile.parent.items())
        yield f"the search itself took {tasks}, also while slots trained"
    if profile.not_recorded:
        yield f"not recorded: {text.plural(profile.not_recorded, 'earlier session')}, run by an earlier version"
    if not profile.complete:
        yield "a session was cut off, or goes on: of that, what its trials told of themselves is counted"


def _first_steps(seconds: tuple[float, ...]) -> str:
    told = f"the first training step came {seconds[0]:.1f} s after the command"
    if len(seconds) == 1:
        return told
    low, high = min(seconds[1:]), max(seconds[1:])
    later = f"{low:.1f} s" if round(low, 1) == round(high, 1) else f"{low:.1f} to {high:.1f} s"
    return f"{told}; in later sessions {later}"


def document(profile: TimeProfile | None) -> dict[str, Any] | None:
    """None where it is not recorded. Seconds are means over the slots, and add up to those of the sessions."""
    if profile is None:
        return None
    return {
        "seconds": round(profile.seconds, 3),
        "slots": round(profile.slots, 3),
        "sessions": profile.sessions,
        "sessions_not_recorded": profile.not_recorded,
        "complete": profile.complete,
        "spent": [
            {
                "name": each.name,
                "title": each.title,
                "seconds": round(profile.mean(each), 3),
                "share": round(profile.share(each), 5),
            }
            for each in profile.spent
        ],
        "first_step_after": list(profile.first_steps),
        "between_trials": {"seconds": round(profile.between, 3), "share_of_training": round(profile.waiting, 5)},
        "parent": {task: round(seconds, 3) for task, seconds in profile.parent.items()},
    }
