"""How a signal or a caller asks a run to end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = "it was interrupted"
"""The reason of whoever stops a run by a signal."""

TIME_UP = "its time was up"
"""The reason of a search that has had the time it was given: it is over, however many trials it has."""

PATIENCE = 2.0
"""Seconds within which a loop looks whether it shall end at once."""


class Control:
    """No new trials, and those that run keep their last epoch. Safe to call from a signal handler: it takes no lock,
    which a second signal in the midst of the first would wait for without end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self.signal = 0
        self.stopping = False
        self._clock = clock
        self._looks = False
        self._hurried: float | None = None

    def stop(self, reason: str, signal: int = 0) -> None:
        self.reason = self.reason or reason
        self.signal = self.signal or signal
        self.stopping = True

    def hurry(self) -> None:
        """To end at once. Raises KeyboardInterrupt, but where a loop looks for itself: there it would break what is
        half done, a transaction or a queue.
        """
        now = self._clock()
        first = self._hurried = now if self._hurried is None else self._hurried
        if not self._looks or now - first > PATIENCE:
            raise KeyboardInterrupt

    @contextmanager
    def looking(self, *, looks: bool = True) -> Iterator[None]:
        """While this lasts, somebody looks several times a second; or does not, `looks` being False."""
        before, self._looks = self._looks, looks
        try:
            yield
        finally:
            self._looks = before

    def end_at_once(self) -> None:
        """Raises KeyboardInterrupt where somebody is in a hurry."""
        if self._hurried is not None:
            raise KeyboardInterrupt
