"""A device on which workers die is told from a trial that kills them, and costs the search no trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, epoch, search

from tuner.braking import Braked
from tuner.events import Event, SlotLost
from tuner.messages import Begun, Died, EpochDone, Failed
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})


def outcomes(study: Driver) -> list[tuple[str, str]]:
    return [(trial.state.value, trial.reason) for trial in study.trials if trial.state is not TrialState.TURNED_DOWN]


def does_not_begin(slots: Slots, job: int) -> None:
    slots.messages.append(Died(job=job, detail="its process was ended by SIGABRT"))


def dies(slots: Slots, job: int) -> None:
    slots.messages += [Begun(job=job), Died(job=job, detail="its process was ended by SIGSEGV")]


def crashes(slots: Slots, job: int) -> None:
    failed = Failed(job=job, reason="crash", detail="InternalError: ECC", seconds=1, memory=0)
    slots.messages += [Begun(job=job), failed]


def acting(is_bad: Callable[[Slots, int], bool], end: Callable[[Slots, int], None]) -> Callable[[Slots], None]:
    """What is bad ends so at once; anything else is trained to its end in ten turns."""
    turns = 0

    def act(slots: Slots) -> None:
        nonlocal turns
        turns += 1
        for job in slots.running:
            if is_bad(slots, job):
                end(slots, job)
            elif turns % 10 == 0:
                slots.messages.append(Begun(job=job))
                slots.finish(job)

    return act


def on_the_second_gpu(slots: Slots, job: int) -> bool:
    return slots.at[job] == "slot 1"


@pytest.mark.parametrize("end", [does_not_begin, dies, crashes])
def test_a_gpu_on_which_every_worker_dies_is_given_up_and_no_trial_for_it(
    study: Driver, end: Callable[[Slots, int], None]
) -> None:
    events = list[Event]()
    slots = Slots(2, acting(on_the_second_gpu, end), quick=False)
    search(study, slots, Clock(), trials=12, observe=events.append).run()
    assert outcomes(study) == [("complete", "")] * 12
    (lost,) = [event for event in events if isinstance(event, SlotLost)]
    assert (lost.slot, lost.detail) == ("slot 1", "3 workers in a row died on it, so it is given up")


def test_a_trial_that_kills_its_worker_everywhere_costs_no_device(study: Driver) -> None:
    slots = Slots(2, acting(lambda _slots, job: job in {2, 3, 4}, dies), quick=False)
    search(study, slots, Clock(), trials=12).run()
    assert sorted(outcomes(study)) == [("complete", "")] * 9 + [("failed", "crash")] * 3
    assert len(slots.slots) == 2
    assert [slots.submitted.count(job) for job in (2, 3, 4)] == [3, 3, 3]


def test_a_trial_whose_worker_died_rather_goes_to_another_device(study: Driver) -> None:
    places: list[str] = []

    def once(slots: Slots, job: int) -> bool:
        if job == 1:
            places.append(slots.at[job])
        return job == 1 and len(places) == 1

    search(study, Slots(2, acting(once, dies), quick=False), Clock(), trials=6).run()
    assert places[:2] == ["slot 1", "slot 0"]


def test_the_last_device_is_kept_and_the_brake_ends_the_run(study: Driver) -> None:
    slots = Slots(1, acting(lambda _slots, _job: True, dies), quick=False)
    with pytest.raises(Braked, match="3 failures in a row"):
        search(study, slots, Clock(), trials=12).run()
    assert len(slots.slots) == 1


def test_any_number_of_gpus_that_are_lost_at_the_start_do_not_end_the_run_while_one_is_well(study: Driver) -> None:
    lost = False

    def act(slots: Slots) -> None:
        nonlocal lost
        for job in [] if lost else [0, 1, 2, 3]:
            slots.lose(slots.slots[slots.at[job]].device)
        for job in slots.running if lost else []:
            slots.finish(job)
        lost = True

    slots = Slots(5, act, quick=False)
    search(study, slots, Clock(), trials=8).run()
    assert outcomes(study) == [("complete", "")] * 8
    assert list(slots.slots) == ["slot 4"]


def test_workers_that_die_at_their_start_are_no_brake_while_others_come_further_in_between(study: Driver) -> None:
    turns = 0

    def act(slots: Slots) -> None:
        nonlocal turns
        turns += 1
        for job in slots.running:
            if turns % 3:
                does_not_begin(slots, job)
            elif turns < 12:
                slots.messages += [Begun(job=job), *(EpochDone(job=job, epoch=epoch(i)) for i in range(1, turns))]
                slots.messages.append(Died(job=job, detail="its process was ended by SIGKILL"))
            else:
                slots.messages.append(Begun(job=job))
                slots.finish(job)

    search(study, Slots(1, act, quick=False), Clock(), trials=1).run()
    assert outcomes(study) == [("complete", "")]
