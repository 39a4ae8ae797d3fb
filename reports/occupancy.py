"""What the slots did with the search's time: trained, waited with a trial on them, or stood empty."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reports.report import TrialRow


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of search time that a trial had a slot."""

    trial: TrialRow
    slot: str
    began: float
    ended: float
    """Seconds of search time from the study's start."""
    waiting: bool
    """Whether it waited there; else it trained."""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, kw_only=True)
class Use:
    """Of all slots that had a trial."""

    slots: tuple[str, ...]
    at_once: int
    """The most of them that had a trial at the same moment: fewer than all where sessions had slots of their own."""
    seconds: float
    """That they were there: each from its first trial to the end of its last, all slots together like the others."""
    trained: float
    waited: float
    """With a trial on them that had not begun to train."""

    @property
    def idle(self) -> float:
        return max(self.seconds - self.trained - self.waited, 0.0)

    @property
    def utilisation(self) -> float:
        """Share of the slots' time that trials trained: 0 to 1."""
        return self.trained / self.seconds

    @property
    def waiting(self) -> float:
        """Share of the slots' time that trials waited on them."""
        return self.waited / self.seconds


def parts(trials: Sequence[TrialRow]) -> Iterator[Part]:
    """In each stay a trial waits for its worker to start, and then it trains."""
    for trial in trials:
        for stay in trial.stays:
            turn = min(stay.began + stay.waited, stay.ended)
            for began, ended, waiting in ((stay.began, turn, True), (turn, stay.ended, False)):
                if ended > began:
                    yield Part(trial=trial, slot=stay.slot, began=began, ended=ended, waiting=waiting)


def slots_of(trials: Sequence[TrialRow]) -> tuple[str, ...]:
    """The slots that had a trial, by name; GPU 10 comes after GPU 9."""
    return tuple(sorted({stay.slot for trial in trials for stay in trial.stays}, key=_natural))


def search_seconds(trials: Sequence[TrialRow], total: float) -> float:
    """The search's own total; where that is behind, as after a session that was killed, the end of the last stay."""
    return max([total, *(stay.ended for trial in trials for stay in trial.stays)])


def trained_seconds(trial: TrialRow) -> float:
    """On its slots, epochs that were cut off included; its own account where its slots are not known."""
    return sum(part.seconds for part in parts([trial]) if not part.waiting) if trial.stays else trial.seconds


def queued_seconds(trial: TrialRow) -> float:
    """That it waited without a slot."""
    return max(trial.waited - sum(stay.waited for stay in trial.stays), 0.0)


def use_of(trials: Sequence[TrialRow]) -> Use | None:
    """None before any trained, and where it is not known of each trial where it was trained: in studies of earlier
    versions.
    """
    found = list(parts(trials))
    if not found or unplaced(trials):
        return None
    return Use(
        slots=slots_of(trials),
        at_once=_most_at_once(trials),
        seconds=sum(_there(trials).values()),
        trained=sum(part.seconds for part in found if not part.waiting),
        waited=sum(part.seconds for part in found if part.waiting),
    )


def _most_at_once(trials: Sequence[TrialRow]) -> int:
    stays = [stay for trial in trials for stay in trial.stays]
    turns = [(stay.began, 1, stay.slot) for stay in stays] + [(stay.ended, -1, stay.slot) for stay in stays]
    there: Counter[str] = Counter()
    most = 0
    for _, change, slot in sorted(turns):  # of one moment the ends come first
        there[slot] += change
        most = max(most, sum(n > 0 for n in there.values()))
    return most


def _there(trials: Sequence[TrialRow]) -> dict[str, float]:
    """By slot, the seconds from its first trial to the end of its last: not each session need have had it."""
    stays = [stay for trial in trials for stay in trial.stays]
    began = {slot: min(stay.began for stay in stays if stay.slot == slot) for slot in slots_of(trials)}
    return {slot: max(stay.ended for stay in stays if stay.slot == slot) - first for slot, first in began.items()}


def unplaced(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Those that ended in this search before their slots were kept."""
    return [trial for trial in trials if trial.finished_after is not None and not trial.stays]


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(word.isdigit(), int(word) if word.isdigit() else 0, word) for word in re.split(r"(\d+)", name)]
