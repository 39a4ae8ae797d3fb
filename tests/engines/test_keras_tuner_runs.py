"""KerasTuner's oracles through the main job: real processes and a real study, over a worker that trains nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fakes.job import SPACE, Job, make

from tuner.plan import Budget
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

TWO = """
name: two
layers: [flatten, {dense: {units: {int: [8, 40]}}}]
training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 2}
"""
"""Parameters, so that the Gaussian process sets in after six trials."""


def job_of(home: Path, monkeypatch: pytest.MonkeyPatch, name: str, algorithm: str) -> Job:
    return make(home, monkeypatch, name, TWO if algorithm == "bayesian" else SPACE)


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband", "grid"])
def test_a_study_that_is_resumed_proposes_what_an_undisturbed_one_would_have(
    algorithm: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = {"engine": "keras-tuner", "algorithm": algorithm}
    whole = job_of(home, monkeypatch, "whole", algorithm)
    whole.run(**engine, budget=Budget(trials=9))
    halves = job_of(home, monkeypatch, "halves", algorithm)
    for trials in (1, 4, 9):
        halves.run(**engine, budget=Budget(trials=trials))
    assert halves.rows == whole.rows
    assert [trial.stage for trial in halves.trials] == [trial.stage for trial in whole.trials]
    assert whole.trials[0].preset == {"bayesian": "default", "grid": ""}.get(algorithm, "first")


KILLED = """
import os, signal, sys
from pathlib import Path
import pytest
from fakes.job import make
from tuner.events import EpochScored
from tuner.plan import Budget

class Deadly(list):
    def append(self, event):
        if isinstance(event, EpochScored) and (event.number, event.epoch.epoch) == (6, 4):
            os.kill(os.getpid(), signal.SIGKILL)

job = make(Path(), pytest.MonkeyPatch(), "killed")
job.events = Deadly()
job.run(engine="keras-tuner", algorithm="hyperband", budget=Budget(trials=9))
"""


def test_so_does_one_that_was_killed_in_the_middle_of_a_trial(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], env={**os.environ, "PYTHONPATH": tests}, capture_output=True, check=False
    )
    assert killed.returncode == -9, killed.stderr.decode()
    engine = {"engine": "keras-tuner", "algorithm": "hyperband", "budget": Budget(trials=9)}
    resumed = make(home, monkeypatch, "killed")
    assert [trial.state for trial in resumed.trials].count(TrialState.RUNNING) == 1
    assert resumed.trials[6].stage.after is not None
    resumed.run(**engine)
    whole = make(home, monkeypatch, "whole")
    whole.run(**engine)
    assert resumed.rows == whole.rows
    assert [trial.stage for trial in resumed.trials] == [trial.stage for trial in whole.trials]


def test_hyperband_goes_on_from_checkpoints_and_trains_no_epoch_twice(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    job = make(home, monkeypatch)
    for trials in (6, 14):
        job.run(engine="keras-tuner", algorithm="hyperband", budget=Budget(trials=trials))
    trials = job.trials
    searched: dict[int, list[int]] = {}  # what a number begins for the second time is the winner's retraining
    for begun in (tmp_path / "log").read_text().split("begun ")[1:]:
        number, *epochs = begun.split()
        searched.setdefault(int(number), [int(epoch) for epoch in epochs[2::3]])
    going_on = [trial for trial in trials if trial.stage.after is not None]
    assert len(going_on) == 2
    for trial in going_on:
        before = trials[trial.stage.after or 0]
        assert trial.values == before.values
        assert trial.seed == before.seed
        assert (len(before.curve), len(trial.curve), trial.stage.epochs) == (2, 6, 6)
        assert trial.curve[:2] == before.curve
        assert searched[trial.number] == [3, 4, 5, 6]
    trained = Counter((trials[number].configuration, epoch) for number, epochs in searched.items() for epoch in epochs)
    assert set(trained.values()) == {1}
