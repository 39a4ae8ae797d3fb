"""What a study acknowledged, held against what is on the disk: the side log of the fault tests."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuner.study import Folder, Study
from tuner.trial import FINISHED, Trial, TrialState

ENDED = re.compile(r"^trial +(\d+)  (complete|pruned|failed)\b", re.MULTILINE)
"""How the program says on standard error that a trial ended."""

OPEN = {TrialState.RUNNING, TrialState.WAITING}


@dataclass
class Ledger:
    """Of one study. Lines are only ever added to its file."""

    study: Path
    file: Path
    rows: dict[int, Trial] = field(default_factory=dict)
    """As they were when first read after they were acknowledged."""
    told: Counter[int] = field(default_factory=Counter)
    """Times that a trial was said to have ended."""
    faults: list[str] = field(default_factory=list)

    def read(self, said: str) -> None:
        """Takes down what a process said before it died, and looks whether all that was ever said still holds."""
        ended = [(int(number), state) for number, state in ENDED.findall(said)]
        with self.file.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(each) + "\n" for each in ended)
        if not (self.study / "study.db").exists():
            assert not ended, "a study was deleted"
            return
        trials = {trial.number: trial for trial in Study.open(Folder(self.study)).trials()}
        if (verdict := integrity(self.study / "study.db")) != "ok":
            self.faults.append(f"integrity_check: {verdict}")
        for number, state in ended:
            self.told[number] += 1
            if number not in trials or trials[number].state.value != state:
                self.faults.append(f"trial {number} was said to be {state}, and is {trials.get(number)}")
            else:
                self.rows.setdefault(number, trials[number])
        for number, row in self.rows.items():
            if trials.get(number) != row:
                self.faults.append(f"trial {number} was {row}, and is {trials.get(number)}")

    @property
    def twice(self) -> list[int]:
        return [number for number, times in self.told.items() if times > 1]


def integrity(database: Path) -> str:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=60)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def shortfalls(study: Path, n_trials: int) -> list[str]:
    """What a study that is done should not show."""
    trials = Study.open(Folder(study)).trials()
    finished = [trial for trial in trials if trial.state in FINISHED]
    found = [f"trial {trial.number} is {trial.state.value}" for trial in trials if trial.state in OPEN]
    if [trial.number for trial in trials] != list(range(len(trials))):
        found.append(f"numbers {[trial.number for trial in trials]}")
    if len(finished) != n_trials:
        found.append(f"{len(finished)} trials finished")
    same = [trial.configuration for trial, times in _copies(finished) if times > 1]
    if same:
        found.append(f"trained twice: {same}")
    if (verdict := integrity(study / "study.db")) != "ok":
        found.append(f"integrity_check: {verdict}")
    return found + [f"left behind: {path}" for path in left_behind(study)]


def left_behind(study: Path) -> list[Path]:
    """Half artefacts. Young ones in the inbox may be another process's, and go within the hour."""
    return [path.relative_to(study) for path in study.rglob(".unfinished-*") if path.parent.name != "inbox"]


def _copies(finished: list[Trial]) -> list[tuple[Trial, int]]:
    counts = Counter(json.dumps(_values(trial), sort_keys=True) for trial in finished)
    return [(trial, counts[json.dumps(_values(trial), sort_keys=True)]) for trial in finished]


def _values(trial: Trial) -> dict[str, Any]:
    return dict(trial.values)
