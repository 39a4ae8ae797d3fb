"""What is known of a run that goes on, added up from its events. Draws nothing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tuner.events import (
    Again,
    Confirming,
    EpochScored,
    Event,
    FoldScored,
    Retraining,
    RetrainingEpoch,
    Stopping,
    TakenUp,
    TrialBegan,
    TrialEnded,
    TurnedDown,
    WorkerLost,
)
from tuner.trial import FINISHED, Epoch, Fold, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuner.plan import Budget


Key = int | tuple[int, int]
"""Number of a trial that runs; of one that is confirmed, with the number of the repeat."""


@dataclass
class RunningTrial:
    began: TrialBegan
    since: float
    """Reading of the clock at its start."""
    again: str = ""
    """`again 1/2`: which training it is of a trial that is confirmed."""
    curve: list[Epoch] = field(default_factory=list)
    folds: tuple[Fold, ...] = ()


class Progress:
    """The state of a run. `clock` reads seconds."""

    def __init__(self, budget: Budget, clock: Callable[[], float]) -> None:
        self.budget = budget
        self.states: Counter[TrialState] = Counter()
        self.turned_down = 0
        self.best: Trial | None = None
        self.running: dict[Key, RunningTrial] = {}
        self.stopping: Stopping | None = None
        self.confirming: Confirming | None = None
        self.repeated = 0
        """Trainings of this session by which trials were confirmed."""
        self.retraining: Retraining | None = None
        self.retrained: list[Epoch] = []
        self._clock = clock
        self._began = clock()
        self._spans: list[float] = []

    def take(self, event: Event) -> None:
        match event:
            case TrialBegan():
                self.running[event.number] = RunningTrial(event, self._clock())
            case EpochScored() | FoldScored():
                self._went_on(event.number, event)
            case TrialEnded():
                running = self.running.pop(event.trial.number, None)
                self._spans.append(self._clock() - running.since if running else event.trial.seconds)
                self._count(event.trial)
            case WorkerLost():  # it begins anew, with the epochs that it has
                self.running.pop(event.number, None)
            case TurnedDown():
                self.turned_down += 1
            case Stopping():
                self.stopping = event
            case Confirming() | Again() | Retraining() | RetrainingEpoch():
                self._finish(event)
            case TakenUp():
                self._take_up(event)
            case _:
                pass

    def _take_up(self, event: TakenUp) -> None:
        for trial in event.trials:
            if trial.state in FINISHED:
                self._count(trial)

    def _finish(self, event: Confirming | Again | Retraining | RetrainingEpoch) -> None:
        match event:
            case Confirming():
                self.stopping, self.confirming = None, event
            case Again():
                self._repeat(event)
            case Retraining():
                self.stopping, self.retraining = None, event
            case RetrainingEpoch():
                self.retrained.append(event.epoch)

    def _repeat(self, again: Again) -> None:
        key = again.trial, again.repeat
        match again.event:
            case TrialBegan():
                began = replace(again.event, number=again.trial)
                self.running[key] = RunningTrial(began, self._clock(), again=again_text(again))
            case EpochScored():
                self._went_on(key, again.event)
            case TrialEnded():
                self.running.pop(key, None)
                self.repeated += 1
            case WorkerLost():
                self.running.pop(key, None)
            case _:
                pass

    def _went_on(self, key: Key, event: EpochScored | FoldScored) -> None:
        running = self.running.get(key)
        match running, event:
            case RunningTrial(), EpochScored():
                running.curve.append(event.epoch)
            case RunningTrial(), FoldScored():
                running.folds = event.folds

    @property
    def n_finished(self) -> int:
        return sum(self.states[state] for state in FINISHED)

    @property
    def finishing(self) -> bool:
        """Whether the search is over."""
        return bool(self.confirming or self.retraining)

    @property
    def elapsed(self) -> float:
        """Seconds of this session."""
        return self._clock() - self._began

    @property
    def left(self) -> float | None:
        """Seconds until the search ends, as far as its trials so far can tell; None before the first has ended."""
        until_timeout = None if self.budget.timeout is None else max(self.budget.timeout - self.elapsed, 0.0)
        if not self._spans:
            return until_timeout
        mean = sum(self._spans) / len(self._spans)
        under_way = sum(min(self._clock() - each.since, mean) for each in self.running.values())
        places = max(len(self.running), 1)
        until_done = max((self.budget.trials - self.n_finished) * mean - under_way, 0.0) / places
        return until_done if until_timeout is None else min(until_done, until_timeout)

    def _count(self, trial: Trial) -> None:
        self.states[trial.state] += 1
        complete = trial.state is TrialState.COMPLETE
        if complete and (self.best is None or _standing(trial) > _standing(self.best)):
            self.best = trial


def again_text(again: Again) -> str:
    """`again 1/2`."""
    return f"again {again.repeat + 1}/{again.repeats}"


def _standing(trial: Trial) -> tuple[float, float]:
    """The more images its folds were cut from, the better: successive halving compares within a round."""
    return trial.stage.samples or math.inf, trial.score or 0.0
