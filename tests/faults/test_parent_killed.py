"""Fault test 1: the searching process killed at random moments, and the same command given again until all is done."""

from __future__ import annotations

import random

import pytest
from evidence import Measured
from fakes.ledger import Ledger, shortfalls
from fakes.starting import Tune, holds

from tuner.study import Folder, Study
from tuner.trial import TrialState

TRIALS = 200
COMMAND = ("digits", "--space", "small.yaml", "--trials", str(TRIALS), "--study", "s")
TARGET = "0 acknowledged trials lost, 0 twice, 0 RUNNING, integrity ok, exactly 200 finished"


def killed_until_done(tune: Tune, chance: random.Random, n_kills: int, longest: float) -> tuple[Ledger, int, int]:
    """The ledger, the kills that met a running program, and the workers that outlived their parent by two seconds."""
    ledger = Ledger(tune.study("s"), tune.folder / "ledger")
    kills = orphans = 0
    while kills < n_kills:
        started = tune.start(*COMMAND)
        holds(lambda started=started: not started.runs, chance.uniform(0.05, longest))
        met = started.runs
        started.kill()
        kills += met
        orphans += len(tune.orphans())
        ledger.read(started.said)
        assert met, f"it was done after {kills} kills:\n{started.said[-500:]}"
    last = tune.run(*COMMAND)
    assert last.wait() == 0, last.said
    ledger.read(last.said)
    return ledger, kills, orphans + len(tune.orphans())


def held(tune: Tune, ledger: Ledger, kills: int, orphans: int, measured: Measured) -> None:
    trials = Study.open(Folder(tune.study("s"))).trials()
    wrong = shortfalls(tune.study("s"), TRIALS)
    given_up = sum(trial.state is TrialState.FAILED for trial in trials)
    measured(
        1,
        target=TARGET,
        figure=f"{kills} kills: {len(ledger.faults)} of {len(ledger.told)} acknowledged lost or changed, "
        f"{len(ledger.twice)} twice, {orphans} orphans, {len(wrong)} shortfalls, {given_up} given up by the program",
    )
    assert ledger.faults == []
    assert ledger.twice == []
    assert wrong == []
    assert orphans == 0


@pytest.mark.timeout(120)
def test_killed_twenty_times_it_loses_nothing(program: Tune, chance: random.Random, measured: Measured) -> None:
    held(program, *killed_until_done(program, chance, 20, longest=1.0), measured)


@pytest.mark.night
@pytest.mark.timeout(1200)
def test_killed_two_hundred_times_it_loses_nothing(program: Tune, chance: random.Random, measured: Measured) -> None:
    held(program, *killed_until_done(program, chance, 200, longest=0.8), measured)
