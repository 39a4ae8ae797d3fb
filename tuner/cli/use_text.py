"""How a study used its slots, in a line or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reports import text
from reports.occupancy import use_of
from reports.report import Stay, TrialRow
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import reports.report
    from reports.occupancy import Use
    from tuner.trial import Trial

WORTH_TELLING = 0.005
"""Share of the time below which it rounds to nothing."""


def use_lines(trials: Sequence[Trial]) -> Iterator[str]:
    """`2 trials at once: 92 % of the time training, 7 % starting processes, 1 % empty` and
    `most memory of a trial 1.25 GB, on its GPU 3.38 GB`, as far as it is known.
    """
    if use := _use(trials):
        yield f"{_who(use)}: {_shares(use)}"
    host = max((trial.memory for trial in trials), default=0)
    device = max((trial.device_memory for trial in trials), default=0)
    if host:
        yield f"most memory of a trial {text.memory(host)}{f', on its GPU {text.memory(device)}' if device else ''}"


def _who(use: Use) -> str:
    if len(use.slots) == 1:
        return "one trial at a time"
    return f"{use.at_once} trials at once" if use.at_once == len(use.slots) else f"{len(use.slots)} slots"


def _shares(use: Use) -> str:
    """Of the time that each slot was there."""
    parts = {"starting processes": use.waiting, "empty": use.idle / use.seconds}
    told = [f"{text.percent(share, 0)} {what}" for what, share in parts.items() if share >= WORTH_TELLING]
    return ", ".join([f"{text.percent(use.utilisation, 0)} of the time training", *told])


def use_document(trials: Sequence[Trial]) -> dict[str, Any] | None:
    """The slots by name; in seconds of all of them together, how long trials trained and waited there, and how long
    they were there. None where it is not known.
    """
    use = _use(trials)
    if use is None:
        return None
    seconds = {"trained": use.trained, "waited": use.waited, "seconds": use.seconds}
    return {"slots": list(use.slots), **{name: round(value, 3) for name, value in seconds.items()}}


def _use(trials: Sequence[Trial]) -> Use | None:
    return use_of([_row(trial) for trial in trials if trial.state is not TrialState.TURNED_DOWN])


def _row(trial: Trial) -> TrialRow:
    """As far as its slots go: a whole one, with its curve, takes ten times as long."""
    stays = (Stay(slot=each.slot, began=each.began, ended=each.ended, waited=each.waited) for each in trial.stays)
    state = cast("reports.report.TrialState", trial.state.value)
    return TrialRow(number=trial.number, state=state, finished_after=trial.finished_after, stays=tuple(stays))
