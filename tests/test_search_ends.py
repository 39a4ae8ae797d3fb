"""How a search ends and what it must not lose then: over an executor that does what the test says, in no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fakes.driving import N_CLASSES, SHAPE, TINY, Driver, driver

from search_spaces import Choice, Configuration, SearchSpace
from tuner.messages import CrossValidate, Died, Done, EpochDone, FromWorker, Stopped, Train
from tuner.plan import Budget
from tuner.proposing import Trainable
from tuner.search import Search
from tuner.study import Folder
from tuner.trial import Epoch, Reason, Stage, Trial, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

TWO = """
name: two
layers: [flatten, {dense: {units: 8}}]
training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 9}
"""


def epoch(number: int, score: float = 0.5) -> Epoch:
    return Epoch(epoch=number, accuracy=score, loss=1 - score, val_accuracy=score, val_loss=1 - score, seconds=0.1)


@dataclass
class Jobs:
    """What a worker would be told, as far as the search looks at it."""

    plan: Any
    image_shape: tuple[int, int, int] = SHAPE
    n_classes: int = N_CLASSES

    def epochs(self, configuration: Configuration) -> int:
        return configuration.training.epochs

    def train(self, number: int, configuration: Configuration, stage: Stage, after: Trial | None = None) -> Train:
        return Train(
            job=number, configuration={}, images="", labels="", split="", n_classes=N_CLASSES, epochs=9, horizon=9,
            seed=number, checkpoints="", start=None, identity="", latency=False,
        )  # fmt: skip

    def cross_validate(self, *_: Any) -> CrossValidate:
        raise AssertionError


@dataclass
class Slots:
    """An executor without processes. `act` is asked for messages whenever there are none."""

    n: int
    act: Callable[[Slots], None]
    jobs: dict[str, int | None] = field(init=False)
    messages: list[FromWorker] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    submitted: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs = {f"slot {i}": None for i in range(self.n)}

    def free(self) -> list[str]:
        return [slot for slot, job in self.jobs.items() if job is None]

    def submit(self, slot: str, job: Any) -> None:
        self.jobs[slot] = job.job
        self.submitted.append(job.job)

    def stop(self, job: int) -> None:
        self.stopped.append(job)
        self.messages.append(Stopped(job=job, seconds=0, memory=0))

    def kill(self, job: int) -> None:
        self._release(job)

    def next(self, timeout: float) -> FromWorker | None:
        if not self.messages:
            self.act(self)
        message = self.messages.pop(0) if self.messages else None
        if isinstance(message, Done | Stopped | Died) and message.job is not None:
            self._release(message.job)
        return message

    def close(self) -> None:
        """Nothing to end."""

    def _release(self, job: int) -> None:
        self.jobs = {slot: None if held == job else held for slot, held in self.jobs.items()}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def search(study: Driver, slots: Slots, clock: Clock, timeout: float | None = None) -> Search:
    return Search(
        study=study.study,
        space=study.space,
        engine=study.engine,
        executor=slots,
        jobs=Jobs(study.study.plan),  # type: ignore[arg-type]
        budget=Budget(trials=20, timeout=timeout),
        observe=lambda _event: None,
        clock=clock,
    )


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
        for proposals in (study.proposals, Driver(Folder(tmp_path / "s"), "grid-search-cv", "grid", TINY).proposals):
            assert (failed.identity in proposals._known) is refused


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
