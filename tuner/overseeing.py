"""Ends the trials that overstay: what hangs, what has had its time, and what does not stop when it is asked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.patience import ASLEEP, Patience, Usual
from tuner.trial import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuner.ending import Endings
    from tuner.executors import Executor
    from tuner.running import Running

STOP_GRACE = 8.0
"""Seconds that a worker has to give up its trial; then it is killed and its epoch is lost."""


@dataclass(kw_only=True)
class Overseer:
    running: dict[int, Running]
    """By number; who is ended here is taken out."""
    executor: Executor
    endings: Endings
    trial_timeout: float | None
    """Seconds that one trial may train; None is no limit."""
    clock: Callable[[], float]
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self._usual = Usual()
        self._looked = self.clock()
        self._stopped_at: float | None = None

    def learn(self, running: Running, seconds: float) -> None:
        """An epoch or fold of the trial took so long."""
        self._usual.learn(seconds, running.what.measures["multiply_adds"])

    def stop(self) -> None:
        """All that runs was asked to stop just now."""
        self._stopped_at = self.clock()

    def look(self) -> None:
        """To be called when all that the workers have said was heard."""
        now, last = self.clock(), self._looked
        self._looked = now
        if now - last > ASLEEP:
            for running in self.running.values():
                running.score(now)
        for running in list(self.running.values()):
            self._look_at(running, now)

    def _look_at(self, running: Running, now: float) -> None:
        trained, limit = running.trained(now), self.trial_timeout
        if self._stopped_at is not None and now - self._stopped_at > STOP_GRACE:
            self.end(running)
            self.endings.pause(running)
        elif running.pruned and now - running.pruned_at > STOP_GRACE:
            self.end(running)
            self.endings.prune(running, trained)
        elif limit is not None and not running.pruned and trained > limit:
            self.end(running)
            self.endings.give_up(running, Reason.TIMEOUT, f"trained for longer than {limit:g} s", trained)
        elif self._hangs(running, now):
            self.end(running)
            silent = f"its worker hung: no epoch for {now - running.scored:.0f} s"
            self.endings.fail(running, Reason.CRASH, silent, trained)

    def _hangs(self, running: Running, now: float) -> bool:
        usual = self._usual.epoch(running)
        return self.patience.hangs(now, seen=running.seen, scored=running.scored, usual=usual)

    def end(self, running: Running) -> None:
        """Its worker is killed; what becomes of it is the caller's to say."""
        self.executor.kill(running.number)
        del self.running[running.number]
