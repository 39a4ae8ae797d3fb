"""Where the seconds of a job go, on a clock that the test sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.pool import Clock

from tuner.age import age
from tuner.messages import Done, EpochDone, Unusable, decode, encode
from tuner.timing import Phase, Timing
from tuner.trial import Epoch


@pytest.fixture
def clock() -> Clock:
    return Clock(now=100.0)


def passed(timing: Timing, clock: Clock, phase: Phase, seconds: float) -> None:
    timing.enter(phase)
    clock.now += seconds


def test_each_second_is_of_one_phase_so_that_they_add_up(clock: Clock) -> None:
    timing = Timing(clock)
    clock.now += 1.0
    for phase, seconds in ((Phase.BUILDING, 2.0), (Phase.STORING, 0.5), (Phase.BUILDING, 1.0), (Phase.OTHER, 0.25)):
        passed(timing, clock, phase, seconds)
    assert timing.phases() == {"building": 3.0, "storing": 0.5, "other": 1.25}
    assert sum(timing.phases().values()) == timing.seconds


def execute(timing: Timing, clock: Clock, *passes: tuple[tuple[int, float], ...], phase: Phase) -> None:
    """Passes over the data, each of executions that end with this step and took so long."""
    graph = timing.graph(phase)
    for executions in passes:
        graph.begin()
        for step, seconds in executions:
            clock.now += seconds
            graph.executed(step)
        timing.enter(Phase.OTHER)


def test_what_a_first_execution_takes_longer_than_others_of_its_pass_is_tracing(clock: Clock) -> None:
    timing = Timing(clock)
    execute(timing, clock, ((31, 5.0), (63, 2.0), (79, 1.0)), phase=Phase.TRAINING)
    assert timing.phases() == {"tracing": 3.0, "training": 5.0}  # 32 steps at 3 s for 48
    assert timing.to_first_step == 3.0


def test_where_a_pass_is_one_execution_later_passes_tell_what_it_takes(clock: Clock) -> None:
    timing = Timing(clock)
    execute(timing, clock, ((10, 4.0),), ((10, 1.0),), ((10, 0.5),), phase=Phase.VALIDATING)
    assert timing.phases() == {"tracing": 3.25, "validating": 2.25}


def test_until_there_is_another_execution_the_first_is_all_tracing(clock: Clock) -> None:
    timing = Timing(clock)
    execute(timing, clock, ((10, 4.0),), phase=Phase.TRAINING)
    assert timing.phases() == {"tracing": 4.0}
    assert timing.to_first_step == 4.0


def test_a_first_execution_no_slower_than_others_made_no_graph(clock: Clock) -> None:
    timing = Timing(clock)
    execute(timing, clock, ((9, 1.0), (19, 2.0)), phase=Phase.TRAINING)
    assert timing.phases() == {"training": 3.0}


def test_graphs_of_several_models_are_traced_one_by_one(clock: Clock) -> None:
    timing = Timing(clock)
    for _ in range(2):
        execute(timing, clock, ((4, 3.0), (9, 1.0)), phase=Phase.TRAINING)
    assert timing.phases() == {"tracing": 4.0, "training": 4.0}


def test_seconds_that_others_have_measured_are_taken_from_what_was_nothing_else(clock: Clock) -> None:
    timing = Timing(clock)
    passed(timing, clock, Phase.OTHER, 2.0)
    passed(timing, clock, Phase.BUILDING, 1.0)
    timing.shift(Phase.VALIDATING, 5.0)
    assert timing.phases() == {"building": 1.0, "validating": 2.0}


def test_phases_survive_the_pipe_and_are_checked_like_other_costs() -> None:
    epoch = Epoch(epoch=1, accuracy=0.5, loss=1.0)
    for message in (
        EpochDone(job=3, epoch=epoch, phases={"training": 1.5}, to_first_step=0.5),
        Done(job=3, seconds=2.0, memory=1, phases={"building": 2.0}),
    ):
        assert decode(encode(message)) == message
    for phases in ({"training": "long"}, {"training": float("nan")}, [1.0], 7):
        line = json.dumps({"kind": "Done", "job": 3, "seconds": 1, "memory": 1, "phases": phases})
        assert isinstance(decode(line), Unusable)


def test_a_process_is_as_old_as_the_system_says(tmp_path: Path) -> None:
    assert 0 <= age() < 600
    (tmp_path / "torn").write_text("1 (a")
    assert (age(tmp_path / "torn"), age(tmp_path / "none")) == (0.0, 0.0)
