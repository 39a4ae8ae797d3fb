"""What the search does with trials that overstay, with workers that hang, and how often it begins a trial again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, epoch, search

from tuner.control import Control
from tuner.events import Event, WorkerLost
from tuner.messages import Alive, Died, Done, EpochDone, Failed
from tuner.trial import Reason, Trial, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})


def ended(study: Driver) -> list[Trial]:
    return [trial for trial in study.trials if trial.state is not TrialState.TURNED_DOWN]


def outcomes(study: Driver) -> list[tuple[str, str, int]]:
    return [(trial.state.value, trial.reason, trial.retries) for trial in ended(study)]


def first_hangs(clock: Clock, step: float, says: Callable[[Slots, int], None]) -> Callable[[Slots], None]:
    """The first trial to run says what it says at each step of the clock, until it was killed; all others train."""
    first: list[int] = []

    def act(slots: Slots) -> None:
        clock.now += step
        for job in slots.running:
            first[:] = first or [job]
            if job == first[0] and job not in slots.killed:
                says(slots, job)
            else:
                slots.finish(job)

    return act


def silent(_slots: Slots, _job: int) -> None:
    """Says nothing."""


# --- trials that overstay ---------------------------------------------------------------------------------------------


def test_a_trial_past_its_time_is_killed_once_and_its_configuration_blamed(study: Driver) -> None:
    clock = Clock()
    slots = Slots(2, first_hangs(clock, 5.0, silent))
    search(study, slots, clock, trials=4, trial_timeout=30.0).run()
    assert sorted(outcomes(study)) == [("complete", "", 0)] * 3 + [("failed", "timeout", 0)]
    (late,) = [trial for trial in ended(study) if trial.reason]
    assert (slots.killed, slots.submitted.count(late.number)) == ([late.number], 1)
    assert late.detail == "trained for longer than 30 s"
    assert 30 < late.seconds <= 40
    row = study.study.optuna.get_trials()[late.number]
    assert (row.state.name, row.constraints) == ("PRUNED", {"timeout": 1.0})


def test_the_time_of_a_trial_counts_what_it_trained_before_it_was_cut_off(study: Driver) -> None:
    clock, control = Clock(), Control()

    def six_seconds(slots: Slots) -> None:
        clock.now += 1.0
        for job in slots.running:
            slots.messages.append(EpochDone(job=job, epoch=epoch(int(clock.now), seconds=1.0)))
        if clock.now == 6:
            control.stop("it was interrupted", signal.SIGTERM)

    search(study, Slots(1, six_seconds), clock, trials=1, trial_timeout=10.0, control=control).run()
    assert [(trial.state, len(trial.curve)) for trial in study.trials] == [(TrialState.WAITING, 6)]

    study.study.close()
    study.restart()
    resumed = Clock()

    def on(slots: Slots) -> None:
        resumed.now += 1.0

    search(study, Slots(1, on), resumed, trials=1, trial_timeout=10.0).run()
    assert outcomes(study) == [("failed", "timeout", 0)]
    assert 4 < resumed.now <= 6
    assert 10 < study.trials[0].seconds <= 12


def test_a_trial_that_waits_for_its_worker_to_start_is_not_timed(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 20.0
        if clock.now > 100:
            for job in slots.running:
                slots.messages.append(slots.begun.pop())
                slots.finish(job)

    slots = Slots(1, act, quick=False)
    search(study, slots, clock, trials=1, trial_timeout=30.0).run()
    assert outcomes(study) == [("complete", "", 0)]
    assert 100 <= study.trials[0].waited <= 140
    assert [stay.waited for stay in study.trials[0].stays] == [study.trials[0].waited]


def test_a_trial_that_is_stopped_before_its_worker_begins_has_waited_and_not_trained(study: Driver) -> None:
    clock, control = Clock(), Control()

    def load(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 20:
            control.stop("it was interrupted", signal.SIGINT)

    slots = Slots(1, load, quick=False, heeds=False)
    search(study, slots, clock, trials=1, control=control).run()
    (cut_off,) = ended(study)
    (stay,) = cut_off.stays
    assert cut_off.state is TrialState.WAITING
    assert stay.ended - stay.began == stay.waited == cut_off.waited > 20

    def begin_late(slots: Slots) -> None:
        clock.now += 5.0
        for job in slots.running:
            slots.messages.append(slots.begun.pop())
            slots.finish(job)

    study.study.close()
    study.restart()
    resumed = search(study, Slots(["GPU a"], begin_late, quick=False), clock, trials=1)
    resumed.seconds_before = 100.0
    resumed.run()
    (trial,) = ended(study)
    assert [(each.began, each.waited) for each in trial.stays] == [(0.0, stay.waited), (100.0, 5.0)]
    assert trial.waited == stay.waited + 5


def test_waiting_is_kept_by_stay_where_a_worker_dies_after_it_began_and_another_before(study: Driver) -> None:
    clock, turns = Clock(), iter(["begin", "die", "die", "begin", "finish"])

    def act(slots: Slots) -> None:
        clock.now += 3.0
        match next(turns):
            case "begin":
                slots.messages.append(slots.begun.pop())
            case "die":
                slots.begun.clear()
                slots.messages.append(Died(job=0, detail="killed"))
            case _:
                slots.finish(0)

    search(study, Slots(1, act, quick=False), clock, trials=1).run()
    (trial,) = ended(study)
    assert [(stay.began, stay.ended, stay.waited) for stay in trial.stays] == [(0, 6, 3), (6, 9, 3), (9, 15, 3)]
    assert trial.waited == 9


# --- workers that hang ------------------------------------------------------------------------------------------------


def test_a_hung_worker_is_killed_and_its_trial_begun_again(study: Driver) -> None:
    clock, events = Clock(), list[Event]()
    slots = Slots(2, first_hangs(clock, 30.0, silent))
    search(study, slots, clock, trials=3, observe=events.append).run()
    assert sorted(outcomes(study)) == [("complete", "", 0), ("complete", "", 0), ("complete", "", 1)]
    assert len(slots.killed) == 1
    (lost,) = [event for event in events if isinstance(event, WorkerLost)]
    assert (lost.number, lost.retry) == (slots.killed[0], 1)
    assert lost.detail.startswith("its worker hung: no epoch for 3")
    assert 300 < clock.now < 500  # where epochs take 0.1 s


def test_a_worker_that_makes_steps_is_slow_and_does_not_hang(study: Driver) -> None:
    clock = Clock()

    def steps(slots: Slots, job: int) -> None:
        slots.messages.append(Alive(job=job))
        if clock.now > 3000:
            slots.finish(job)

    slots = Slots(2, first_hangs(clock, 30.0, steps))
    search(study, slots, clock, trials=3).run()
    assert slots.killed == []
    assert outcomes(study) == [("complete", "", 0)] * 3


def test_nobody_is_killed_because_this_process_stood_still_for_an_hour(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 3600.0 if clock.now == 30.0 else 30.0
        if clock.now > 3700:
            for job in slots.running:
                slots.finish(job, after=1)
        elif clock.now == 30.0:
            slots.messages += [EpochDone(job=job, epoch=epoch(1)) for job in slots.running]

    slots = Slots(2, act)
    search(study, slots, clock, trials=2).run()
    assert slots.killed == []
    assert outcomes(study) == [("complete", "", 0)] * 2


def test_a_worker_that_does_not_stop_when_asked_is_killed_and_its_trial_waits(study: Driver) -> None:
    clock, control = Clock(), Control()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 3:
            slots.messages += [EpochDone(job=job, epoch=epoch(1)) for job in slots.running]
        if clock.now == 4:
            control.stop("it was interrupted", signal.SIGINT)

    slots = Slots(2, act, heeds=False)
    assert search(study, slots, clock, trials=5, control=control).run() == "it was interrupted"
    assert sorted(slots.killed) == sorted(slots.stopped) == sorted(slots.submitted)
    assert [(trial.state, len(trial.curve)) for trial in ended(study)] == [(TrialState.WAITING, 1)] * 2
    assert clock.now <= 15


def test_a_signal_while_the_time_is_up_is_what_ended_the_search(study: Driver) -> None:
    clock, control = Clock(), Control()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if clock.now == 3:
            slots.messages += [EpochDone(job=job, epoch=epoch(1)) for job in slots.running]
        if clock.now == 12:  # two seconds after they were asked to stop
            control.stop("it was interrupted", signal.SIGINT)

    slots = Slots(1, act, heeds=False)
    assert search(study, slots, clock, timeout=10.0, control=control).run() == "it was interrupted"
    assert [trial.state for trial in ended(study)] == [TrialState.WAITING]
    assert clock.now <= 25


# --- retries ----------------------------------------------------------------------------------------------------------


def dies(n: int, gains: bool = False) -> Callable[[Slots], None]:
    """Trial 0 dies so often, each time after another epoch where it `gains`."""
    died: list[int] = []

    def act(slots: Slots) -> None:
        for job in slots.running:
            if job != 0 or len(died) == n:
                slots.finish(job, after=0)
                continue
            died.append(job)
            if gains:
                slots.messages += [EpochDone(job=0, epoch=epoch(i)) for i in range(1, len(died) + 1)]
            slots.messages.append(Died(job=0, detail="killed"))

    return act


@pytest.mark.parametrize(
    ("retries", "deaths", "outcome"),
    [
        (0, 1, ("failed", "crash", 0)),
        (1, 1, ("complete", "", 1)),
        (1, 2, ("failed", "crash", 1)),
        (2, 2, ("complete", "", 2)),
        (2, 3, ("failed", "crash", 2)),
    ],
)
def test_a_trial_is_begun_again_as_often_as_retries_says(
    study: Driver, retries: int, deaths: int, outcome: tuple[str, str, int]
) -> None:
    search(study, Slots(1, dies(deaths)), Clock(), trials=2, retries=retries).run()
    assert outcomes(study) == [outcome, ("complete", "", 0)]


def test_a_trial_that_gains_an_epoch_each_time_is_begun_again_for_ever(study: Driver) -> None:
    search(study, Slots(1, dies(7, gains=True)), Clock(), trials=1, retries=1).run()
    assert outcomes(study) == [("complete", "", 7)]


def test_what_fails_for_its_configuration_is_not_begun_again(study: Driver) -> None:
    def act(slots: Slots) -> None:
        for job in slots.running:
            if job == 1:
                slots.messages.append(Failed(job=1, reason="nan", detail="not finite", seconds=1, memory=0))
            else:
                slots.finish(job)

    slots = Slots(1, act)
    search(study, slots, Clock(), trials=3).run()
    assert outcomes(study)[1] == ("failed", "nan", 0)
    assert slots.submitted.count(1) == 1


def test_a_trial_that_ends_without_a_score_has_failed(study: Driver) -> None:
    def act(slots: Slots) -> None:
        for job in slots.running:
            if job == 1:
                slots.messages.append(Done(job=1, seconds=1, memory=0))
            else:
                slots.finish(job)

    search(study, Slots(1, act), Clock(), trials=3).run()
    assert outcomes(study)[1][:2] == ("failed", Reason.CRASH)
    assert study.trials[1].detail == "it ended without a score"


def test_a_retry_is_waited_for_where_the_time_is_up_and_nothing_has_a_score(study: Driver) -> None:
    clock = Clock()

    def act(slots: Slots) -> None:
        clock.now += 4.0
        for job in slots.running:
            if clock.now == 12:
                slots.messages.append(Died(job=job, detail="its process was ended by SIGKILL"))
            elif clock.now > 12:
                slots.finish(job)

    search(study, Slots(1, act), clock, timeout=10.0, trials=5).run()
    assert outcomes(study) == [("complete", "", 1)]


def test_what_fails_while_the_search_is_stopped_is_no_brake(study: Driver) -> None:
    clock, control = Clock(), Control()

    def act(slots: Slots) -> None:
        clock.now += 1.0
        if not control.stopping:
            control.stop("it was interrupted", signal.SIGINT)
        else:
            for job in slots.running:
                slots.messages.append(Failed(job=job, reason="nan", detail="its loss is nan", seconds=1, memory=0))

    slots = Slots(3, act, heeds=False)
    assert search(study, slots, clock, trials=9, control=control).run() == "it was interrupted"
    assert outcomes(study) == [("failed", "nan", 0)] * 3
