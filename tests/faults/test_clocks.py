"""Fault test 14: a wall clock that is set while a search runs. Nothing that lives is given up, no time is negative."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from evidence import Measured
from fakes.ledger import shortfalls
from fakes.starting import PROGRAM, Tune

from tuner.study import Folder, Study
from tuner.trial import TrialState

JUMPING = Path(__file__).parents[1] / "fakes" / "jumping"
TARGET = "no live trial reaped, durations never negative"

SUMMER_ENDS = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC).timestamp()
"""In a second clocks in Berlin go back from three to two."""

CLOCKS: dict[str, dict[str, Any]] = {
    "+-2 h": {"begin": 1.79e9, "every": 0.25, "off": [0, 7200, -7200, 7200]},
    "the end of summer time": {"begin": SUMMER_ENDS, "every": 100, "off": [0]},
    "small steps back": {"begin": 1.79e9, "every": 0.05, "off": [0, -0.4, 0.3, -1.5]},
}


def ran(program: Tune, clock: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """Loaded from nothing, because the clock must be there before everything else."""
    paths = os.pathsep.join([str(JUMPING), os.environ.get("PYTHONPATH", "")])
    environ = program.environ({"seconds": 0.05}, FAKE_CLOCK=json.dumps(clock), TZ="Europe/Berlin", PYTHONPATH=paths)
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, cwd=program.folder, env=environ, check=False, timeout=120
    )


def negative(value: object, path: str = "") -> Iterator[str]:
    """Numbers below zero that a document calls a time."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from negative(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from negative(each, path)
    elif isinstance(value, int | float) and value < 0 and any(word in path for word in ("seconds", "after", "waited")):
        yield f"{path} = {value}"


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_that_is_set_takes_no_trial_and_no_time(name: str, program: Tune, measured: Measured) -> None:
    clock = CLOCKS[name]
    search = ("digits", "--space", "small.yaml", "--trials", "6", "--study", "s", "--workers", "2")
    done = ran(program, clock, *search)
    assert done.returncode == 0, done.stderr
    lost = done.stderr.count("going on with it")
    study = Study.open(Folder(program.study("s")))
    begun = datetime.fromtimestamp(clock["begin"]).astimezone()
    assert study.created.startswith(f"{begun:%Y-%m-%d}"), "the clock was not the fake"
    trials = study.trials()
    stays = [stay for trial in trials for stay in trial.stays]
    backwards = [stay for stay in stays if stay.ended is None or stay.ended < stay.began]
    shown = json.loads(ran(program, {**clock, "begin": clock["begin"] - 7200}, "show", "s", "--json").stdout)
    below = [*negative(shown), *negative({"seconds": [[trial.seconds, trial.waited] for trial in trials]})]
    below += negative(study.fact("run"))
    measured(14, target=TARGET, figure=f"{name}: {lost} of 6 reaped, {len(below) + len(backwards)} times negative")
    assert lost == 0
    assert stays
    assert backwards == []
    assert below == []
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 6
    assert shortfalls(program.study("s"), 6) == []
