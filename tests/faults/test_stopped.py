"""Fault test 15: a worker that is stopped for longer than anybody waits, and then goes on as if nothing had been."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import time
from collections import Counter

import psutil
import pytest
from evidence import Measured
from fakes.ledger import ENDED, shortfalls
from fakes.starting import Started, Tune, holds

GRACE = 2.0
"""Seconds: a worker of the fake needs one to start where the machine is busy."""
PATIENCE = json.dumps({"least": GRACE, "unknown": GRACE})
COMMAND = ("digits", "--space", "small.yaml", "--trials", "4", "--study", "s", "--epochs", "6")
TARGET = "its late result is discarded with one warning; no crash; the trial is told once"


def worker(of: Started) -> psutil.Process:
    (found,) = psutil.Process(of.pid).children()
    return found


def stopped_for(program: Tune, seconds: float) -> Started:
    """The run in which the worker of trial 1 was stopped for so long."""
    started = program.start(*COMMAND, orders={"seconds": 0.08}, FAKE_PATIENCE=PATIENCE)
    assert holds(lambda: program.did("epoch", 1, 2) > 0, 60)
    its = worker(started)
    its.suspend()
    time.sleep(seconds)
    with contextlib.suppress(psutil.NoSuchProcess):
        its.send_signal(signal.SIGCONT)
    started.wait(60)
    return started


@pytest.mark.parametrize("graces", [0.3, 3.0])
def test_what_a_stopped_worker_says_too_late_is_not_heard(program: Tune, graces: float, measured: Measured) -> None:
    done = stopped_for(program, graces * GRACE)
    told = Counter(int(number) for number, _ in ENDED.findall(done.said))
    warnings = len(re.findall(r"hung", done.said))
    measured(
        15,
        target=TARGET,
        figure=f"stopped for {graces:g} x the grace: exit {done.wait()}, {warnings} warning(s), each trial told "
        f"{max(told.values())} time(s)",
    )
    assert done.wait() == 0, done.said
    assert warnings == (graces > 1)
    assert told == dict.fromkeys(range(4), 1)
    assert shortfalls(program.study("s"), 4) == []
    assert program.orphans() == []


def test_a_stopped_worker_holds_up_no_end(program: Tune, measured: Measured) -> None:
    started = program.start(*COMMAND, orders={"seconds": 0.08})
    assert holds(lambda: program.did("epoch", 1, 2) > 0, 60)
    worker(started).suspend()
    began = time.monotonic()
    started.send(signal.SIGTERM)
    code, seconds = started.wait(60), time.monotonic() - began
    measured(15, target=TARGET, figure=f"asked to end meanwhile: exit {code} after {seconds:.1f} s")
    assert code == 143
    assert seconds <= 10
    assert program.orphans() == []
    assert program.run(*COMMAND).wait() == 0
    assert shortfalls(program.study("s"), 4) == []
