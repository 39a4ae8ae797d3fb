"""Fault test 16: memory that runs out costs the trials that need it, and teaches the sampler to stay away."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from evidence import Measured
from fakes.driving import Driver, driver
from fakes.job import Job, make
from fakes.pool import Clock, Slots, search

from tuner.events import WorkerLost
from tuner.machine import oom_kills
from tuner.messages import Died, Failed
from tuner.plan import Budget
from tuner.proposing import Trainable
from tuner.trial import Reason, TrialState

UNITS = "hidden[0].dense.units"

LARGE = """
name: large
layers:
  - flatten
  - {name: first, dense: {units: {int: [16, 1024], log: true}}}
  - {name: second, dense: {units: {int: [16, 1024], log: true}}}
training:
  optimizer: {adam: {learning_rate: {float: [1e-4, 1e-1], log: true}}}
  batch_size: {int: [32, 512], log: true}
  epochs: 2
"""

FITS = 60_000
"""Activations of a batch that the device has memory for."""


@pytest.mark.usefixtures("unsynced")
def test_a_third_of_all_trials_out_of_memory_are_retried_alone_and_the_study_finishes(
    tmp_path: Path, measured: Measured
) -> None:
    study = driver(tmp_path / "s", "optuna", "random", text=LARGE, more={"pruner": "none"})
    trouble = [
        lambda job: Failed(job=job, reason="out_of_memory", detail="OOM when allocating", seconds=1, memory=1),
        lambda job: Died(job=job, detail="memory ran out: its process was ended by SIGKILL", out_of_memory=True),
    ]
    company: dict[int, list[int]] = {}

    def act(slots: Slots) -> None:
        for job in slots.running:
            if job % 3 == 0:
                company.setdefault(job, []).append(len(slots.beside[job]))
                slots.messages.append(trouble[job % 2](job))
            else:
                slots.finish(job)

    slots = Slots(["GPU a", "GPU a", "GPU b", "GPU b"], act)
    ended = search(study, slots, Clock(), trials=300).run()
    failed = [trial for trial in study.trials if trial.state is TrialState.FAILED]
    alone = [number for number, beside in company.items() if len(beside) == 2 and beside[-1] == 0]
    figure = f"{len(study.trials)} trials, {len(failed)} out of memory, {len(alone)} of them retried once alone"
    measured(16, target="100 of 300: the study finishes, each retried once alone", figure=figure)
    assert ended == "all 300 trials are done"
    assert {(trial.reason, trial.retries) for trial in failed} == {(Reason.OUT_OF_MEMORY, 1)}
    assert len(failed) == len(alone) == 100


@pytest.mark.parametrize("how", ["raise", "kill", "MemoryError", "bad_alloc"])
def test_each_way_to_run_out_of_memory_is_known_for_what_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str, measured: Measured
) -> None:
    counter = tmp_path / "vmstat"
    counter.touch()
    monkeypatch.setenv("FAKE_OOM_KILLS", str(counter))
    monkeypatch.setattr("tuner.executors.process.oom_kills", lambda: oom_kills([counter]))
    job = make(home, monkeypatch)
    job.run({"short": {"of": UNITS, "over": 30, "how": how}}, workers=2, budget=Budget(trials=5), pruner="none")
    large = [trial for trial in job.trials if trial.values[UNITS] > 30]
    told = {(trial.state.value, trial.reason, trial.retries) for trial in large}
    measured(16, target="reason out_of_memory, retried once", figure=f"{how}: {len(large)} trials: {sorted(told)}")
    assert large
    assert told == {("failed", "out_of_memory", 1)}
    assert {trial.state for trial in job.trials if trial not in large} == {TrialState.COMPLETE}
    again = [event for event in job.events if isinstance(event, WorkerLost)]
    assert [event.number for event in again] == sorted(trial.number for trial in large)
    assert all("alone on its device now" in event.detail for event in again)


def test_a_worker_that_somebody_else_killed_did_not_run_out_of_memory(job: Job) -> None:
    job.run({"die_in": [1]}, budget=Budget(trials=3))
    assert (job.trials[1].reason, job.trials[1].retries) == ("crash", 2)


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


FIRST, LATER = 30, 100


def activations(values: Mapping[str, Any]) -> int:
    return int(values["training.batch_size"] * (values["first.units"] + values["second.units"]))


def accuracy(values: Mapping[str, Any], epoch: int = 9) -> float:
    """Wider layers, smaller batches and a learning rate about 1e-3 are better."""
    size = math.log2(values["first.units"] * values["second.units"]) / 20
    rate = abs(math.log10(values["training.optimizer.adam.learning_rate"]) + 3)
    batch = math.log2(values["training.batch_size"])
    return round(max(0.9 * size - 0.05 * rate - 0.02 * batch, 0.0) * (1 - 0.6**epoch), 6)


def share_out_of_memory(study: Driver, reason: Reason) -> float:
    """Of the later proposals, where the best models lie beside those that do not fit."""
    fits = []
    for _ in range(FIRST + LATER):
        begun = study.begin()
        assert isinstance(begun, Trainable)
        fits.append(activations(begun.configuration.values) <= FITS)
        study.end(begun, failed="" if fits[-1] else reason)
    return fits[FIRST:].count(False) / LATER


@pytest.mark.usefixtures("unsynced")
def test_a_sampler_that_hears_of_memory_as_a_constraint_keeps_away_and_one_that_hears_fail_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Measured
) -> None:
    monkeypatch.setattr("fakes.driving.made_up", accuracy)
    told, fail = (
        share_out_of_memory(driver(tmp_path / reason, "optuna", "tpe", text=LARGE, more={"pruner": "none"}), reason)
        for reason in (Reason.OUT_OF_MEMORY, Reason.CRASH)  # a crash is told as FAIL
    )
    measured(16, target="share out of memory at most half of FAIL mode", figure=f"{told:.0%} against {fail:.0%}")
    assert fail > 0.4  # or this test shows nothing
    assert told <= fail / 2
