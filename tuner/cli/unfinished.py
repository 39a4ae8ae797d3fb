"""What is left to do of a study that no process holds, and the command that does it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.cli.advice import after_brake
from tuner.cli.words import called
from tuner.confirmation import winner_of
from tuner.control import TIME_UP
from tuner.files import MANIFEST, damage
from tuner.trial import FINISHED, TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.study import Folder, StudyView
    from tuner.trial import Trial


NOT_OVER = "the search is not over"


@dataclass(frozen=True, kw_only=True)
class ToDo:
    what: str
    """`the winner is not retrained yet`."""
    command: str


def to_do(study: StudyView, trials: Sequence[Trial], *, held: bool) -> ToDo | None:
    """None where nothing is left, or a process is at it."""
    if held:
        return None
    braked = after_brake(study.folder, study.fact("run", {}), trials)
    what = _left(study, trials, braked=bool(braked))
    return ToDo(what=what, command=braked or f"tune resume {called(study.folder)}") if what else None


def _left(study: StudyView, trials: Sequence[Trial], *, braked: bool) -> str:
    n_cut_off = sum(trial.state is TrialState.RUNNING for trial in trials)
    best = winner_of(study, trials)
    if n_cut_off:
        return f"{n_cut_off} trial{' was' if n_cut_off == 1 else 's were'} cut off"
    if braked or not _searched(study, trials):
        return NOT_OVER
    if best and _retrained(study.folder) != best.number and not damage(study.folder.best):
        return "the winner is not retrained yet"
    return ""


def _searched(study: StudyView, trials: Sequence[Trial]) -> bool:
    run = study.fact("run", {})
    n_finished = sum(trial.state in FINISHED for trial in trials)
    return n_finished >= run.get("trials", 0) or bool(run.get("exhausted")) or run.get("stopped_by") == TIME_UP


def _retrained(folder: Folder) -> int | None:
    """Number of the trial whose retrained model is there. Its files are not looked at: that may take a while."""
    manifest = folder.best / MANIFEST
    if not manifest.is_file():  # a pipe would be waited for, for ever
        return None
    try:
        return int(json.loads(manifest.read_text(encoding="utf-8"))["trial"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
