"""Trials that a dead process left running."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from optuna.trial import TrialState as Row

from tuner.plan import RETRIES
from tuner.repairing.findings import Finding, counted, mended, sound, spelt
from tuner.study import Study, is_held
from tuner.study.cuts import cuts_of, is_to_blame, was_training
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence


def release(study: Study, *, dry_run: bool) -> Finding:
    """They wait again, but those that a run would give up too, after as many tries as the last one was asked for."""
    running = [trial.number for trial in study.trials() if trial.state is TrialState.RUNNING]
    if dry_run and is_held(study.folder.path):
        return sound("running trials", f"{len(running)}, of the process that holds the study")
    if not running:
        return sound("running trials", "none that a dead process left")
    retries = _retries(study)
    given_up = _given_up(study, retries)
    if not dry_run:
        with closing(Study.open(study.folder, writable=True)) as writable:
            writable.release_interrupted(retries)
    done = _told(len(running) - len(given_up), given_up, dry_run=dry_run)
    return mended("running trials", f"{counted(len(running), 'trial')} of a dead process", done)


def _retries(study: Study) -> int:
    """That the last run was asked for: one that goes on asks for them again."""
    run = study.fact("run", {})
    asked = run.get("retries") if isinstance(run, dict) else None
    return asked if isinstance(asked, int) else RETRIES


def _given_up(study: Study, retries: int) -> list[int]:
    rows = [row for row in study.optuna.get_trials(deepcopy=False, states=(Row.RUNNING,)) if was_training(row)]
    return [row.number for row in rows if is_to_blame(cuts_of(row), len(rows), retries)]


def _told(n_waiting: int, given_up: Sequence[int], *, dry_run: bool) -> str:
    """`1 waits, to go on where it was; trial 3 is given up: run after run died in one epoch of it`."""
    one = n_waiting == 1
    verb = "would wait" if dry_run else "waits" if one else "wait"
    told = [f"{n_waiting:,} {verb}, to go on where {'it was' if one else 'they were'}"] if n_waiting else []
    if given_up:
        verb = "would be" if dry_run else "is" if len(given_up) == 1 else "are"
        whom = "it" if len(given_up) == 1 else "each of them"
        told.append(f"{spelt(given_up)} {verb} given up: run after run died in the same part of {whom}")
    return "; ".join(told)
