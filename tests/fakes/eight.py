"""The real loop over eight real worker processes that train for milliseconds, and what it costs its own process."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from fakes.driving import Driver, driver
from fakes.pool import Jobs
from tuner.events import Event, TrialEnded
from tuner.executors.local import Local
from tuner.plan import Budget
from tuner.search import Search
from tuner.slots import Slot
from tuner.study import Folder, Study

QUICK = str(Path(__file__).parent / "quick_worker.py")

N_SLOTS = 8

SPACE = """
name: four
layers:
  - flatten
  - dense: {units: {int: [8, 256]}, activation: {choice: [relu, elu, tanh, sigmoid]}}
  - dropout: {rate: {float: [0.0, 0.5]}}
training:
  optimizer: {adam: {learning_rate: {float: [1e-5, 1e-1], log: true}}}
  batch_size: 32
  epochs: 3
"""


@dataclass
class Cost:
    """What this process has spent: its processor's time, and the time that its commits waited for the disk.

    Not the time by the clock, in which eight workers have their turns on a machine of few cores.
    """

    waited: float = 0.0

    def watch(self, study: Study) -> None:
        commit = study._ledger.commit

        def timed(*, patient: bool = False) -> None:
            clock, processor = time.perf_counter(), time.thread_time()
            commit(patient=patient)
            self.waited += time.perf_counter() - clock - (time.thread_time() - processor)

        study._ledger.commit = timed  # type: ignore[method-assign]

    @property
    def seconds(self) -> float:
        return time.process_time() + self.waited


@dataclass
class Run:
    """One search to its end. Its side log is appended to when a trial's end is shown, and never rewritten."""

    folder: Path
    n_trials: int
    seconds: float = 0.005
    """Of an epoch; a trial has three."""
    n_slots: int = N_SLOTS
    spent: list[float] = field(default_factory=list)
    """Seconds that the parent had spent when each trial's end was shown; before it, those when the search began."""
    wall: float = 0.0
    cost: Cost = field(default_factory=Cost)

    @property
    def study(self) -> Folder:
        return Folder(self.folder / "s")

    @property
    def side_log(self) -> Path:
        return self.folder / "side.jsonl"

    def search(self) -> Driver:
        study = driver(self.study.path, "optuna", "random", text=SPACE)
        slots = [Slot(name=f"slot {i}", device=f"fake {i}") for i in range(self.n_slots)]
        executor = Local(slots, study.folder.logs, (sys.executable, QUICK, str(self.seconds)))
        search = Search(
            study=study.study,
            space=study.space,
            engine=study.engine,
            executor=executor,
            jobs=_jobs(study),
            budget=Budget(trials=self.n_trials),
            observe=self._observe,
        )
        executor.start()
        self.cost.watch(study.study)
        self.spent.append(self.cost.seconds)
        began = time.perf_counter()
        try:
            search.run()
        finally:
            self.wall = time.perf_counter() - began
            executor.close()
        return study

    def _observe(self, event: Event) -> None:
        if isinstance(event, TrialEnded):
            self.spent.append(self.cost.seconds)
            with self.side_log.open("a", encoding="utf-8") as file:
                file.write(json.dumps([event.trial.number, event.trial.state.value, event.trial.score]) + "\n")

    @property
    def overheads(self) -> list[float]:
        """Milliseconds of the parent's a trial, over each as many trials as there are slots, one after another."""
        ends = self.spent[:: self.n_slots]
        return [1000 * (after - before) / self.n_slots for before, after in pairwise(ends)]

    @property
    def told(self) -> list[tuple[int, str, float]]:
        return [tuple(json.loads(line)) for line in self.side_log.read_text(encoding="utf-8").splitlines()]

    def figure(self) -> str:
        cuts = quantiles(self.overheads, n=20)
        return (
            f"overhead {median(self.overheads):.1f} ms a trial (median), {cuts[-1]:.1f} ms (95th percentile); "
            f"{self.n_trials} trials in {self.wall:.1f} s"
        )


def _jobs(study: Driver) -> Any:
    jobs = Jobs(plan=study.study.plan)
    make = jobs.job
    jobs.job = lambda *given: replace(make(*given), epochs=3, horizon=3)  # type: ignore[method-assign]
    return jobs
