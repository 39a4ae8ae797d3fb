"""Where the seconds of one job go. The worker measures; training tells which phase begins."""

from __future__ import annotations

import time
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Phase(StrEnum):
    """What a worker does in a job."""

    BUILDING = "building"
    """The network, its optimizer's variables, the data set in memory."""
    TRACING = "tracing"
    """The graphs of training and validation: what their first execution took longer than others (see `Graph`)."""
    TRAINING = "training"
    VALIDATING = "validating"
    STORING = "storing"
    """Checkpoints."""
    OTHER = "other"
    """All else, as to take up a checkpoint or to measure a latency."""


class Timing:
    """The seconds of one job since this was made. It is in one phase at any time, so that the phases add up."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._began = self._since = clock()
        self._phase = Phase.OTHER
        self._seconds: defaultdict[Phase, float] = defaultdict(float)
        self._graphs: list[Graph] = []

    def enter(self, phase: Phase) -> None:
        """The phase that lasts from now on."""
        now = self.clock()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now

    def shift(self, phase: Phase, seconds: float) -> None:
        """So many of the seconds that were counted as nothing else were spent on this."""
        seconds = min(seconds, self._seconds[Phase.OTHER])
        self._seconds[Phase.OTHER] -= seconds
        self._seconds[phase] += seconds

    def graph(self, phase: Phase) -> Graph:
        """A graph whose executions are this phase, to be told of them."""
        self._graphs.append(Graph(self, phase))
        return self._graphs[-1]

    @property
    def seconds(self) -> float:
        return self.clock() - self._began

    @property
    def to_first_step(self) -> float | None:
        """Seconds before the first step of training, its graph made; None before its first execution has ended."""
        trained = [graph for graph in self._graphs if graph.phase is Phase.TRAINING and graph.n_steps]
        return round(trained[0].first_end - self._began - trained[0].first_steps, 3) if trained else None

    def phases(self) -> dict[str, float]:
        """Seconds of each phase so far that took any, by its name."""
        self.enter(self._phase)
        found = self._seconds.copy()
        for graph in self._graphs:
            found[graph.phase] -= graph.making
            found[Phase.TRACING] += graph.making
        return {phase.value: round(found[phase], 4) for phase in Phase if round(found[phase], 4) > 0}


class Graph:
    """One graph function, which TensorFlow makes when it is first executed: Python traces it, and then it is optimised
    and placed. An execution takes many steps at once.

    What is measured: the first execution minus what so many steps take in all later ones, of this pass over the data
    and of others. Until there is another execution, all of the first is counted as making the graph.
    """

    def __init__(self, timing: Timing, phase: Phase) -> None:
        self.phase = phase
        self.n_steps = 0
        """In the first execution."""
        self.first_end = 0.0
        self._timing = timing
        self._last = 0.0
        self._first = self._later = 0.0
        """Seconds of the first execution, and of all later ones."""
        self._n_later = self._n_pass = 0
        """Steps of the later executions, and of this pass so far."""

    def begin(self) -> None:
        """A pass over the data begins, and with it the graph's phase."""
        self._timing.enter(self.phase)
        self._last, self._n_pass = self._timing.clock(), 0

    def executed(self, step: int) -> None:
        """An execution has ended with this step of the pass, from 0."""
        now = self._timing.clock()
        seconds, n = now - self._last, step + 1 - self._n_pass
        self._last, self._n_pass = now, step + 1
        if not self.n_steps:
            self.n_steps, self._first, self.first_end = n, seconds, now
        else:
            self._n_later, self._later = self._n_later + n, self._later + seconds

    @property
    def first_steps(self) -> float:
        """Seconds that the steps of the first execution took, as far as one knows."""
        return min(self.n_steps * self._later / self._n_later, self._first) if self._n_later else 0.0

    @property
    def making(self) -> float:
        """Seconds that making it took."""
        return self._first - self.first_steps
