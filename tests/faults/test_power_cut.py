"""Fault test 7: a power cut, played with what a process wrote and synced."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from evidence import Measured
from fakes.ledger import integrity
from fakes.power import Disk, trace
from fakes.studies import made

from tuner.errors import StudyError
from tuner.study import Folder, Study

pytestmark = [
    pytest.mark.night,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

CUTS = 100
SHARES = (0.0, 0.3, 0.7, 1.0)
"""Of the sectors since the last sync, those that reached the disk."""

TARGET = f"{CUTS} cut points: the database opens, integrity ok, acknowledged trials present"

WRITER = """
import sys
from pathlib import Path
from tuner.study import Folder, Study, storage
from tuner.trial import Epoch, TrialState

{sabotage}
study = Study.open(Folder(Path(sys.argv[1])), writable=True)

def say(numbers):
    sys.stdout.write("".join(f"{{number}}\\n" for number in numbers))
    sys.stdout.flush()

for burst in range(30):
    ended = []
    with study.together():
        for _ in range(1 + burst % 3):
            trial = study.optuna.ask()
            trial.suggest_float("x", 0, 1)
            study.begin(trial, configuration="c" * 64, device="CPU", clock=1.0)
            curve = ()
            for i in range(1, 4):
                curve = (*curve, Epoch(epoch=i, accuracy=0.5, loss=1.0, val_accuracy=0.1 * i, val_loss=1.0))
                study.record_epoch(trial, curve, 1.0)
            study.finish(trial, TrialState.COMPLETE, seconds=1.0, finished_after=2.0)
            ended.append(trial.number)
    say(ended)
"""


def recorded(tmp_path: Path, sabotage: str = "") -> tuple[Disk, list[tuple[str, str, int]]]:
    """The folder as it was, and what was done to it."""
    study = made(tmp_path / "s")
    study.close()
    disk = Disk(study.folder.path)
    code = WRITER.format(sabotage=sabotage)
    return disk, trace(code, str(study.folder.path), log=tmp_path / "calls")


def lost(target: Path, said: str) -> str:
    """What is wrong with the study that a cut left; '' if nothing."""
    try:
        trials = Study.open(Folder(target)).trials()
    except StudyError as error:
        return str(error)
    if (verdict := integrity(target / "study.db")) != "ok":
        return verdict
    known = {trial.number for trial in trials if trial.score == pytest.approx(0.3)}
    missing = [number for number in map(int, said.split()) if number not in known]
    return f"acknowledged and lost: {json.dumps(missing)}" if missing else ""


def cut(tmp_path: Path, chance: random.Random, sabotage: str = "", n_cuts: int = CUTS) -> tuple[list[str], int]:
    """What was lost at so many moments, each with four shares of what was not synced; and all that was acknowledged."""
    disk, calls = recorded(tmp_path, sabotage)
    first = next(i for i, (call, arguments, _) in enumerate(calls) if call == "pwrite64" and "study.db" in arguments)
    moments = set(chance.sample(range(first, len(calls)), n_cuts))
    wrong = []
    for i, call in enumerate(calls):
        disk.play(*call)
        for share in SHARES if i in moments else ():
            target = tmp_path / f"cut-{i}-{share}"
            disk.after_a_cut(target, chance, share)
            if what := lost(target, disk.said):
                wrong.append(f"after call {i}, {share:.0%} of the unsynced: {what}")
            shutil.rmtree(target)
    return wrong, len(disk.said.split())


def test_what_was_acknowledged_outlives_a_power_cut(tmp_path: Path, chance: random.Random, measured: Measured) -> None:
    wrong, n_acknowledged = cut(tmp_path, chance)
    figure = f"{CUTS} cut points x {len(SHARES)}: {len(wrong)} with a loss; {n_acknowledged} trials acknowledged in all"
    measured(7, target=TARGET, figure=figure)
    assert n_acknowledged == 60
    assert wrong == []


def test_without_syncs_something_is_lost(tmp_path: Path, chance: random.Random, measured: Measured) -> None:
    """The negative control: the same, but that no write waits for the disk."""
    unsynced = "storage._durable = lambda connection, _: connection.execute('PRAGMA synchronous=OFF')"
    wrong, _ = cut(tmp_path, chance, unsynced, n_cuts=20)
    measured(7, target="some are lost without syncs", figure=f"20 cut points x {len(SHARES)}: {len(wrong)} with a loss")
    assert len(wrong) > 10
