"""What the search cost: time on the slots, waiting, memory, and which trials took the most."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.occupancy import queued_seconds, search_seconds, slots_of, trained_seconds, unplaced, use_of
from reports.page import Block, Column, Plot, Plots, Prose, Section, Table
from reports.sections import spent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.occupancy import Use
    from reports.report import Report, TrialRow

_ROWS = 10
_WORTH_TELLING = 0.01
"""Share of the training."""


def section(report: Report) -> Section:
    trained = [trial for trial in report.trials if (trial.seconds or trial.stays) and not trial.carried]
    blocks: list[Block] = []
    if not trained:
        blocks.append(Prose(text="No trial has been trained yet."))
        return _section(blocks)
    use = use_of(report.trials)
    if use is not None:
        blocks.append(Prose(text=_used(use)))
    blocks.append(Prose(text=" ".join(_sentences(trained))))
    if without := unplaced(trained):
        blocks.append(Prose(text=_not_kept(without, trained)))
    if slots_of(trained):
        blocks.append(Plots(items=(_plot(report, use),)))
    blocks.append(_table(trained))
    blocks += spent.blocks(report)
    return _section(blocks)


def _section(blocks: list[Block]) -> Section:
    return Section(anchor="time", title="Time and memory", blocks=tuple(blocks))


def _used(use: Use) -> str:
    n = len(use.slots)
    who, they = (f"the slot {use.slots[0]}", "it") if n == 1 else (f"its {n} slots together", "they")
    whose = "its" if n == 1 else "each one's"
    return (
        f"Utilisation {text.percent(use.utilisation)}: {who} trained for {text.span(use.trained)} of the "
        f"{text.span(use.seconds)} from {whose} first trial to the end of its last. For {text.span(use.waited)} "
        f"({text.percent(use.waiting)}) {they} had a trial that waited for its worker to start; for "
        f"{text.span(use.idle)} ({text.percent(use.idle / use.seconds)}) {they} stood empty."
    )


def _sentences(trained: list[TrialRow]) -> Iterator[str]:
    yield from _trained(trained)
    queued = sum(map(queued_seconds, trained))
    if queued > _WORTH_TELLING * sum(map(trained_seconds, trained)):
        yield (
            f"Trials waited another {text.span(queued)} without a slot, for free memory or to be begun again; no bar "
            "shows that."
        )
    for what, of in (("process", _host), ("GPU", _device)):
        most = max(trained, key=of)
        if of(most):
            yield f"The highest peak of memory of a {what} is that of trial {most.number}, {text.memory(of(most))}."
    again = [trial for trial in trained if trial.retries]
    if again:
        times = sum(trial.retries for trial in again)
        verb, in_all = "was" if len(again) == 1 else "were", "" if times == len(again) else f", {times} times in all"
        yield f"{text.plural(len(again), 'trial')} {verb} cut off and begun again{in_all}."


def _trained(trained: list[TrialRow]) -> Iterator[str]:
    total, longest = sum(map(trained_seconds, trained)), max(trained, key=trained_seconds)
    if not total:
        return
    most = trained_seconds(longest)
    yield (
        f"All trials together trained for {text.span(total)}, the longest, trial {longest.number}, for "
        f"{text.span(most)} ({text.percent(most / total)} of that)."
    )
    lost = total - sum(trial.seconds for trial in trained)
    if lost > _WORTH_TELLING * total:
        yield f"Of that, {text.span(lost)} led to no whole epoch; the other sections do not count them."


def _host(trial: TrialRow) -> int:
    return trial.memory


def _device(trial: TrialRow) -> int:
    return trial.device_memory


def _not_kept(without: list[TrialRow], trained: list[TrialRow]) -> str:
    which = "these trials" if len(without) == len(trained) else f"{len(without)} of these trials"
    return (
        f"When {which} had which slot was not kept, as they were trained by an earlier version. So it is not known how "
        "well the slots were used."
    )


def _plot(report: Report, use: Use | None) -> Plot:
    trials = [trial for trial in report.trials if trial.stays]
    seconds = search_seconds(trials, report.search.seconds)
    n = len(slots_of(trials))
    crossed = " A cross marks a failed trial without room for its number." if _failed(report) else ""
    how = "" if use is None else f" Trials trained for {text.percent(use.utilisation)} of the slots' time."
    return Plot(
        name="slots",
        title="Slots over time",
        caption="One row is a slot, one bar a time that a trial had it, in the colour of how that trial ended; its "
        "number stands above where there is room. Grey, at a bar's beginning, is waiting for its worker to start; "
        f"where there is no bar, nothing ran.{crossed}",
        alt=f"Bars of {text.plural(len(trials), 'trial')} on {text.plural(n, 'slot')} over {text.span(seconds)}.{how}",
        draw=partial(drawing.slots_over_time, trials, seconds),
        draw_narrow=partial(drawing.slots_over_time, trials, seconds, narrow=True),
    )


def _failed(report: Report) -> bool:
    return any(trial.state == "failed" and trial.stays for trial in report.trials)


_COLUMNS: tuple[tuple[str, Callable[[TrialRow], float | str], Callable[[TrialRow], str]], ...] = (
    ("Waited", lambda trial: trial.waited, lambda trial: text.span(trial.waited)),
    ("Begun again", lambda trial: trial.retries, lambda trial: text.count(trial.retries)),
    ("Memory", _host, lambda trial: text.memory(trial.memory) if trial.memory else "-"),
    ("GPU memory", _device, lambda trial: text.memory(trial.device_memory) if trial.device_memory else "-"),
    ("Device", lambda trial: trial.device, lambda trial: trial.device or "-"),
)
"""Title, what it tells, and how; shown where it tells something of one of the rows."""


def _table(trained: list[TrialRow]) -> Table:
    rows = sorted(trained, key=lambda trial: -trained_seconds(trial))[:_ROWS]
    shown = [column for column in _COLUMNS if any(column[1](trial) for trial in rows)]
    of = f"The {len(rows)} that took the most time" if len(trained) > len(rows) else "What each trial took"
    titles = ("Trial", "State", "Epochs", "Trained", *(title for title, _, _ in shown))
    return Table(
        title=of,
        columns=tuple(
            Column(title=title, look="text" if title in {"State", "Device"} else "number") for title in titles
        ),
        rows=tuple(
            (
                str(trial.number),
                trial.state,
                str(len(trial.curve)) if trial.curve else "-",
                text.span(trained_seconds(trial)),
                *(tell(trial) for _, _, tell in shown),
            )
            for trial in rows
        ),
    )
