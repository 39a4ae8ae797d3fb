"""Fault test 6 for the points that only a worker passes that really trains. Its processes load TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from evidence import Measured
from fakes.starting import Tune

import tuner.data
from search_spaces import SearchSpace
from tuner.files import read_manifest
from tuner.jobs import TrainingJobs
from tuner.messages import Done, EpochDone, Job, decode, encode
from tuner.study import Folder, Study
from tuner.trial import WHOLE, winner

TARGET = "every point: resume works, invariants of test 1"


def started(job: Job, log: Path, point: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tuner.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("ab"),
        text=True,
        env={**os.environ, "TUNE_CRASH_AT": point, "CUDA_VISIBLE_DEVICES": "-1"},
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(encode(job) + "\n")
    process.stdin.flush()
    return process


def heard(process: subprocess.Popen[str]) -> list[object]:
    """What it said until it ended, or was done."""
    assert process.stdout is not None
    messages: list[object] = []
    for line in process.stdout:
        messages.append(decode(line))
        if isinstance(messages[-1], Done):
            break
    process.stdin.close()  # type: ignore[union-attr]
    process.wait(30)
    return messages


@pytest.fixture
def jobs(program: Tune, monkeypatch: pytest.MonkeyPatch) -> tuple[Job, Job]:
    """A trial of three epochs, and the retraining of a winner."""
    monkeypatch.setenv("TUNE_HOME", str(program.home))
    assert program.run("digits", "--space", "small.yaml", "--trials", "2", "--study", "s").wait() == 0
    study = Study.open(Folder(program.study("s")))
    space = SearchSpace.parse(study.space_text, "small.yaml")
    making = TrainingJobs(folder=study.folder, plan=study.plan, data=tuner.data.find("digits"), space=space)
    best = winner(study.trials(), study.plan.objectives)
    assert best is not None
    configuration = space.check_values(best.values)
    (study.folder.best / "manifest.json").unlink()
    return making.train(7, configuration, WHOLE), making.retrain(best, configuration, 2, {"trial": best.number})


def test_a_real_worker_that_dies_leaves_what_the_next_goes_on_with(
    jobs: tuple[Job, Job], tmp_path: Path, program: Tune, measured: Measured
) -> None:
    trial, retraining = jobs
    log = tmp_path / "log"
    points = {"checkpoint-kept:3": trial, "model-saved": retraining}
    dying = {point: started(job, log, point) for point, job in points.items()}
    told = {point: heard(process) for point, process in dying.items()}
    assert {point: process.returncode for point, process in dying.items()} == dict.fromkeys(points, -9), log.read_text()
    assert sum(isinstance(message, EpochDone) for message in told["checkpoint-kept:3"]) == 2
    best = Folder(program.study("s")).best
    assert read_manifest(best) is None

    opening = started(retraining, log, "test-opened")
    going_on = started(trial, log)
    assert [message.epoch.epoch for message in heard(going_on) if isinstance(message, EpochDone)] == [1, 2, 3]
    heard(opening)
    assert opening.returncode == -9
    assert read_manifest(best) is None

    assert isinstance(heard(started(retraining, log))[-1], Done)
    assert read_manifest(best) is not None
    measured(6, target=TARGET, figure="in a worker that trains: killed and resumed, 0 lost")
