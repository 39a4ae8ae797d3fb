"""Epochs of trials that are not as they were written: moved out of the way, and what that means for each trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.files import damage
from tuner.repairing.files import finding, move_to_damaged
from tuner.repairing.findings import spelt
from tuner.study.leftovers import checkpoint_folders, folders
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tuner.repairing.findings import Finding
    from tuner.study import Study


def mend_checkpoints(study: Study, *, dry_run: bool) -> Finding:
    """A trial that waits goes on from the one before a damaged one, or from scratch."""
    there = {each: list(_epochs(each)) for each in checkpoint_folders(study.folder)}
    # A search may have removed some since.
    bad = {each: [path for path in found if damage(path) and path.exists()] for each, found in there.items()}
    moved = [path for found in bad.values() for path in found]
    then = _then(study, there, bad, dry_run=dry_run) if moved else ""
    if moved and not dry_run:
        move_to_damaged(study.folder, moved)
    n = sum(map(len, there.values()))
    return finding("checkpoints", n, len(moved), "checkpoint", then, dry_run=dry_run)


def _epochs(trial: Path) -> Iterator[Path]:
    for path in folders(trial):
        if path.name.startswith("epoch-"):
            yield path
        elif path.name.startswith("fold-"):
            yield from _epochs(path)


def _then(
    study: Study, there: Mapping[Path, Sequence[Path]], bad: Mapping[Path, Sequence[Path]], *, dry_run: bool
) -> str:
    """`the kept weights of trial 1 are gone; trial 3 goes on from an earlier one`."""
    names = {f"{trial.number:05d}": trial for trial in study.trials()}
    hit = [(names[path.name], len(bad[path]) == len(there[path])) for path in bad if bad[path] and path.name in names]
    gone = [trial.number for trial, is_all in hit if is_all and trial.state in FINISHED]
    anew = [trial.number for trial, is_all in hit if is_all and trial.state not in FINISHED]
    back = [trial.number for trial, is_all in hit if not is_all and trial.state not in FINISHED]
    told = [f"the kept weights of {spelt(sorted(gone))} {'would be' if dry_run else 'are'} gone"] if gone else []
    told += [f"{spelt(sorted(anew))} {_goes(anew, dry_run)} on from scratch"] if anew else []
    told += [f"{spelt(sorted(back))} {_goes(back, dry_run)} on from an earlier one"] if back else []
    return "; ".join(told)


def _goes(numbers: Sequence[int], dry_run: bool) -> str:
    return "would go" if dry_run else "goes" if len(numbers) == 1 else "go"
