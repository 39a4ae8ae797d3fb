"""Studies on the disk with made-up trials, and checkpoints of them that hold nothing but a true manifest."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from optuna.trial import TrialState as Row

from fakes.driving import TINY
from search_spaces import SearchSpace
from tuner.distributions import new_row
from tuner.files import new_folder, write_manifest
from tuner.plan import Plan
from tuner.study import Folder, Study, attributes
from tuner.study.guard import WRITER
from tuner.study.lock import this_process
from tuner.trial import WHOLE, Epoch, Stage, TrialState

SPACE = SearchSpace.parse(TINY, "tiny.yaml")


def plan(**more: object) -> Plan:
    return Plan(
        dataset="digits",
        data_fingerprint="a",
        space=SPACE.name,
        space_fingerprint=SPACE.fingerprint,
        **more,  # type: ignore[arg-type]
    )


def made(path: Path, scores: tuple[float, ...] = (), **more: object) -> Study:
    """A study with a complete trial of three epochs for each of the scores."""
    path.mkdir(parents=True)
    study = Study.create(Folder(path), plan(**more), TINY)
    for score in scores:
        trained(study, score)
    return study


def trained(study: Study, score: float, state: TrialState = TrialState.COMPLETE, stage: Stage = WHOLE) -> int:
    """A trial that ended in this state, or stands there RUNNING; with two checkpoints, as a worker leaves it."""
    row = new_row(SPACE, SPACE.default(), attributes(stage))
    row.state = Row.RUNNING
    trial = study.add(row)
    study.begin(trial, configuration=f"hash {trial.number}", seed=7, parameters=99, device="CPU", retries=0)
    curve: tuple[Epoch, ...] = ()
    for i, share in enumerate((0.5, 0.75, 1.0), start=1):
        epoch = Epoch(epoch=i, accuracy=0.5, loss=1.0, val_accuracy=score * share, val_loss=1.0, seconds=2.0)
        curve = (*curve, epoch)
        study.record_epoch(trial, curve, float(i))
    checkpoint(study, trial.number, 2)
    checkpoint(study, trial.number, 3)
    if state in {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED}:
        reason = "nan" if state is TrialState.FAILED else ""
        study.finish(trial, state, reason=reason, seconds=6.5, finished_after=10.0 + trial.number)
    elif state is TrialState.WAITING:
        study.pause(trial.number)
    return trial.number


def checkpoint(study: Study, number: int, epoch: int) -> Path:
    path = study.folder.checkpoints(number) / f"epoch-{epoch:04d}"
    with new_folder(path) as new:
        (new / "state.npz").write_bytes(bytes(1000))
        write_manifest(new, identity="x", curve=[])
    return path


def on_disk(study: Study) -> list[str]:
    """`00003/epoch-0002`, ..."""
    root = study.folder.all_checkpoints
    return sorted(str(path.relative_to(root)) for path in root.glob("*/*"))


def marked(study: Study, **changes: object) -> None:
    """Bears the mark of another process from now on."""
    holder = {"uuid": "theirs", "pid": 1, "host": this_process().host, "started": "another time", **changes}
    statement = "INSERT OR REPLACE INTO study_system_attributes (study_id, key, value_json) VALUES (?, ?, ?)"
    with closing(sqlite3.connect(study.folder.database)) as database, database:
        database.execute("DELETE FROM study_system_attributes WHERE key = ?", (WRITER,))
        database.execute(statement, (study.row, WRITER, json.dumps(holder)))
