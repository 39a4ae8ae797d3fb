"""The brake: a run in which everything fails ends, before it has spent the night on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.errors import TuneError
from tuner.trial import Reason

if TYPE_CHECKING:
    from pathlib import Path

AT_START, LATER = 3, 10
"""Failures in a row that end the run: with one reason before anything has completed, and of any kind later."""

WORKER = "worker"
"""The reason of a worker that died without a trial: nothing can be trained where none starts."""


class Braked(TuneError):
    """Too many failures ended the run."""

    def __init__(self, why: str, reason: str, advice: str) -> None:
        super().__init__(f"{why}. {advice}")
        self.why = why
        self.reason = reason
        """That of all of them; empty where they differ."""


@dataclass
class Brake:
    logs: Path
    """Where the workers' own words stand."""
    _failures: list[tuple[str, str]] = field(default_factory=list)

    def success(self) -> None:
        """A trial ended in order."""
        self._failures.clear()

    def begun(self) -> None:
        """A worker came as far as to a trial: they can be started."""
        self._failures = [failure for failure in self._failures if failure[0] != WORKER]

    def failure(self, reason: str, detail: str, *, at_start: bool = True) -> None:
        """Counts one that ended by a fault: `at_start` where no trial of the study has ended in order yet.

        Raises Braked where it is one too many.
        """
        self._failures.append((reason, detail))
        alike = len({reason for reason, _ in self._failures}) == 1
        early = alike and (reason == WORKER or at_start)
        if len(self._failures) >= (AT_START if early else LATER):
            why = f"{len(self._failures)} failures in a row, the first: {self._failures[0][1]}"
            raise Braked(why, reason if alike else "", self._advice(reason if alike else ""))

    def _advice(self, reason: str) -> str:
        if reason == Reason.TIMEOUT:
            return "Give trials more time: raise --trial-timeout, or lift it with --trial-timeout none."
        return f"What the workers said stands in {self.logs}."
