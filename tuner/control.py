"""How a signal or a caller asks a run to end."""

from __future__ import annotations

import threading

INTERRUPTED = "it was interrupted"
"""The reason of whoever stops a run by a signal."""

TIME_UP = "its time was up"
"""The reason of a search that has had the time it was given: it is over, however many trials it has."""


class Control:
    """No new trials, and those that run keep their last epoch. Safe to call from a signal handler."""

    def __init__(self) -> None:
        self.reason = ""
        self.signal = 0
        self._event = threading.Event()

    def stop(self, reason: str, signal: int = 0) -> None:
        self.reason = self.reason or reason
        self.signal = self.signal or signal
        self._event.set()

    @property
    def stopping(self) -> bool:
        return self._event.is_set()
