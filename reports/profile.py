"""Where the time of whole runs went, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class TimeSpent:
    """One thing that a run spends time on."""

    name: str
    """A word, for programs."""
    title: str
    """For a person: 'Loading TensorFlow'."""
    seconds: float
    """Of all slots together."""


@dataclass(frozen=True, kw_only=True)
class TimeProfile:
    """Where the time of whole runs went, from the command to the end, over all slots and sessions."""

    spent: tuple[TimeSpent, ...]
    """In the order of a run. They add up to the time of all slots."""
    seconds: float
    """Wall time of the sessions, from the command to the end of each."""
    sessions: int
    not_recorded: int = 0
    """Sessions of earlier versions before those, whose time is not in it."""
    first_steps: tuple[float, ...] = ()
    """Seconds from the command to the first step of training, of each session that trained."""
    trained: float = 0.0
    """Seconds that slots had trials that were begun, all together."""
    between: float = 0.0
    """Seconds that slots waited from the end of a trial until the next was begun there."""
    parent: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the process that searches, by its task, also while slots trained."""
    complete: bool = True
    """Whether nothing goes on, and no session was killed before it could tell what it did at its end."""

    @property
    def slot_seconds(self) -> float:
        return sum(each.seconds for each in self.spent)

    @property
    def slots(self) -> float:
        """Slots at work, in the mean of the time."""
        return self.slot_seconds / self.seconds if self.seconds else 1.0

    def share(self, each: TimeSpent) -> float:
        """Of the time of all slots: 0 to 1."""
        return each.seconds / self.slot_seconds if self.slot_seconds else 0.0

    def mean(self, each: TimeSpent) -> float:
        """Seconds of one slot, in the mean: with one slot its wall time. They add up to `seconds`."""
        return each.seconds / self.slots

    @property
    def waiting(self) -> float:
        """Time that slots waited between trials, as a share of the time that they trained."""
        return self.between / self.trained if self.trained else 0.0
