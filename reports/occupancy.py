"""What the slots did with the search's time: trained, waited with a trial on them, or stood empty."""

from __future__ import annotations

import re
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
    seconds: float
    """Search time, the same for each of them."""
    trained: float
    waited: float
    """Seconds, all slots together."""

    @property
    def utilisation(self) -> float:
        """Share of the slots' time that trials trained: 0 to 1."""
        return self._share(self.trained)

    @property
    def waiting(self) -> float:
        """Share of the slots' time that trials waited on them."""
        return self._share(self.waited)

    def _share(self, seconds: float) -> float:
        return seconds / (len(self.slots) * self.seconds)


def parts(trials: Sequence[TrialRow]) -> Iterator[Part]:
    """What trials wait for (free memory, a worker's start) comes before they train. Of several stays only the sum of
    the waiting is known: it is taken from the first ones.
    """
    for trial in trials:
        left = trial.waited
        for stay in trial.stays:
            turn = min(stay.began + left, stay.ended)
            left -= turn - stay.began
            for began, ended, waiting in ((stay.began, turn, True), (turn, stay.ended, False)):
                if ended > began:
                    yield Part(trial=trial, slot=stay.slot, began=began, ended=ended, waiting=waiting)


def slots_of(trials: Sequence[TrialRow]) -> tuple[str, ...]:
    """The slots that had a trial, by name; GPU 10 comes after GPU 9."""
    return tuple(sorted({stay.slot for trial in trials for stay in trial.stays}, key=_natural))


def search_seconds(trials: Sequence[TrialRow], total: float) -> float:
    """The search's own total; where that is behind, as after a session that was killed, the end of the last stay."""
    return max([total, *(stay.ended for trial in trials for stay in trial.stays)])


def use_of(trials: Sequence[TrialRow], total: float) -> Use | None:
    """Of a search that took `total` seconds. None where it is not known of each of its trials where it was trained: in
    studies of earlier versions.
    """
    slots, seconds = slots_of(trials), search_seconds(trials, total)
    if not slots or not seconds or unplaced(trials):
        return None
    found = list(parts(trials))
    return Use(
        slots=slots,
        seconds=seconds,
        trained=sum(part.seconds for part in found if not part.waiting),
        waited=sum(part.seconds for part in found if part.waiting),
    )


def unplaced(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Those that ended in this search before their slots were kept."""
    return [trial for trial in trials if trial.finished_after is not None and not trial.stays]


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(word.isdigit(), int(word) if word.isdigit() else 0, word) for word in re.split(r"(\d+)", name)]
