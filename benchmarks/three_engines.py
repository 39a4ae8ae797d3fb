"""One space, one seed, three engines, 12 trials each, each killed with `kill -9` once and resumed: `make engines`.

Writes the comparison's page, figure and table into benchmarks/three_engines/, and beside them what was checked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TUNE = (sys.executable, "-m", "tuner")
TRIALS, KILLED_AFTER = 12, 4
"""Finished trials in all, and those after which the process is killed."""

ENGINES = {
    "optuna": ("--engine", "optuna", "--algorithm", "tpe"),
    "keras-tuner": ("--engine", "keras-tuner", "--algorithm", "bayesian"),
    "grid-search-cv": ("--engine", "grid-search-cv", "--algorithm", "random", "--folds", "3"),
}


def command(engine: str) -> list[str]:
    space = str(HERE.relative_to(Path.cwd()) / "mlp_v1_finite.yaml")
    words = ["fashion-mnist", "--space", space, "--trials", str(TRIALS), "--limit", "10000", "--seed", "0"]
    return [*words, *ENGINES[engine], "--study", engine]


def shown(engine: str) -> dict[str, Any] | None:
    done = subprocess.run([*TUNE, "show", engine, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def killed_in_mid_trial(engine: str) -> dict[str, Any]:
    """What the study holds after its process was killed, while a trial ran, with enough trials finished."""
    process = subprocess.Popen([*TUNE, *command(engine), "--quiet"], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        study = shown(engine)
        if study and study["finished"] >= KILLED_AFTER and study["states"]["running"]:
            break
        time.sleep(0.2)
    assert process.poll() is None, f"{engine} ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = shown(engine)
    assert left is not None
    return left


def resumed(engine: str) -> dict[str, Any]:
    subprocess.run([*TUNE, *command(engine), "--quiet"], stdout=subprocess.DEVNULL, check=True)
    study = shown(engine)
    assert study is not None
    return study


def checked(engine: str, left: dict[str, Any], study: dict[str, Any]) -> str:
    """One line of the evidence. AssertionError where anything was lost."""
    before = {trial["number"]: trial for trial in left["trials"]}
    after = {trial["number"]: trial for trial in study["trials"]}
    finished = [number for number, trial in before.items() if trial["state"] in ("complete", "pruned", "failed")]
    assert all(after[number] == before[number] for number in finished)
    cut = [number for number, trial in before.items() if trial["state"] == "running"]
    assert all(after[number]["values"] == before[number]["values"] for number in cut)
    assert study["finished"] == TRIALS
    assert not study["states"]["running"] + study["states"]["waiting"]
    with sqlite3.connect(Path(study["folder"]) / "study.db") as database:
        (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
    assert verdict == "ok"
    return f"| {engine} | {len(finished)} | {', '.join(map(str, cut))} | {study['finished']} | 0 | {verdict} |"


def main() -> None:
    out = HERE / "three_engines"
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNE_HOME"] = home
        lines = []
        for engine in ENGINES:
            left = killed_in_mid_trial(engine)
            lines.append(checked(engine, left, resumed(engine)))
            print(lines[-1], flush=True)
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([*TUNE, "compare", *ENGINES, "--out", str(out)], check=True)
        subprocess.run([*TUNE, "doctor"], check=False)
    table = "\n".join(
        [
            "| engine | finished before the kill | in training | finished after | lost or changed | integrity_check |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
        ]
    )
    (out / "killed_and_resumed.md").write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
