"""Which trial starts on which slot: where memory is free, alone where it must be, never on a device that is gone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, epoch, search

from tuner.control import Control
from tuner.errors import SetupError
from tuner.events import Event, SlotLost, WaitingForMemory
from tuner.messages import Died, EpochDone, Failed
from tuner.trial import Trial, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

GIB = 2**30


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})


def ended(study: Driver) -> list[Trial]:
    return [trial for trial in study.trials if trial.state is not TrialState.TURNED_DOWN]


def outcomes(study: Driver) -> list[tuple[str, str, int]]:
    return [(trial.state.value, trial.reason, trial.retries) for trial in ended(study)]


# --- memory -----------------------------------------------------------------------------------------------------------


def test_what_runs_out_of_memory_is_retried_once_alone_on_its_device(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            if job == 0:
                slots.messages.append(Failed(job=0, reason="out_of_memory", detail="no room", seconds=1, memory=0))
            elif job not in {1, 3} or clock.now > 10:  # one on each device is busy for a while
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a", "GPU b", "GPU b"], act)
    search(study, slots, clock, trials=12).run()
    assert outcomes(study)[0] == ("failed", "out_of_memory", 1)
    assert len(ended(study)) == 12
    assert slots.submitted.count(0) == 2
    assert slots.beside[0] == []  # the second time
    meanwhile = slots.submitted[4 : slots.submitted.index(0, 1)]
    assert {slots.at[job] for job in meanwhile} == {
        "slot 2"
    }  # the slot that failed stays empty, the other device goes on


def test_while_a_trial_has_its_device_alone_nothing_is_begun_beside_it(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            if job == 0 and slots.submitted.count(0) == 1:
                slots.messages.append(Failed(job=0, reason="out_of_memory", detail="no room", seconds=1, memory=0))
            elif job != 0 or clock.now > 10:
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a"], act)
    search(study, slots, clock, trials=6).run()
    assert outcomes(study)[0] == ("complete", "", 1)
    assert all(0 not in beside for job, beside in slots.beside.items() if job > 1)


def test_a_process_that_the_system_killed_for_memory_is_retried_alone_too(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            if job == 1:
                slots.messages.append(Died(job=1, detail="memory ran out", out_of_memory=True))
            else:
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a"], act)
    search(study, slots, clock, trials=5).run()
    assert outcomes(study)[1] == ("failed", "out_of_memory", 1)
    assert slots.beside[1] == []
    assert study.study.optuna.get_trials()[1].constraints == {"out_of_memory": 1.0}


def test_out_of_memory_is_retried_alone_even_where_crashes_are_not_retried(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        for job in slots.running:
            if job == 0 and slots.submitted.count(0) == 1:
                slots.messages.append(Failed(job=0, reason="out_of_memory", detail="no room", seconds=1, memory=0))
            else:
                slots.finish(job)

    search(study, Slots(2, act), clock, trials=2, retries=0).run()
    assert outcomes(study)[0] == ("complete", "", 1)


def test_a_trial_waits_until_its_device_has_memory_and_says_so_once(study: Driver) -> None:
    clock, events, memory = Clock(), list[Event](), {"GPU a": 1 * GIB}

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 5:
            memory["GPU a"] = 3 * GIB
        for job in slots.running:
            slots.finish(job)

    slots = Slots(["GPU a"], act, memory=memory)
    search(study, slots, clock, trials=2, need=lambda _configuration, _on_gpu: 2 * GIB, observe=events.append).run()
    assert outcomes(study) == [("complete", "", 0)] * 2
    waits = [event for event in events if isinstance(event, WaitingForMemory)]
    assert [(event.number, event.free, event.needed) for event in waits] == [(0, 1 * GIB, 2 * GIB)]
    assert 4 <= study.trials[0].waited <= 6


def test_a_trial_that_finds_no_memory_on_one_device_starts_on_another(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        for job in slots.running:
            slots.finish(job)

    slots = Slots(["GPU a", "GPU b"], act, memory={"GPU a": 1 * GIB, "GPU b": 9 * GIB})
    search(study, slots, clock, trials=3, need=lambda _configuration, _on_gpu: 2 * GIB).run()
    assert {slots.at[job] for job in slots.submitted} == {"slot 1"}
    assert outcomes(study) == [("complete", "", 0)] * 3


def test_a_trial_that_waits_for_memory_when_the_search_is_stopped_waits_for_the_next_run(study: Driver) -> None:
    clock, control = Clock(), Control()

    def act(slots: Slots) -> None:
        control.stop("it was interrupted", signal.SIGINT)

    slots = Slots(["GPU a"], act, memory={"GPU a": 0})
    search(study, slots, clock, need=lambda _configuration, _on_gpu: GIB, control=control).run()
    assert [trial.state for trial in ended(study)] == [TrialState.WAITING]


# --- devices that vanish ----------------------------------------------------------------------------------------------


def test_the_trial_of_a_lost_device_goes_on_on_another(study: Driver) -> None:
    clock, events = Clock(), list[Event]()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 1:
            slots.messages.append(EpochDone(job=1, epoch=epoch(1)))
        elif clock.now == 2:
            slots.lose("GPU b")
        else:
            for job in slots.running:
                slots.finish(job)

    slots = Slots(["GPU a", "GPU b"], act)
    search(study, slots, clock, trials=4, observe=events.append).run()
    assert outcomes(study) == [("complete", "", 0), ("complete", "", 1), *[("complete", "", 0)] * 2]
    assert slots.at[1] == "slot 0"
    assert [event.slot for event in events if isinstance(event, SlotLost)] == ["slot 1"]


def test_a_device_that_is_found_gone_when_its_memory_is_asked_for_is_left_out(study: Driver) -> None:
    clock, events = Clock(), list[Event]()

    def act(slots: Slots) -> None:
        for job in slots.running:
            slots.finish(job)

    slots = Slots(["GPU a", "GPU a", "GPU b"], act, memory={"GPU a": 9 * GIB, "GPU b": 9 * GIB}, gone={"GPU a"})
    search(study, slots, clock, trials=3, observe=events.append).run()
    assert outcomes(study) == [("complete", "", 0)] * 3
    assert {slots.at[job] for job in slots.submitted} == {"slot 2"}
    assert [event.slot for event in events if isinstance(event, SlotLost)] == ["slot 0", "slot 1"]
    assert not [event for event in events if isinstance(event, WaitingForMemory)]


def test_a_trial_that_must_be_alone_finds_a_device_where_its_own_is_gone(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 1:
            slots.messages.append(Failed(job=0, reason="out_of_memory", detail="no room", seconds=1, memory=0))
        elif clock.now == 2:
            slots.lose("GPU a")
        else:
            for job in slots.running[: 1 if clock.now < 30 else None]:  # never both at once, for a while
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a", "GPU b", "GPU b"], act)
    search(study, slots, clock, trials=20).run()
    assert outcomes(study)[0] == ("complete", "", 1)
    assert slots.beside[0] == []
    assert slots.submitted.index(0, 1) < 8  # and does not wait until all others are done


def test_without_any_device_left_the_run_ends_and_its_trials_wait(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        slots.lose("GPU a")

    with pytest.raises(SetupError, match="GPU a is gone"):
        search(study, Slots(["GPU a"], act), clock).run()
    assert [trial.state for trial in ended(study)] == [TrialState.WAITING]
    study.study.close()
    study.restart()
    assert study.trials[0].state is TrialState.WAITING


def test_idle_workers_are_cleared_for_a_trial_for_as_long_as_it_waits(study: Driver) -> None:
    """The first time they may all have been at work."""
    clock, memory = Clock(), {"GPU a": 1 * GIB}

    class Held(Slots):
        def clear(self, slot: str) -> None:
            super().clear(slot)
            if clock.now >= 3:
                memory["GPU a"] = 9 * GIB

    def act(slots: Slots) -> None:
        clock.now += 1.0
        assert clock.now < 100
        for job in slots.running:
            slots.finish(job)

    slots = Held(["GPU a"], act, memory=memory)
    search(study, slots, clock, trials=2, need=lambda _configuration, _on_gpu: 2 * GIB).run()
    assert outcomes(study) == [("complete", "", 0)] * 2


def test_others_that_wait_leave_a_device_to_the_trial_that_must_have_it_alone(study: Driver) -> None:
    clock, ends = Clock(), dict[int, float]()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            ends.setdefault(job, clock.now + 3 + job % 3)
            if job == 0 and slots.submitted.count(0) == 1:
                del ends[0]
                slots.messages.append(Failed(job=0, reason="out_of_memory", detail="no room", seconds=1, memory=0))
            elif clock.now >= ends[job]:
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a", "GPU b"], act, memory={"GPU a": 9 * GIB, "GPU b": 0})
    search(study, slots, clock, trials=12, need=lambda _configuration, _on_gpu: GIB).run()
    assert slots.submitted.index(0, 1) <= 3
    assert slots.beside[0] == []
    assert outcomes(study) == [("complete", "", 1)] + [("complete", "", 0)] * 11
