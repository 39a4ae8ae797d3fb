"""Sizes, times and values as a plan and a space's page write them: short enough for a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tuner.events import SlotLost, WaitingForMemory, Warned, WorkerLost

if TYPE_CHECKING:
    from reports.confirmed import ConfirmedTrial
    from reports.report import Report
    from search_spaces import Value
    from tuner.events import CarriedOver, Computing, Confirming, Stopping
    from tuner.planning import Span
    from tuner.trial import Trial

HOUR, MINUTE = 3600, 60
LONG = 100
"""Beyond so many seconds minutes are told, beyond so many minutes hours."""
WHOLE = 9.95
"""From here on without decimals."""
TINY = 0.95
"""Below it with two."""
COUNTABLE = 10_000_000
"""Configurations that are told to the last one."""
GIBIBYTE = 2**30
KILLED = "ended by SIGKILL"


def value_text(value: Value) -> str:
    """`relu`, `true`, `0.0003162`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def origin_text(trial: Trial) -> str:
    """Where a trial that the engine did not propose came from; '' for one that it did."""
    words = [
        f"preset {trial.preset}" if trial.preset else "",
        "your guess" if trial.enqueued else "",
        f"carried over from {trial.carried}" if trial.carried else "",
    ]
    return ", ".join(filter(None, words))


def plural(n: int, what: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def plain_word(reason: str) -> str:
    """`out of memory`."""
    return reason.replace("_", " ")


def explained(detail: str) -> str:
    """What became of a process, with who may have ended it where nobody knows."""
    if "memory ran out" in detail:
        return detail
    return detail.replace(KILLED, f"{KILLED} (by somebody, or by the system for want of memory)")


def stopping_text(stopping: Stopping) -> str:
    """What goes on after a Ctrl-C, or when the time is up."""
    if stopping.interrupted:
        return "ending: what runs keeps its last epoch; Ctrl-C now ends at once"
    return f"ending, {stopping.why}: what runs keeps its last epoch"


def chosen_text(report: Report, number: int) -> str:
    """`trial 3, chosen among 50 trials: optimistic`; why the winner did not train to its end, where it did not."""
    state = next((trial.state for trial in report.trials if trial.number == number), "complete")
    if state != "complete":
        did = {"failed": "failed", "pruned": "was pruned"}.get(state, "was cut off")
        return f"trial {number}, which {did}, chosen for want of a complete one: optimistic"
    n = sum(trial.score is not None for trial in report.trials)
    return f"trial {number}, chosen among {plural(n, 'trial')}: optimistic"


def confirmed_text(again: ConfirmedTrial) -> str:
    """`mean of 3 trainings under fresh seeds: 0.0046 below its score in the search`."""
    n = sum(each is not None for each in again.scores)
    how = f"mean of {n} trainings under fresh seeds" if n > 1 else "under a fresh seed"
    return f"{how}: {abs(again.optimism):.4f} {'below' if again.optimism >= 0 else 'above'} its score in the search"


def confirmed_document(again: ConfirmedTrial | None) -> dict[str, Any] | None:
    """None where it was not trained again."""
    if again is None or again.mean is None:
        return None
    return {"mean": again.mean, "scores": list(again.scores), "optimism": again.optimism}


def precision_text(computing: Computing) -> str:
    """`precision mixed_bfloat16 (auto: GPU 0 (NVIDIA A100) has compute capability 8.0)`."""
    return f"precision {computing.precision} ({computing.why})"


def carried_text(origin: CarriedOver) -> str:
    """`31 of 40 trials carried over from study 'a'; 9 were not: 6 have ...`"""
    rest, left = origin.finished - origin.carried, origin.cut_off
    parts = [
        f"{origin.carried} of {plural(origin.finished, 'finished trial')} carried over from study '{origin.study}'",
        f"{rest} {'was' if rest == 1 else 'were'} not: {'; '.join(origin.reasons)}" if rest else "",
        f"{left} {'was' if left == 1 else 'were'} cut off and stay{'s' if left == 1 else ''} there" if left else "",
    ]
    return "; ".join(filter(None, parts))


def span_text(span: Span) -> str:
    """`9.0-16 s`, `3.7-6.5 min`, `4.3-7.5 h`."""
    unit, seconds = ("s", 1) if span.high < LONG else ("min", MINUTE) if span.high < LONG * MINUTE else ("h", HOUR)
    return f"{_short(span.low / seconds)}-{_short(span.high / seconds)} {unit}"


def memory_text(n_bytes: int) -> str:
    return f"{n_bytes / GIBIBYTE:.1f} GiB"


def multiples(n: int) -> str:
    """`850`, `118 k`, `3.6 M`, `1.2 G`."""
    value = float(n)
    for unit in ("", " k", " M", " G"):
        if value < 1000:  # noqa: PLR2004 - the next unit's beginning
            return f"{n}" if not unit else f"{_short(value)}{unit}"
        value /= 1000
    return f"{_short(value)} T"


def size_text(configurations: int | None) -> str:
    """`1,234,567`, `4.1e+12`, `infinite`."""
    if configurations is None:
        return "infinite"
    return f"{configurations:,}" if configurations < COUNTABLE else f"{configurations:.1e}"


def broken(name: str, width: int) -> str:
    """The name on as many lines as it needs to be no wider, broken after its dots and underscores."""
    lines = [""]
    for part in re.findall(r"[^._]+[._]*|[._]+", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(lines)


def _short(value: float) -> str:
    if value < TINY:
        return f"{value:.2f}"
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.1f}"


def confirming_text(event: Confirming) -> str:
    """`confirming trials 12 and 3, each under 2 fresh seeds: 4 trainings`."""
    *first, last = map(str, event.trials)
    trials = f"trials {', '.join(first)} and {last}" if first else f"trial {last}"
    each = ", each" if first else ""
    return f"confirming {trials}{each} under {plural(event.repeats, 'fresh seed')}: {plural(event.left, 'training')}"


def trouble_line(event: WorkerLost | WaitingForMemory | SlotLost | Warned) -> str:
    """What went wrong without costing a result, in one line."""
    about = f"trial {event.number:3}  " if not isinstance(event, SlotLost) and event.number is not None else ""
    match event:
        case WorkerLost():
            return f"{about}{explained(event.detail)}; going on with it (retry {event.retry})"
        case WaitingForMemory():
            free, needed = memory_text(event.free), memory_text(event.needed)
            return f"{about}waits for memory on {event.slot}: {free} free, about {needed} needed"
        case SlotLost():
            return f"{event.slot} is gone, its trial goes on elsewhere: {event.detail}"
        case Warned():
            return f"{about}{event.text}"
