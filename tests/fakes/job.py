"""The main job over the fake worker: real processes, real study, real proposals, training that takes no time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fakes import FAKE_WORKER
from reports import Report
from search_spaces import SearchSpace
from tuner.control import Control
from tuner.events import Event
from tuner.finish.report import make_report
from tuner.opening import Request
from tuner.plan import Budget
from tuner.run import Outcome, Watch, run
from tuner.study import Study, study_folder
from tuner.trial import Trial

SPACE = """
name: small
layers:
  - flatten
  - repeat: {int: [1, 2], default: 1}
    name: hidden
    layers:
      - dense: {units: {int: [8, 64], log: true, default: 16}, activation: {choice: [relu, tanh]}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true, default: 1e-3}}
      - sgd:
          learning_rate: {float: [1e-3, 1e-1], log: true, default: 1e-2}
          momentum: {float: [0.0, 0.99], default: 0.9}
  batch_size: 32
  epochs: 6
presets:
  first: {values: {"hidden[0].dense.units": 20}}
"""


def without_files(study: Study, space: SearchSpace) -> tuple[Report, Path]:
    return make_report(study, space), study.folder.report / "report.html"


@dataclass
class Job:
    """One study, run as often as a test likes."""

    request: Request
    monkeypatch: pytest.MonkeyPatch
    events: list[Event] = field(default_factory=list)

    def run(
        self, orders: dict[str, object] | None = None, control: Control | None = None, **changes: object
    ) -> Outcome:
        self.monkeypatch.setenv("FAKE_WORKER", json.dumps(orders or {}))
        if changes.get("gpus", "none") != "none":
            changes = {"workers": None, **changes}
        request = replace(self.request, **changes)  # type: ignore[arg-type]
        watch = Watch(event=self.events.append)
        return run(request, watch, control or Control(), command=FAKE_WORKER, write=without_files)

    @property
    def trials(self) -> list[Trial]:
        return Study.open(self.request.folder).trials()

    @property
    def rows(self) -> list[tuple[str, dict[str, object]]]:
        return [(trial.state.value, dict(trial.values)) for trial in self.trials]


def make(_home: Path, monkeypatch: pytest.MonkeyPatch, name: str = "s", space: str = SPACE) -> Job:
    request = Request(
        dataset="digits",
        space=SearchSpace.parse(space, "small.yaml"),
        folder=study_folder(name),
        budget=Budget(trials=8),
        command="tune digits --space small.yaml",
        gpus="none",
        workers=1,
        confirm=0,
    )
    return Job(request, monkeypatch)
