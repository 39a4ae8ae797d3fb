"""Death on order, to test what is left behind: `TUNE_CRASH_AT=study-renamed` kills the process when it is there.

`TUNE_CRASH_AT=epoch-recorded:3` does so when it is there for the third time. A point costs a comparison where nothing
was ordered. Workers have their points from the same variable.
"""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ORDER = "TUNE_CRASH_AT"

KINDS = {
    "holder": r"holder\.json",
    "split": r"split\.npz",
    "study": r"study\.db",
    "folds": r"folds.*\.npz",
    "guess": r"[0-9]{20}-[0-9a-f]{32}\.json",
    "checkpoint": r"epoch-[0-9]+",
    "best": r"best",
    "backup": r"study-[0-9]{6}-.*\.db",
}
"""The files and folders that take their place by a rename, by their names there. Each has two points."""

POINTS = {
    "lock-taken": "the study is ours, and nobody was told who we are",
    "holder-written": "who we are stands in a file without its name",
    "holder-renamed": "who we are can be read",
    "split-written": "the split stands in a file without its name",
    "split-renamed": "the split is there, the study is not",
    "study-written": "the whole new study stands in a file without its name",
    "study-renamed": "the study is there, and nothing was done with it",
    "run-noted": "the study knows that a search goes on",
    "guess-written": "what a user enqueued stands in a file without its name",
    "guess-renamed": "what a user enqueued waits in the inbox",
    "guess-queued": "what a user enqueued is a trial, and waits in the inbox too",
    "guess-taken-in": "what a user enqueued is a trial, and gone from the inbox",
    "before-proposal": "the engine is about to be asked",
    "before-value": "a proposal is a trial, and one more of its values is not drawn",
    "waiting-taken": "the first of the queue is RUNNING, and was not looked at",
    "proposal-recorded": "the next trial has all its values, and nobody has begun it",
    "turned-down": "a proposal that is not trained has its outcome, and the next was not asked for",
    "before-begin": "the trial has a slot, and the study does not know that it begins",
    "submitted": "a worker was sent a job",
    "begun": "a worker said that it begins with the trial",
    "before-score": "a worker told an epoch or a fold that is not recorded",
    "folds-written": "the rows of the folds stand in a file without its name",
    "folds-renamed": "the rows of the folds are there, and no worker has them",
    "before-finish": "a worker told that the trial ended, and nothing of it is recorded",
    "before-commit": "something changed, and the database does not hold it",
    "uncommitted": "the database was sent what changed, in a transaction that has not ended",
    "committed": "the database holds what changed, and nobody was told",
    "finished": "the trial has its state, and its checkpoints are there",
    "checkpoints-dropped": "the trial's checkpoints are gone, and nobody was told that it ended",
    "search-ended": "all trials are done, and the study does not know that the search ended",
    "retraining-begun": "the winner is known, and no worker has it",
    "opening-noted": "the test set was opened, and the study knows it",
    "report-file": "one more file of the report stands in a folder without its name",
    "report-written": "the whole report stands in a folder without its name",
    "report-aside": "the old report has stepped aside, and the new one has no name yet",
    "report-renamed": "the report is there, and the old one not removed",
    "backup-written": "a copy of the study stands in a file without its name",
    "backup-renamed": "a copy of the study is there, and older ones are not removed",
    "repair-ready": "a sound database stands beside a damaged one that has its place",
    "repair-aside": "the damaged database has a second name, and still its place",
    "repair-renamed": "the sound database has its place",
    "checkpoint-written": "in a worker: the checkpoint stands in a folder without its name",
    "checkpoint-aside": "in a worker: the checkpoint was there already, has stepped aside, and the new one has no name",
    "checkpoint-renamed": "in a worker: the checkpoint is there, and older ones are not dropped",
    "checkpoint-kept": "in a worker: older checkpoints are dropped, and the epoch is not told",
    "model-saved": "in a worker: the retrained model is in a folder without its name, and the test set is sealed",
    "test-opened": "in a worker: the test set was opened, and nothing of it is written",
    "best-written": "in a worker: the winner stands in a folder without its name",
    "best-aside": "in a worker: the old winner has stepped aside, and the new one has no name yet",
    "best-renamed": "in a worker: the winner is there, and nobody was told",
}
"""Where a process can be ordered to die, and what is on the disk then."""


@dataclass
class _Order:
    point: str = ""
    left: int = 1
    """Times that the point is passed, the last of them not."""


_order = _Order()


def arm(environ: Mapping[str, str] = os.environ) -> None:
    """Takes the order. Raises UsageError where there is no such point."""
    point, _, times = environ.get(ORDER, "").partition(":")
    if point and point not in POINTS:
        near = get_close_matches(point, POINTS, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(POINTS)}."
        raise UsageError(f"{ORDER}: no point is called {point!r}. {hint}")
    if times and not re.fullmatch(r"[1-9][0-9]{0,8}", times):
        raise UsageError(f"{ORDER}: after the colon stands a count from 1. Got {times!r}.")
    _order.point, _order.left = point, int(times or 1)


def here(point: str) -> None:
    """Kills this process where the order names the point."""
    if _order.point == point:
        _order.left -= 1
        if not _order.left:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def here_with(path: Path, moment: str) -> None:
    """`here`, at a moment in the making of the file or folder `path`."""
    if _order.point.endswith(moment):
        for kind, name in KINDS.items():
            if re.fullmatch(name, path.name):
                here(f"{kind}-{moment}")
