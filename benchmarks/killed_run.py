"""The main job on Fashion-MNIST, undisturbed and with a `kill -9` of worker or parent every 30 seconds: `make killed`.

Writes benchmarks/killed_run.md: what became of each trial in both, and the times.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tuner.machine import hardware, versions

HERE = Path(__file__).parent
WORDS = ("fashion-mnist", "--space", "cnn_v4", "--limit", "10000", "--trials", "10")
STUDY = "fashion-mnist-cnn_v4"
EVERY = 30.0
"""Seconds between two kills."""
SEED = 0


@dataclass
class Run:
    seconds: float = 0.0
    parents_killed: int = 0
    workers_killed: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    trials: list[dict[str, Any]] = field(default_factory=list)
    verdict: str = ""
    left_over: int = 0
    """Worker processes that were still there two seconds after the end."""


def start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tuner", *WORDS, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def workers_of(pid: int) -> list[psutil.Process]:
    try:
        children = psutil.Process(pid).children(recursive=True)
        return [each for each in children if "tuner.worker" in " ".join(each.cmdline())]
    except psutil.Error:
        return []


def run(home: str, *, kill: bool) -> Run:
    os.environ["TUNE_HOME"] = home
    done, chance = Run(), random.Random(SEED)
    began = last = time.monotonic()
    process, workers = start(), []
    while process.poll() is None or process.returncode < 0:
        if process.poll() is not None:
            process = start()
        workers = workers_of(process.pid) or workers
        if kill and time.monotonic() - last >= EVERY:
            last = time.monotonic()
            kill_one(done, process, chance)
        time.sleep(0.2)
    done.seconds = time.monotonic() - began
    output = process.stdout.read() if process.stdout else ""
    assert process.returncode == 0, f"the run ended with {process.returncode}"
    done.result = json.loads(output)
    time.sleep(2)
    done.left_over = sum(each.is_running() for each in workers)
    look(done)
    return done


def kill_one(done: Run, process: subprocess.Popen[str], chance: random.Random) -> None:
    workers = workers_of(process.pid)
    if workers and chance.choice([True, False]):
        chance.choice(workers).kill()
        done.workers_killed += 1
    else:
        process.kill()
        process.wait()
        done.parents_killed += 1
    print(f"killed {done.parents_killed} parents, {done.workers_killed} workers", flush=True)


def look(done: Run) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "tuner", "show", STUDY, "--json"], capture_output=True, text=True, check=True
    )
    study = json.loads(shown.stdout)
    done.trials = [trial for trial in study["trials"] if trial["state"] != "turned down"]
    with sqlite3.connect(Path(study["folder"]) / "study.db") as database:
        (done.verdict,) = database.execute("PRAGMA integrity_check").fetchone()


def page(calm: Run, rough: Run) -> str:
    same = sum(
        (one["number"], one["values"], one["state"], one["val_accuracy"])
        == (two["number"], two["values"], two["state"], two["val_accuracy"])
        for one, two in zip(calm.trials, rough.trials, strict=False)
    )
    facts, machine = versions(), hardware()
    rows = [
        ("seconds in all", f"{calm.seconds:.0f}", f"{rough.seconds:.0f}"),
        ("kills of the parent", "0", str(rough.parents_killed)),
        ("kills of a worker", "0", str(rough.workers_killed)),
        ("trials finished", *(str(len(each.trials)) for each in (calm, rough))),
        ("states", *(states(each) for each in (calm, rough))),
        ("begun again", *(str(sum(trial["retries"] for trial in each.trials)) for each in (calm, rough))),
        ("best validation accuracy", *(f"{each.result['validation_accuracy']:.4f}" for each in (calm, rough))),
        ("test accuracy", *(f"{each.result['test_accuracy']:.4f}" for each in (calm, rough))),
        ("integrity_check", calm.verdict, rough.verdict),
        ("workers left two seconds after", str(calm.left_over), str(rough.left_over)),
    ]
    lines = [
        "# The main job under kill -9",
        "",
        f"`tune {' '.join(WORDS)}`, real Fashion-MNIST, undisturbed and with a `kill -9` every {EVERY:.0f} s of the",
        "parent or a worker, by a coin. A killed parent is started again with the same command. Again: `make killed`.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}. {machine['processor']}, {machine['cores']} cores, {machine['memory']}, no GPU.",
        ", ".join(f"{name} {facts[name]}" for name in ("Python", "tensorflow", "keras", "optuna")) + ".",
        "",
        "| | undisturbed | killed |",
        "| --- | --- | --- |",
        *(f"| {what} | {one} | {two} |" for what, one, two in rows),
        "",
        f"Time: {rough.seconds / calm.seconds:.2f} times the undisturbed run's.",
        f"{same} of {len(calm.trials)} trials have the same values, state and score, to the last digit, in both.",
    ]
    return "\n".join(lines) + "\n"


def states(run: Run) -> str:
    names = [trial["state"] for trial in run.trials]
    return ", ".join(f"{names.count(name)} {name}" for name in sorted(set(names)))


def main() -> None:
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as rough:
        text = page(run(calm, kill=False), run(rough, kill=True))
    (HERE / "killed_run.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
