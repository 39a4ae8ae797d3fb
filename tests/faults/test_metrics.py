"""Fault test 23: what a worker tells for a score and is none costs its trial, and nothing else."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from evidence import Measured
from fakes.driving import Driver, driver
from fakes.job import make
from fakes.pool import Clock, Slots, search
from fakes.trouble import told

from tuner.engines.catalog import card
from tuner.messages import Done, decode
from tuner.plan import Budget
from tuner.study import Folder
from tuner.trial import TrialState, winner

SPACE = """
name: wide
layers: [flatten, {dense: {units: {int: [8, 512], log: true}}}]
training: {optimizer: {adam: {learning_rate: {float: [1e-4, 1e-1], log: true}}}, batch_size: 32, epochs: 9}
"""

REASONS = {
    "NaN": "nan",
    "Infinity": "nan",
    "-Infinity": "nan",
    "null": "crash",
    '"0.9"': "crash",
    "[0.9]": "crash",
    "missing": "crash",
}
"""What stands where the validation accuracy should, as JSON, and the reason that it is given."""

FAULTS = list(product(REASONS, (1, 9)))
"""And in which epoch it does."""


def not_numbers(folder: Folder) -> list[str]:
    """Where the database holds what is no finite number."""
    with contextlib.closing(sqlite3.connect(folder.database)) as database:
        values = database.execute("SELECT value, value_type FROM trial_values").fetchall()
        steps = database.execute(
            "SELECT intermediate_value, intermediate_value_type FROM trial_intermediate_values"
        ).fetchall()
        texts = database.execute("SELECT value_json FROM trial_user_attributes").fetchall()
    assert values
    assert steps
    wrong = [f"{value} {kind}" for value, kind in values + steps if not (kind == "FINITE" and math.isfinite(value))]
    return wrong + [text for (text,) in texts if "NaN" in text or "Infinity" in text]


def expected(number: int) -> tuple[str, int] | None:
    """Every third trial goes wrong, each in another way."""
    return None if number % 3 else FAULTS[number // 3 % len(FAULTS)]


def act(slots: Slots) -> None:
    for job in slots.running:
        fault = expected(job)
        order = fault and {"every": 3, "what": fault[0], "epoch": fault[1]}
        slots.finish(job, score=0.9 if fault else 0.5 + job % 7 / 20)
        slots.messages = [
            message if isinstance(message, Done) or message.job != job else decode(told(order, job, message.epoch))
            for message in slots.messages
        ]


def wide(tmp_path: Path, pruner: str) -> Driver:
    return driver(tmp_path / "s", "optuna", "tpe", text=SPACE, more={"pruner": pruner})


@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize("pruner", card("optuna").algorithm("tpe").pruners)
def test_a_third_of_all_trials_tells_no_score_and_the_study_ends(
    tmp_path: Path, pruner: str, measured: Measured
) -> None:
    study = wide(tmp_path, pruner)
    n_trials = 3 * len(FAULTS)
    ended = search(study, Slots(2, act), Clock(), trials=n_trials, retries=1).run()
    study.study.close()
    failed = {trial.number: trial for trial in study.trials if trial.state is TrialState.FAILED}
    wrong, best = not_numbers(study.folder), winner(study.trials)
    measured(
        23,
        target="the study ends, 0 NaN rows, the best trial is finite",
        figure=f"{pruner}: {len(failed)} of {n_trials} failed, {len(wrong)} NaN rows, best {best and best.score}",
    )
    assert ended == f"all {n_trials} trials are done"
    assert wrong == []
    assert best is not None
    assert math.isfinite(best.score or math.nan)
    assert best.number not in failed
    reasons = {number: REASONS[fault[0]] for number in range(n_trials) if (fault := expected(number))}
    assert {number: trial.reason for number, trial in failed.items()} == {
        number: reason for number, reason in reasons.items() if study.trials[number].state is not TrialState.PRUNED
    }
    assert all(study.trials[number].retries == (reasons[number] == "crash") for number in failed)


@pytest.mark.parametrize(("what", "epoch"), [("NaN", 1), ("missing", 6)])
def test_a_worker_process_that_tells_no_score_is_ended_and_another_takes_its_place(
    home: Path, monkeypatch: pytest.MonkeyPatch, what: str, epoch: int
) -> None:
    job = make(home, monkeypatch)
    job.run({"scores": {"every": 3, "epoch": epoch, "what": what}}, budget=Budget(trials=5, retries=0), pruner="none")
    assert Counter((trial.state.value, trial.reason) for trial in job.trials) == {
        ("complete", ""): 3,
        ("failed", REASONS[what]): 2,
    }
    assert not_numbers(job.request.folder) == []


@pytest.mark.night
@pytest.mark.timeout(240)
def test_a_learning_rate_that_lets_the_weights_run_away_is_a_failure_for_nan(
    home: Path, tmp_path: Path, measured: Measured
) -> None:
    space = tmp_path / "astray.yaml"
    space.write_text(
        """
name: astray
layers: [flatten, {dense: {units: 8, activation: relu}}]
training:
  optimizer: {sgd: {learning_rate: {float: [1e-3, 1e30], log: true, default: 1e-2}}}
  batch_size: 64
  epochs: 1
presets:
  usual: {values: {training.optimizer.sgd.learning_rate: 0.1}}
  astray: {values: {training.optimizer.sgd.learning_rate: 1.0e+30}}
""",
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "tuner",
        "digits",
        "--space",
        str(space),
        "--trials",
        "2",
        "--study",
        "s",
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        [sys.executable, "-m", "tuner", "show", "s", "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    trials = {trial["preset"]: trial for trial in json.loads(shown.stdout)["trials"]}
    told = trials["astray"]["reason"]
    measured(23, target="real Keras: a learning rate of 1e30 gives reason nan", figure=told)
    assert told.startswith("nan")
    assert trials["usual"]["state"] == "complete"
    assert not_numbers(Folder(home / "studies" / "s")) == []
