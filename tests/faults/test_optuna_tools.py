"""Fault test 40: Optuna, its command line and its dashboard show our study as it is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import optuna
import pytest
from evidence import Measured
from fakes.studies import made, trained

from tuner.study import Folder, Study, take_snapshot
from tuner.trial import FINISHED, TrialState

STATES = {
    TrialState.COMPLETE: "COMPLETE",
    TrialState.PRUNED: "PRUNED",
    TrialState.FAILED: "PRUNED",  # for a fault of the configuration, which Optuna is told as a broken constraint
    TrialState.WAITING: "WAITING",
    TrialState.RUNNING: "RUNNING",
}

Shown = tuple[int, str, float | None, dict[str, str]]
"""A trial's number, state, value and parameters."""


@pytest.fixture
def study(tmp_path: Path) -> Folder:
    study = made(tmp_path / "s", (0.7, 0.8))
    for state in STATES:
        trained(study, 0.6, state)
    study.close()
    return study.folder


def ours(study: Folder) -> list[Shown]:
    return [
        (
            trial.number,
            STATES[trial.state],
            trial.curve[-1].val_accuracy if trial.state in FINISHED else None,
            {name: str(value) for name, value in trial.values.items()},
        )
        for trial in Study.open(study).trials()
    ]


def by_optuna(study: Folder) -> list[Shown]:
    rows = optuna.load_study(study_name="s", storage=f"sqlite:///{study.database}").trials
    return [
        (row.number, row.state.name, row.value, {name: str(value) for name, value in row.params.items()})
        for row in rows
    ]


def by_its_command(study: Folder) -> list[Shown]:
    command = [str(Path(sys.executable).parent / "optuna"), "trials", "--study-name", "s", "-f", "json"]
    command += ["--storage", f"sqlite:///{study.database}"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    return [
        (
            row["number"],
            row["state"],
            row["value"]["val_accuracy"] if row.get("value") else None,
            {name: str(value) for name, value in row["params"].items()},
        )
        for row in rows
    ]


def by_its_dashboard(study: Folder, copy: Path) -> list[Shown]:
    """As optuna-dashboard itself serves a copy, with nothing of ours between."""
    wsgi = pytest.importorskip("optuna_dashboard").wsgi
    from wsgiref.simple_server import make_server

    take_snapshot(study.database, copy)
    with make_server("127.0.0.1", 0, wsgi(f"sqlite:///{copy}")) as listening:
        answering = threading.Thread(target=listening.serve_forever, daemon=True)
        answering.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{listening.server_port}/api/studies/1", timeout=60) as answer:
            shown = json.load(answer)["trials"]
        listening.shutdown()
    return [
        (
            row["number"],
            row["state"].upper(),
            row["values"][0] if "values" in row else None,
            {each["name"]: each["param_external_value"] for each in row["params"]},
        )
        for row in shown
    ]


def test_optunas_own_tools_show_every_trial_its_state_and_its_values(
    study: Folder, tmp_path: Path, measured: Measured
) -> None:
    expected = ours(study)
    shown = {
        "optuna.load_study": by_optuna(study),
        "optuna trials": by_its_command(study),
        "optuna-dashboard on a copy": by_its_dashboard(study, tmp_path / "copy.db"),
    }
    right = {tool: sum(row in rows for row in expected) for tool, rows in shown.items()}
    measured(
        40,
        target="all trials, states, values visible",
        figure=f"of {len(expected)} trials in {len({row[1] for row in expected})} states, number, state, value and "
        f"parameters right: {', '.join(f'{tool} {count}' for tool, count in right.items())}",
    )
    assert {trial.state for trial in Study.open(study).trials()} == set(STATES)
    for tool, rows in shown.items():
        assert rows == expected, tool
