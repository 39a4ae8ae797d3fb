"""How a signal or a caller asks a run to end."""

from __future__ import annotations

import threading


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
