"""The whole job over fake workers and GPUs that are not there: where each worker was really put."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakes.job
import pytest
from fakes import TELLING_WORKER
from fakes.gpus import GIB, LOST, Driver, gpu
from fakes.job import Job, make

from tuner.events import EpochScored, Event, SlotLost, WaitingForMemory
from tuner.plan import Budget
from tuner.study import Study
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("cores", "unsynced")


class Told:
    """A job, and what its workers told of where they were."""

    def __init__(self, job: Job, path: Path) -> None:
        self.job, self.path = job, path

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def of(self, *names: str) -> dict[str, tuple[str, ...]]:
        """By slot as the study has it, what the environment of its workers was while they trained trials."""
        slots = {trial.number: trial.device for trial in self.job.trials}
        trained = [line for line in self.lines if line["kind"] == "Train"]
        return {slots[line["job"]]: tuple(line[name] for name in names) for line in trained}


@pytest.fixture
def told(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(fakes.job, "FAKE_WORKER", TELLING_WORKER)
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return Told(make(home, monkeypatch), tmp_path / "told")


def test_two_gpus_with_two_trials_each_are_four_pinned_processes(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    told.job.run({"seconds": 0.05}, gpus="auto", trials_per_gpu=2, budget=Budget(trials=12))
    share = str((8 * 1024 - 1536) * 2**20)
    assert told.of("CUDA_VISIBLE_DEVICES", "TUNE_DEVICE", "TUNE_DEVICE_MEMORY", "TF_NUM_INTRAOP_THREADS") == {
        f"GPU {i} (Fake 16G), share {k} of 2": (uuid, uuid, share, "2")
        for i, uuid in enumerate(("GPU-aaaa", "GPU-bbbb"))
        for k in (1, 2)
    }
    assert len({line["process"] for line in told.lines if line["kind"] == "Train"}) == 4
    assert {trial.state for trial in told.job.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}


def test_a_study_goes_on_with_the_devices_that_it_was_asked_for(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    told.job.run(gpus="1", trials_per_gpu=2, budget=Budget(trials=4))
    last = Study.open(told.job.request.folder).fact("run")
    assert (last["gpus"], last["trials_per_gpu"], last["workers"]) == ("1", 2, None)


def test_workers_on_the_cpu_see_no_gpu_and_share_the_cores(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))
    told.job.run({"seconds": 0.02}, gpus="none", workers=2, budget=Budget(trials=8))
    assert told.of("CUDA_VISIBLE_DEVICES", "TUNE_DEVICE", "TUNE_DEVICE_MEMORY", "TF_NUM_INTRAOP_THREADS") == {
        f"CPU, share {k} of 2": ("-1", "CPU", None, "4") for k in (1, 2)
    }


def after_epochs(job: Job, n: int, act: Callable[[], None]) -> None:
    """Acts when the n-th epoch of a run is scored."""

    class Watcher(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, EpochScored) and sum(isinstance(each, EpochScored) for each in self) == n:
                act()

    job.events = Watcher()


def test_a_gpu_without_free_memory_gets_no_trial_until_it_has_some(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-full", used=16 * GIB), gpu("GPU-free"))
    where: list[set[str]] = []

    def free() -> None:
        where.append({line["TUNE_DEVICE"] for line in told.lines})
        driver.change(0, used=0)

    after_epochs(told.job, 12, free)
    told.job.run({"seconds": 0.02}, gpus="all", budget=Budget(trials=10))
    assert where == [{"GPU-free"}]
    waits = [event for event in told.job.events if isinstance(event, WaitingForMemory)]
    assert waits[0].slot == "GPU 0 (Fake 16G)"
    assert waits[0].free == 0
    assert {line["TUNE_DEVICE"] for line in told.lines} == {"GPU-free", "GPU-full"}


def test_a_gpu_that_vanishes_in_the_search_loses_no_trial(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    after_epochs(told.job, 20, lambda: driver.change(0, error=LOST))
    told.job.run({"seconds": 0.02}, gpus="all", budget=Budget(trials=10))
    assert [event.slot for event in told.job.events if isinstance(event, SlotLost)] == ["GPU 0 (Fake 16G)"]
    finished = [trial for trial in told.job.trials if trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    assert len(finished) == 10
    assert told.lines[-1]["TUNE_DEVICE"] == "GPU-bbbb"


def test_memory_that_the_gpu_s_own_idle_worker_keeps_is_no_reason_to_wait(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))

    def fill() -> None:
        """TensorFlow gives back nothing of what a trial took until its process ends."""
        process = told.lines[0]["process"]
        driver.change(0, used=16 * GIB, processes=[[process, 16 * GIB]])

    after_epochs(told.job, 1, fill)
    told.job.run(gpus="all", budget=Budget(trials=3))
    assert len(told.job.trials) >= 3


def test_the_winner_is_retrained_with_all_of_its_device(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))
    told.job.run(gpus="all", trials_per_gpu=2, budget=Budget(trials=3))
    shares = {line["kind"]: line["TUNE_DEVICE_MEMORY"] for line in told.lines}
    assert shares["Train"]
    assert not shares["Retrain"]


def test_a_trial_that_ran_out_of_memory_is_tried_again_with_all_of_its_device(told: Told, driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))
    told.job.run({"fail": {"1": "out_of_memory"}}, gpus="all", trials_per_gpu=2, budget=Budget(trials=4))
    first, second = (line["TUNE_DEVICE_MEMORY"] for line in told.lines if (line["kind"], line["job"]) == ("Train", 1))
    assert first
    assert not second
    assert (told.job.trials[1].reason, told.job.trials[1].retries) == ("out_of_memory", 1)
