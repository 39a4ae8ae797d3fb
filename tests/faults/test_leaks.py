"""Fault tests 19 and 20: memory that trials leak stays in workers, which are replaced before it is much."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from evidence import Measured
from fakes import FAKE_WORKER
from fakes.job import make, without_files

from tuner.control import Control
from tuner.events import Event, TrialEnded
from tuner.executors.local import GROWTH, RECYCLE_AFTER
from tuner.plan import Budget
from tuner.run import Watch, run

MEBIBYTE = 2**20
LEAK = 20 * MEBIBYTE
SETTLED = 10
"""Trials after which the parent has loaded all that it needs."""


def resident(log: Path) -> dict[str, list[int]]:
    """Resident bytes of each worker at the beginning of its jobs, with what they leak."""
    found: dict[str, list[int]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        word, *rest = line.split()
        if word == "resident":
            found[rest[0]].append(int(rest[1]))
    return found


def leaky_search(home: Path, monkeypatch: pytest.MonkeyPatch, log: Path, n_trials: int) -> list[int]:
    """Resident bytes of this process, after each trial."""
    monkeypatch.setenv("FAKE_LOG", str(log))
    monkeypatch.setenv("FAKE_WORKER", json.dumps({"leak": LEAK}))
    job, here, after = make(home, monkeypatch), psutil.Process(), list[int]()

    def watch(event: Event) -> None:
        if isinstance(event, TrialEnded):
            after.append(here.memory_info().rss)

    request = replace(job.request, budget=Budget(trials=n_trials))
    run(request, Watch(event=watch), Control(), command=FAKE_WORKER, write=without_files)
    return after


def test_a_worker_that_leaks_is_replaced_before_it_has_grown_to_twice_its_size(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    leaky_search(home, monkeypatch, tmp_path / "log", 8)
    for sizes in resident(tmp_path / "log").values():
        assert len(sizes) <= RECYCLE_AFTER
        assert max(sizes) <= GROWTH * sizes[0] + 1.1 * LEAK


@pytest.mark.night
@pytest.mark.timeout(900)
def test_two_hundred_trials_that_leak_20_mb_each_leave_the_parent_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, measured: Measured
) -> None:
    after = leaky_search(home, monkeypatch, tmp_path / "log", 200)
    workers = resident(tmp_path / "log")
    growth = (max(after) - after[SETTLED]) / MEBIBYTE
    over = max(max(sizes) - GROWTH * sizes[0] for sizes in workers.values()) / LEAK
    largest = max(map(max, workers.values())) / MEBIBYTE
    measured(
        19,
        target="parent grows <= 50 MB; workers <= limit + one trial",
        figure=f"parent {growth:+.0f} MB from trial {SETTLED} to {len(after)}; {len(workers)} workers, the largest "
        f"{largest:.0f} MB, at most {max(over, 0):.2f} trials over twice its first size",
    )
    assert len(after) == 200
    assert growth <= 50
    assert over <= 1.1


REAL = """
import json, sys, psutil
from pathlib import Path
from search_spaces import SearchSpace
from tuner.control import Control
from tuner.events import TrialEnded
from tuner.executors import local
from tuner.opening import Request
from tuner.plan import Budget
from tuner.run import Watch, run
from tuner.study import study_folder

local.RECYCLE_AFTER = 6
here, after, workers = psutil.Process(), [], set()

def watch(event):
    workers.update(child.pid for child in here.children())
    if isinstance(event, TrialEnded):
        after.append((here.memory_info().rss, event.trial.state.value))

space = SearchSpace.parse(Path("tiny.yaml").read_text(), "tiny.yaml")
run(Request(dataset="digits", space=space, folder=study_folder("s"), budget=Budget(trials=30), command="x", gpus="none",
            workers=1), Watch(event=watch), Control())
frameworks = [name for name in sys.modules if name.split(".")[0] in ("tensorflow", "keras")]
print(json.dumps({"after": after, "workers": len(workers), "frameworks": frameworks}))
"""


@pytest.mark.night
@pytest.mark.timeout(960)
def test_thirty_trials_of_keras_leave_the_parent_as_it_was_and_without_tensorflow(
    home: Path, tmp_path: Path, measured: Measured
) -> None:
    (tmp_path / "tiny.yaml").write_text(
        "{name: tiny, layers: [flatten, {dense: {units: {int: [8, 64]}}}], "
        "training: {optimizer: {adam: {learning_rate: {float: [1.0e-4, 1.0e-1], log: true}}}, "
        "batch_size: 64, epochs: 3}}",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", REAL], capture_output=True, text=True, timeout=900, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    after = [rss for rss, _ in seen["after"]]
    growth = (max(after) - after[0]) / MEBIBYTE
    measured(
        20,
        target="parent grows <= 30 MB, TensorFlow never in it, 0 hangs in 15 min",
        figure=f"parent {growth:+.1f} MB over {len(after)} trials in {seen['workers']} workers; "
        f"{len(seen['frameworks'])} modules of TensorFlow or Keras; 0 hangs",
    )
    assert len(after) == 30
    assert {state for _, state in seen["after"]} <= {"complete", "pruned"}
    assert growth <= 30
    assert seen["frameworks"] == []
    assert seen["workers"] >= 5
