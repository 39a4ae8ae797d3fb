"""Fault test 27: KerasTuner keeps a folder of JSON files, written in place. We write none and read none."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence import Measured
from fakes.driving import driver

from tuner.trial import FINISHED

NAMES = ("oracle.json", "tuner0.json", "trial_00/trial.json", "trial_01/trial.json")
TRUNCATED = '{"trial_id": "0", "hyperparameters": {"space": [{"class_na'


def folder_of_kerastuner(path: Path, content: str) -> None:
    for name in NAMES:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("content", ["", TRUNCATED], ids=["emptied", "truncated"])
def test_a_search_goes_on_from_its_study_whatever_kerastuner_left(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Measured
) -> None:
    monkeypatch.chdir(tmp_path)
    undisturbed = driver(tmp_path / "whole", "keras-tuner", "random")
    undisturbed.run(8)
    first = driver(tmp_path / "s", "keras-tuner", "random")
    first.run(4)
    written = [path for path in tmp_path.rglob("*.json") if path.name in {"oracle.json", "tuner0.json", "trial.json"}]
    for place in (tmp_path / "untitled_project", tmp_path / "s", tmp_path / "s" / "untitled_project"):
        folder_of_kerastuner(place, content)
    again = driver(tmp_path / "s", "keras-tuner", "random")
    again.run(4)
    finished = [trial for trial in again.trials if trial.state in FINISHED]
    measured(
        27,
        target="search resumes from our DB",
        figure=f"{len(written)} files of KerasTuner's written; resumed beside {3 * len(NAMES)} broken ones",
    )
    assert written == []
    assert again.values == undisturbed.values
    assert len(finished) == 8
