"""What else in a study's folder shows which trials there were, for where its database does not tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuner.files import read_manifest
from tuner.keeping import checkpointed, newest_checkpoint
from tuner.study.leftovers import entries, folders
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tuner.study import Folder, Study

MOST = 1_000_000
"""Trials that no search reaches. A folder with a higher number for its name has that from somebody else."""

SLACK = 2.0
"""Seconds. The name of a backup tells the second in which it was made."""


@dataclass(frozen=True, kw_only=True)
class Witnesses:
    existed: frozenset[int]
    """Numbers of trials that there were for certain."""
    ended: frozenset[int]
    """Of those that had ended."""


def witnesses(folder: Folder) -> Witnesses:
    """Checkpoints, the retrained winner, the report."""
    reported = _reported(folder.report / "report.json")
    best = _numbers((read_manifest(folder.best) or {}).get("trial"))
    ended = {number for number, state in reported.items() if state in FINISHED} | best
    trained = {number for number, path in checkpointed(folder).items() if number < MOST and _has_epochs(path)}
    return Witnesses(existed=frozenset(trained | ended | reported.keys()), ended=frozenset(ended))


def _has_epochs(trial: Path) -> bool:
    return any(newest_checkpoint(path) is not None for path in [trial, *folders(trial)])


def _numbers(value: Any) -> set[int]:
    return {value} if type(value) is int and 0 <= value < MOST else set()


def _reported(path: Path) -> dict[int, str]:
    """State of each trial in the report that stands there, by number; none where there is no such report."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["trials"] if path.is_file() else []
        return {number: str(row["state"]) for row in rows for number in _numbers(row["number"])}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


def is_newest(folder: Folder, backup: Study, made: datetime) -> bool:
    """Whether a backup of that time is what the database last was: the search had ended then, so that no trial was on
    its way, and nothing shows that it was gone on with.
    """
    run = backup.fact("run", {})
    return bool(isinstance(run, dict) and run.get("stopped_by")) and all(
        _modified(path) <= made.timestamp() + SLACK for path in _written_by_searches(folder)
    )


def _written_by_searches(folder: Folder) -> Iterator[Path]:
    yield from (folder.all_checkpoints, folder.logs, folder.best)
    yield from entries(folder.logs)
    yield from checkpointed(folder).values()


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
