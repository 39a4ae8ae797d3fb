"""What waits for memory must not wait for ever, nor keep others from training; who is not to blame is not blamed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, search

from tuner.errors import TuneError
from tuner.messages import Died, Failed
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

GIB = 2**30


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})


def states(study: Driver) -> list[TrialState]:
    return [trial.state for trial in study.trials if trial.state is not TrialState.TURNED_DOWN]


def test_a_search_that_waits_for_memory_ends_when_its_time_is_up(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        assert clock.now < 1000

    slots = Slots(["GPU a"], act, memory={"GPU a": 1 * GIB})
    assert search(study, slots, clock, timeout=60, need=lambda *_: 2 * GIB).run() == "its time was up"
    assert slots.submitted == []
    assert states(study) == [TrialState.WAITING]


def test_a_trial_too_large_for_any_device_keeps_no_smaller_ones_from_training(study: Driver) -> None:
    clock, large = Clock(), []

    def need(configuration: object, _on_gpu: bool) -> int:
        large.append(configuration) if not large else None
        return (8 if configuration is large[0] else 1) * GIB

    def act(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            slots.finish(job)

    slots = Slots(["GPU a", "GPU b"], act, memory={"GPU a": 2 * GIB, "GPU b": 2 * GIB})
    search(study, slots, clock, trials=20, timeout=100, need=need).run()
    assert states(study).count(TrialState.COMPLETE) == 19
    assert states(study).count(TrialState.WAITING) == 1


def test_what_was_admitted_a_moment_ago_has_its_memory_coming_to_it(study: Driver) -> None:
    clock = Clock()
    together: list[int] = []

    def act(slots: Slots) -> None:
        clock.now += 1.0
        together.append(len(slots.running))
        for job in slots.running:
            slots.finish(job)

    slots = Slots(["CPU"] * 4, act, memory={"CPU": 3 * GIB})
    search(study, slots, clock, trials=6, need=lambda *_: 2 * GIB).run()
    assert max(together) == 1  # 3 GiB are free until the first has taken its 2
    assert states(study) == [TrialState.COMPLETE] * 6


def test_a_worker_that_dies_before_it_begins_with_a_trial_costs_that_no_retry(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        slots.quick = slots.submitted.count(0) >= 2
        for job in slots.running:
            if slots.submitted.count(job) < 3 and job == 0:
                slots.messages.append(Died(job=0, detail="its process ended with exit code 1"))
            else:
                slots.finish(job)

    slots = Slots(1, act, quick=False)
    search(study, slots, clock, trials=2, retries=0).run()
    assert states(study) == [TrialState.COMPLETE] * 2


def test_where_no_worker_ever_comes_as_far_as_its_trial_the_run_ends_and_blames_none(study: Driver) -> None:
    def act(slots: Slots) -> None:
        for job in slots.running:
            slots.messages.append(Died(job=job, detail="its process ended with exit code 1"))

    with pytest.raises(TuneError, match="3 failures in a row, the first: its process ended with exit code 1"):
        search(study, Slots(1, act, quick=False), Clock()).run()
    assert states(study) == [TrialState.WAITING]


def test_where_everything_fails_the_second_run_ends_as_soon_as_the_first(study: Driver) -> None:
    def act(slots: Slots) -> None:
        for job in slots.running:
            slots.messages.append(Failed(job=job, reason="nan", detail="no longer finite", seconds=1, memory=0))

    for n_failed in (3, 6):
        with pytest.raises(TuneError, match="3 failures in a row"):
            search(study, Slots(1, act), Clock()).run()
        assert states(study) == [TrialState.FAILED] * n_failed
        study.restart()
