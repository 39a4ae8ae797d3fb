"""Fault test 21: a training that never ends, hears nothing, and has started processes of its own."""

from __future__ import annotations

import json
import time

import psutil
import pytest
from evidence import Measured
from fakes.ledger import shortfalls
from fakes.starting import Started, Tune, holds

from tuner.study import Folder, Study

TIMEOUT, GRACE = 2.0, 1.0
LATE = 15.0
SEARCH = ("digits", "--space", "small.yaml", "--trials", "3", "--study", "s")
TARGET = "killed <= timeout + 15 s with all descendants"


def grandchildren(program: Tune) -> list[int]:
    lines = program.log.read_text(encoding="utf-8").splitlines() if program.log.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith("grandchild")]


def seconds_until_gone(program: Tune, started: Started) -> float:
    """From when trial 1 has stopped to tell anything until its worker and what that started are gone."""
    assert holds(lambda: program.did("epoch", 1, 1) > 0, 60)
    began = time.monotonic()
    its = psutil.Process(started.pid).children(recursive=True)
    assert any(process.pid in grandchildren(program) for process in its)
    assert holds(lambda: not any(alive(process) for process in its), 60)
    return time.monotonic() - began


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("limit", ["--trial-timeout", "silence"])
def test_it_is_ended_with_all_that_it_started(program: Tune, limit: str, stubborn: bool, measured: Measured) -> None:
    orders = {"hang_at": [[1, 1]], "hang_always": True, "grandchild": True, "stubborn": stubborn, "seconds": 0.02}
    by_time = limit == "--trial-timeout"
    command = (*SEARCH, "--trial-timeout", f"{TIMEOUT:g}s") if by_time else (*SEARCH, "--retries", "0")
    patience = {} if by_time else {"FAKE_PATIENCE": json.dumps({"least": GRACE, "unknown": GRACE})}
    started = program.start(*command, orders=orders, **patience)
    seconds = seconds_until_gone(program, started)
    assert started.wait(60) == 0, started.said
    orphans = program.orphans()
    how = "ignores SIGTERM and its pipe" if stubborn else "sleeps for ever"
    measured(
        21,
        target=TARGET,
        figure=f"{how}, {limit} of {TIMEOUT if by_time else GRACE:g} s: gone after {seconds:.1f} s, "
        f"{len(orphans)} descendants left",
    )
    assert seconds <= (TIMEOUT if by_time else GRACE) + LATE
    assert orphans == []
    trial = Study.open(Folder(program.study("s"))).trials()[1]
    assert (trial.state.value, trial.reason) == ("failed", "timeout" if by_time else "crash")
    assert shortfalls(program.study("s"), 3) == []
