"""How long a worker may be silent before it is taken to hang."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.running import Running

LEAST = 300.0
"""Seconds without a step and without an epoch that anybody has."""

TIMES = 10
"""As often the usual time of an epoch may pass without one."""

UNKNOWN = 600.0
"""Seconds without a step while nobody knows yet what an epoch takes: the first may compile for minutes."""


ASLEEP = 60.0
"""Seconds between two looks after which not the workers but this process must have stood still (Ctrl-Z)."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    least: float = LEAST
    unknown: float = UNKNOWN

    def hangs(self, now: float, *, seen: float, scored: float, usual: float | None) -> bool:
        """Whether a worker hangs that was last `seen` to make a step and last `scored` an epoch at those times, where
        an epoch usually takes so many seconds. One that makes steps is slow, and does not hang.
        """
        if usual is None:
            return now - seen > max(self.unknown, self.least)
        return now - seen > self.least and now - scored > max(self.least, TIMES * usual)


class Usual:
    """The longest epoch or fold so far, of a trial and of all."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._multiply_adds = 1.0

    def learn(self, seconds: float, multiply_adds: float) -> None:
        """An epoch or a fold of a model of so many multiply-adds an image took so long."""
        if seconds > self._longest:
            self._longest, self._multiply_adds = seconds, max(multiply_adds, 1.0)

    def epoch(self, running: Running) -> float | None:
        """Seconds that an epoch or fold of the trial may be expected to take; None while there was none at all."""
        own = [epoch.seconds for epoch in running.curve] + [fold.seconds for fold in running.folds]
        if own:
            return max(own)
        if not self._longest:
            return None
        return self._longest * max(1.0, running.what.measures["multiply_adds"] / self._multiply_adds)
