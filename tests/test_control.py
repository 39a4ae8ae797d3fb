"""Signals that come close together, or at an odd moment, end a run in order."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, search

from tuner.control import PATIENCE, Control
from tuner.trial import TrialState


def test_a_signal_in_the_midst_of_another_is_not_waited_for() -> None:
    """`timeout` sends SIGTERM to its child, and a moment later to the child's group. Here at every line of the first
    signal's handling there comes another.
    """
    control, depth = Control(), 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal depth
        if depth == 0:
            depth += 1
            control.stop("again", 15)
            depth -= 1
        return trace

    def first() -> None:
        sys.settrace(trace)
        control.stop("it was interrupted", 15)
        sys.settrace(None)

    handling = threading.Thread(target=first, daemon=True)
    handling.start()
    handling.join(10)
    assert not handling.is_alive()
    assert (control.stopping, control.signal) == (True, 15)


def test_a_second_ctrl_c_breaks_in_only_where_nobody_looks() -> None:
    control = Control()
    control.end_at_once()
    with control.looking():
        control.hurry()
        with pytest.raises(KeyboardInterrupt):
            control.end_at_once()
        with control.looking(looks=False), pytest.raises(KeyboardInterrupt):
            control.hurry()
        control.hurry()
    with pytest.raises(KeyboardInterrupt):
        control.hurry()


def test_a_loop_that_does_not_look_in_time_is_broken_by_a_third_ctrl_c() -> None:
    clock = Clock()
    control = Control(clock)
    with control.looking():
        control.hurry()
        clock.now += PATIENCE + 0.1
        with pytest.raises(KeyboardInterrupt):
            control.hurry()


@pytest.mark.usefixtures("unsynced")
def test_a_search_in_a_hurry_waits_for_no_worker_and_keeps_its_trials(tmp_path: Path) -> None:
    study: Driver = driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})
    control = Control()

    def act(_slots: Slots) -> None:
        control.stop("it was interrupted", 2)
        control.hurry()

    slots = Slots(2, act, heeds=False)
    with control.looking(), pytest.raises(KeyboardInterrupt):
        search(study, slots, Clock(), control=control).run()
    assert sorted(slots.killed) == [0, 1]
    assert [trial.state for trial in study.trials] == [TrialState.WAITING] * 2
