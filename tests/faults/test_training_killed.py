"""Fault tests 4 and 5: what kills cost. In real training not more than the epoch that was cut off, and no accuracy."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from evidence import Measured
from fakes.ledger import shortfalls
from fakes.starting import PROGRAM, Tune, holds

from tuner.errors import StudyError
from tuner.files import read_manifest
from tuner.study import Folder, Study
from tuner.trial import Trial, TrialState

TRIALS, EPOCHS, KILLS = 3, 6, 10
SLOW = """
name: slow
layers: [flatten, {dense: {units: {int: [16, 64], log: true}}}, {dropout: {rate: {float: [0.1, 0.4]}}}]
training: {optimizer: {adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}}, batch_size: 1, epochs: 6}
"""
"""Some thousand steps an epoch, so that there is time to be killed in one."""

REAL = ("digits", "--space", "slow.yaml", "--trials", str(TRIALS), "--study", "s", "--pruner", "none", "--quiet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slow.yaml").write_text(SLOW, encoding="utf-8")
    return tmp_path


@dataclass
class Real:
    """`tune` with real training, in a home of its own."""

    folder: Path
    home: Path
    process: subprocess.Popen[bytes] | None = None
    repeated: list[int] = field(default_factory=list)
    """For each kill, the epochs that were recorded, and of which no checkpoint was left."""

    def start(self) -> subprocess.Popen[bytes]:
        environ = {**os.environ, "TUNE_HOME": str(self.home), "CI": "true", "TF_ENABLE_ONEDNN_OPTS": "0"}
        return subprocess.Popen(
            [sys.executable, "-m", "tuner", *REAL], cwd=self.folder, env=environ, stdout=subprocess.DEVNULL
        )

    @property
    def study(self) -> Folder:
        return Folder(self.home / "studies" / "s")

    @property
    def trials(self) -> list[Trial]:
        try:
            return Study.open(self.study).trials()
        except StudyError:
            return []

    @property
    def epochs(self) -> int:
        return sum(len(trial.curve) for trial in self.trials)

    def checkpointed(self, trial: int) -> int:
        """The newest epoch that can be gone on from."""
        whole = [path for path in self.study.checkpoints(trial).glob("epoch-*") if read_manifest(path)]
        return max((int(path.name.partition("-")[2]) for path in whole), default=0)

    def killed_in_an_epoch(self, chance: random.Random, *, parent: bool) -> bool:
        """False where it was done before. A parent whose worker was killed goes on."""
        process = self.process = self.process if self.process and self.process.poll() is None else self.start()
        before = self.epochs
        if not holds(lambda: self.epochs > before or process.poll() is not None, 120) or process.poll() is not None:
            return False
        time.sleep(chance.uniform(0.1, 0.6))
        running = [trial.number for trial in self.trials if trial.state is TrialState.RUNNING]
        workers = psutil.Process(process.pid).children()
        for each in [process] if parent else workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        psutil.wait_procs(workers, timeout=10)
        trials = self.trials
        self.repeated += [max(0, len(trials[n].curve) - self.checkpointed(n)) for n in running]
        if parent:
            process.wait()
        return True

    def completed(self) -> int:
        """Its exit code when all is done."""
        code = self.process.wait() if self.process else None
        return code if code == 0 else self.start().wait()


@pytest.mark.night
@pytest.mark.timeout(1200)
def test_real_training_that_is_killed_ends_as_if_it_had_not_been(
    folder: Path, chance: random.Random, measured: Measured
) -> None:
    undisturbed = Real(folder, folder / "undisturbed")
    assert undisturbed.start().wait() == 0
    killed = Real(folder, folder / "killed")
    kills = sum(killed.killed_in_an_epoch(chance, parent=n % 2 == 0) for n in range(KILLS))
    assert killed.completed() == 0
    differences = [
        abs(getattr(one, name) - getattr(other, name))
        for a, b in zip(undisturbed.trials, killed.trials, strict=True)
        for one, other in zip(a.curve, b.curve, strict=True)
        for name in ("val_accuracy", "val_loss")
    ]
    measured(
        4,
        target="<= 1 epoch repeated per kill; val metric within 1e-6 of the undisturbed run",
        figure=f"{kills} kills in {TRIALS} trials x {EPOCHS} epochs: no more than the epoch that was cut off and "
        f"{max(killed.repeated)} before it again for a kill; largest difference of {len(differences)} validation "
        f"accuracies and losses {max(differences):.1e}",
    )
    assert kills == KILLS
    assert max(killed.repeated) == 0
    assert len(differences) == TRIALS * EPOCHS * 2
    assert max(differences) <= 1e-6
    assert shortfalls(killed.study.path, TRIALS) == []


EVERY = 5.0
TIMED = ("digits", "--space", "small.yaml", "--trials", "40", "--study", "s")


def took(program: Tune, home: str, chance: random.Random | None) -> tuple[float, int]:
    """Seconds until all trials are done, and the kills on the way."""
    began, kills = time.monotonic(), 0
    environ = program.environ({"seconds": 0.5}, TUNE_HOME=str(program.folder / home))
    while True:
        process = subprocess.Popen(
            [*PROGRAM, *TIMED], cwd=program.folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None:
            if chance is None or not holds(lambda process=process: process.poll() is not None, EVERY):
                with contextlib.suppress(subprocess.TimeoutExpired, psutil.NoSuchProcess):
                    if chance is None:
                        process.wait()
                    elif chance.random() < 0.5 and (workers := psutil.Process(process.pid).children()):
                        chance.choice(workers).kill()
                        kills += 1
                    else:
                        process.kill()
                        process.wait()
                        kills += 1
        if process.returncode == 0:
            return time.monotonic() - began, kills


@pytest.mark.night
@pytest.mark.timeout(600)
def test_kills_cost_less_than_half_as_much_again(program: Tune, chance: random.Random, measured: Measured) -> None:
    """Over the fake worker, whose epochs of half a second stand for real ones: TensorFlow itself takes five seconds to
    load here, so that with a real worker nothing would be trained between two kills.
    """
    undisturbed, _ = took(program, "undisturbed", None)
    killed, kills = took(program, "killed", chance)
    ratio = killed / undisturbed
    measured(
        5,
        target="<= 1.5 x the undisturbed time with a kill every 5 s",
        figure=f"{ratio:.2f} x ({killed:.0f} s against {undisturbed:.0f} s, {kills} kills of the parent or its worker, "
        "fake epochs of 0.5 s)",
    )
    assert kills >= 10
    assert shortfalls(program.folder / "killed" / "studies" / "s", 40) == []
    assert ratio <= 1.5
