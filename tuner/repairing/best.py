"""The retrained winner: moved out of the way where it is damaged, kept where it is whole but nobody knows its trial."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tuner import openings
from tuner.files import damage, read_manifest
from tuner.repairing.files import move_to_damaged
from tuner.repairing.findings import Finding, mended, sound
from tuner.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuner.study import Folder


def mend_best(study: Study, *, dry_run: bool) -> Finding:
    """One of a trial that a restored database does not know works as before, but is not the winner of what is left."""
    folder = study.folder
    would = "would be " if dry_run else ""
    if not folder.best.exists():
        return sound("best model", "none yet")
    if why := damage(folder.best):
        if not dry_run:
            move_to_damaged(folder, [folder.best])
        return mended("best model", why, f"{would}moved to damaged/; the next run trains it again")
    manifest = read_manifest(folder.best) or {}
    if _is_known(study, manifest):
        return sound("best model", "as it was written")
    aside = _aside(folder, manifest)
    if not dry_run:
        _note_opening(study, manifest)
        folder.best.rename(aside)
    number = manifest.get("trial")
    done = f"it is whole, and {would or 'is '}kept as {aside.name}/; the next run trains the winner of what is left"
    return mended("best model", f"of a trial {number} that the study does not know", done)


def _is_known(study: Study, manifest: Mapping[str, Any]) -> bool:
    number, trials = manifest.get("trial"), study.trials()
    known = trials[number].configuration if isinstance(number, int) and 0 <= number < len(trials) else ""
    return known == manifest.get("configuration")


def _aside(folder: Folder, manifest: Mapping[str, Any]) -> Path:
    """A name that is none of those that `tune clean` removes."""
    number, n = manifest.get("trial"), 1
    path = folder.path / (name := f"best-of-trial-{number}" if isinstance(number, int) else "best-of-a-trial")
    while os.path.lexists(path):
        n += 1
        path = folder.path / f"{name}-{n}"
    return path


def _note_opening(study: Study, manifest: Mapping[str, Any]) -> None:
    """The test set was opened for it, whatever became of the trial."""
    if not openings.is_noted(study, manifest):
        with closing(Study.open(study.folder, writable=True)) as writable:
            openings.note(writable, manifest)
