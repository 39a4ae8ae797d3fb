"""Fault test 3: the ways in which a run is asked to end. What was done is kept, and the last line goes on with it."""

from __future__ import annotations

import os
import pty
import random
import select
import shlex
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from evidence import Measured
from fakes.ledger import Ledger, shortfalls
from fakes.starting import Nursery, Started, Tune, holds

from tuner.study import Folder, Study
from tuner.trial import TrialState

RUNS, AT_ONCE, RESUMED = 20, 10, 2
TRIALS = 8
COMMAND = ("digits", "--space", "small.yaml", "--trials", str(TRIALS), "--study", "s")
TARGET = "exit 143/130/130/129, state saved in 10 s (2 s after a second), last line resumes, 0 tracebacks in 20 runs"


@dataclass(frozen=True)
class Way:
    signals: tuple[signal.Signals, ...]
    code: int
    seconds: float
    """Within which the run ends, from its last signal on."""
    epoch: float
    """Seconds that an epoch takes."""


WAYS = {
    "SIGTERM": Way((signal.SIGTERM,), 143, 10.0, 0.1),
    "SIGINT": Way((signal.SIGINT,), 130, 10.0, 0.1),
    "SIGINT twice": Way((signal.SIGINT, signal.SIGINT), 130, 2.0, 30.0),
    "SIGHUP": Way((signal.SIGHUP,), 129, 10.0, 0.1),
}


class Terminal:
    """One that somebody looks at, until it is closed."""

    def __init__(self) -> None:
        self._mine, self._its = pty.openpty()
        self.name = os.ttyname(self._its)
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closing.is_set():
            if select.select([self._mine], [], [], 0.02)[0]:
                os.read(self._mine, 65536)

    def opened(self) -> None:
        """Somebody else has it open now."""
        os.close(self._its)

    def close(self) -> None:
        self._closing.set()
        self._reader.join()
        os.close(self._mine)


def at_work(tune: Tune, epoch: float) -> bool:
    """Whether it has come to where the signal is due: a trial has ended, or else its first epoch goes on."""
    return holds(lambda: tune.did("begun", 1 if epoch < 1 else 0) > 0, 60)


def saved(tune: Tune, said: str) -> list[str]:
    ledger = Ledger(tune.study("s"), tune.folder / "ledger")
    ledger.read(said)
    running = [
        trial.number for trial in Study.open(Folder(tune.study("s"))).trials() if trial.state is TrialState.RUNNING
    ]
    return ledger.faults + [f"trial {number} is RUNNING" for number in running]


def tracebacks(tune: Tune, said: str) -> int:
    return said.count("Traceback") + len(list(tune.temporary.glob("tune-error-*")))


def resumed(tune: Tune, line: str) -> list[str]:
    """What is amiss after the line was typed."""
    program, *words = shlex.split(line)
    again = tune.run(*words)
    return [program] * (program != "tune") + [again.said] * (again.wait() != 0) + shortfalls(tune.study("s"), TRIALS)


@pytest.mark.parametrize("name", WAYS)
def test_a_signal_ends_the_run_in_order(
    name: str, nursery: Nursery, tmp_path: Path, chance: random.Random, measured: Measured
) -> None:
    way = WAYS[name]
    codes: set[int] = set()
    slowest, n_tracebacks, wrong = 0.0, 0, []
    for first in range(0, RUNS, AT_ONCE):
        tunes = [Tune(nursery, tmp_path / str(first + n)) for n in range(AT_ONCE)]
        runs = [tune.start(*COMMAND, orders={"seconds": way.epoch}) for tune in tunes]
        took = _signalled(list(zip(tunes, runs, strict=True)), way, chance)
        slowest = max(slowest, took)
        for n, (tune, run) in enumerate(zip(tunes, runs, strict=True)):
            codes.add(run.wait())
            n_tracebacks += tracebacks(tune, run.said)
            wrong += saved(tune, run.said)
            last = run.said.splitlines()[-1]
            wrong += [] if last == "tune resume s" else [f"the last line is {last!r}"]
            if n < RESUMED // (RUNS // AT_ONCE):
                wrong += resumed(tune, last)
            wrong += [f"left: {process}" for process in tune.orphans()]
    figure = (
        f"{name}: {RUNS} runs, exit {codes}, slowest {slowest:.1f} s, {n_tracebacks} tracebacks, {len(wrong)} faults"
    )
    measured(3, target=TARGET, figure=figure)
    assert codes == {way.code}
    assert wrong == []
    assert n_tracebacks == 0
    assert slowest <= way.seconds


def _signalled(runs: list[tuple[Tune, Started]], way: Way, chance: random.Random) -> float:
    """The most seconds that one took to end after its last signal."""
    for tune, _ in runs:
        assert at_work(tune, way.epoch)
    time.sleep(chance.uniform(0.0, 0.2))
    for i, number in enumerate(way.signals):
        time.sleep(1.0 * i)
        for _, run in runs:
            run.send(number)
        sent = time.monotonic()
    for _, run in runs:
        run.wait(30)
    return time.monotonic() - sent


def test_a_closed_terminal_ends_the_run_in_order(
    nursery: Nursery, tmp_path: Path, chance: random.Random, measured: Measured
) -> None:
    codes: set[int] = set()
    slowest, n_tracebacks, wrong = 0.0, 0, []
    for first in range(0, RUNS, AT_ONCE):
        tunes = [Tune(nursery, tmp_path / str(first + n)) for n in range(AT_ONCE)]
        terminals = [Terminal() for _ in tunes]
        runs = [
            tune.start(*COMMAND, orders={"seconds": 0.1}, terminal=terminal.name, CI="", TERM="xterm")
            for tune, terminal in zip(tunes, terminals, strict=True)
        ]
        for tune, terminal in zip(tunes, terminals, strict=True):
            assert at_work(tune, 0.1)
            terminal.opened()
        time.sleep(chance.uniform(0.0, 0.2))
        closed = time.monotonic()
        for terminal in terminals:
            terminal.close()
        codes |= {run.wait(30) for run in runs}
        slowest = max(slowest, time.monotonic() - closed)
        for n, tune in enumerate(tunes):
            n_tracebacks += tracebacks(tune, "")
            wrong += saved(tune, "")
            if n < RESUMED // (RUNS // AT_ONCE):
                wrong += resumed(tune, "tune resume s")
            wrong += [f"left: {process}" for process in tune.orphans()]
    figure = f"terminal closed: {RUNS} runs, exit {codes}, slowest {slowest:.1f} s"
    measured(3, target=TARGET, figure=f"{figure}, {n_tracebacks} tracebacks, {len(wrong)} faults")
    assert codes == {129}
    assert wrong == []
    assert n_tracebacks == 0
    assert slowest <= 10.0
