"""How a search ends and what it must not lose then: over an executor that does what the test says, in no time."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.driving import TINY, Driver, driver
from fakes.pool import Clock, Slots, epoch, search

from search_spaces import Choice, SearchSpace
from tuner.messages import Died, Done, EpochDone
from tuner.proposing import Trainable
from tuner.study import Folder
from tuner.trial import Reason, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

TWO = """
name: two
layers: [flatten, {dense: {units: 8}}]
training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 9}
"""


def test_a_timeout_is_kept_after_the_last_configuration_has_begun(tmp_path: Path) -> None:
    study, clock = driver(tmp_path / "s", "optuna", "random", text=TWO), Clock()

    def act(slots: Slots) -> None:
        if clock.now == 0:
            slots.messages.append(EpochDone(job=slots.submitted[0], epoch=epoch(1)))
        clock.now += 5.0

    slots = Slots(3, act)  # one slot more than there are configurations: the space is exhausted at once
    running = search(study, slots, clock, timeout=15.0)
    assert running.run() == "its time was up"
    assert clock.now <= 25
    assert sorted(slots.stopped) == sorted(slots.submitted)
    assert not running.exhausted
    assert not [trial for trial in study.trials if trial.state is TrialState.RUNNING]


def test_a_worker_that_dies_after_the_last_configuration_has_begun_is_begun_again(tmp_path: Path) -> None:
    study, clock = driver(tmp_path / "s", "optuna", "random", text=TWO), Clock()
    died: list[int] = []

    def act(slots: Slots) -> None:
        for job in [job for job in slots.jobs.values() if job is not None]:
            if not died:
                died.append(job)
                slots.messages.append(Died(job=job, detail="killed"))
            else:
                slots.messages += [EpochDone(job=job, epoch=epoch(1)), Done(job=job, seconds=1, memory=1)]

    running = search(study, Slots(3, act), clock)
    assert "no configuration that was not tried" in running.run()
    assert running.exhausted
    ended = [trial.state for trial in study.trials if trial.state is not TrialState.TURNED_DOWN]
    assert ended == [TrialState.COMPLETE] * 2
    assert study.trials[died[0]].retries == 1


def test_twins_side_by_side_are_not_both_trained(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "optuna", "random", text=TINY, more={"pruner": "none"})
    while isinstance(study.begin(), Trainable):
        pass
    identities = [trial.identity for trial in study.trials if trial.configuration]
    assert len(identities) == len(set(identities)) == 6
    twins = [trial for trial in study.trials if trial.reason == Reason.REPEAT]
    rows = study.study.optuna.get_trials()
    assert all(rows[trial.number].state.name == "FAIL" for trial in twins)  # of which a sampler learns nothing


def test_a_trial_of_several_objectives_that_gains_epochs_each_time_is_not_given_up(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "optuna", "random", more={"objectives": ("val_accuracy", "parameters")})
    trial = study.begin()
    assert isinstance(trial, Trainable)
    for gained in (2, 4, 6, 8):
        study.study.record_epoch(trial.trial, tuple(epoch(i) for i in range(1, gained + 1)))
        study.restart()  # what the killed process left RUNNING waits again
        assert study.trials[0].state is TrialState.WAITING
        trial = study.begin()
        assert isinstance(trial, Trainable)
        assert trial.trial.number == 0


def test_a_trial_that_failed_unscored_is_no_reason_to_refuse_its_like_but_one_to_blame_is(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "grid-search-cv", "grid", text=TINY)
    for reason, refused in (("crash", False), ("out_of_memory", True)):
        begun = study.begin()
        assert isinstance(begun, Trainable)
        failed = study.end(begun, failed=reason)
        assert (failed.identity in study.proposals._known) is refused
        study = Driver(Folder(tmp_path / "s"), "grid-search-cv", "grid", TINY)  # as a new process does
        assert (failed.identity in study.proposals._known) is refused


def test_a_choice_takes_what_a_trial_has_kept_of_a_long_number() -> None:
    domain = Choice(options=(0.001, 0.01234567890123))
    assert domain.accept(0.0123456789012) == 0.01234567890123
    with pytest.raises(ValueError, match="must be"):
        domain.accept(0.0123457)
    space = SearchSpace.parse(
        TINY.replace("{choice: [adam, sgd, rmsprop]}", "{adam: {learning_rate: {choice: [0.001, 0.01234567890123]}}}"),
        "long.yaml",
    )
    configuration = space.check_values({"training.optimizer.adam.learning_rate": 0.0123456789012})
    assert configuration.training.optimizer.arguments["learning_rate"] == 0.01234567890123
