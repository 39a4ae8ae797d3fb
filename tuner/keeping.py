"""Which finished trials keep their weights on the disk, and the end of everybody else's."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from search_spaces import SearchSpace
from tuner.files import MANIFEST
from tuner.study.leftovers import checkpoint_folders, entries, folders, remove, unfinished
from tuner.trial import FINISHED, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tuner.plan import Keep
    from tuner.study import Folder, Study, StudyView

OPEN = frozenset({TrialState.WAITING, TrialState.RUNNING})


def ranked(trials: Iterable[Trial], objectives: Sequence[str]) -> list[Trial]:
    """The scored ones, the best first, by the rules by which a winner is chosen: complete ones before others."""

    def standing(trial: Trial) -> tuple[bool | float, ...]:
        costs = (trial.measures.get(name, math.inf) for name in objectives[1:])
        return (trial.state is not TrialState.COMPLETE, -(trial.score or 0.0), *costs, trial.number)

    return sorted((trial for trial in trials if trial.score is not None), key=standing)


class Keeper:
    """Keeps the checkpoints of one study to what was asked for. The caller holds the study's lock.

    `sweep` catches up with all that happened before, `ended` with one trial.
    """

    def __init__(self, study: Study, keep: Keep) -> None:
        self._study = study
        self._keep = keep
        self._kept: dict[int, Trial] | None = None
        """Finished trials whose weights are on the disk; None before the first look."""
        self._gone_on_with: set[int] = set()

    def ended(self, trial: Trial) -> None:
        """Drops what is not wanted any more, now that the trial is finished."""
        if self._kept is None:
            self.sweep()
            return
        self._note(trial)
        known = {**self._kept, trial.number: trial}
        self._kept = self._wanted(known.values())
        for number in known.keys() - self._kept.keys():
            remove(self._study.folder.checkpoints(number))
        if trial.number in self._kept:
            for path in superseded(self._study.folder.checkpoints(trial.number)):
                remove(path)

    def sweep(self) -> None:
        """Drops whatever is not wanted, also what killed runs left."""
        for path in [*self.unwanted(), *unfinished(self._study.folder)]:
            remove(path)

    def unwanted(self) -> list[Path]:
        """Checkpoints that nobody wants: of trials that may not keep theirs, or that the study does not know, and of
        the others all but the newest.
        """
        trials = self._study.trials()
        on_disk = checkpointed(self._study.folder)
        for trial in trials:
            self._note(trial)
        self._kept = self._wanted(trial for trial in trials if trial.number in on_disk and trial.state in FINISHED)
        going_on = {trial.number for trial in trials if trial.state in OPEN}
        found: list[Path] = []
        for number, path in on_disk.items():
            if number in self._kept:
                found += superseded(path)
            elif number not in going_on:
                found.append(path)
        return found

    def _note(self, trial: Trial) -> None:
        if trial.stage.after is not None and trial.state in FINISHED:
            self._gone_on_with.add(trial.stage.after)

    def _wanted(self, trials: Iterable[Trial]) -> dict[int, Trial]:
        """Those of the finished trials whose weights stay."""
        own = [trial for trial in trials if not trial.folds]  # of a cross-validation the folds' weights are gone
        best = ranked(own, self._study.plan.objectives)[: self._keep.most]
        rest = own if self._keep.most is None else [trial for trial in own if self._may_go_on(trial)]
        return {trial.number: trial for trial in [*best, *rest]}

    def _may_go_on(self, trial: Trial) -> bool:
        """Whether its engine may have another trial go on from where it ended."""
        part = trial.stage.epochs is not None and trial.stage.epochs < self._full_epochs
        return part and trial.state is not TrialState.FAILED and trial.number not in self._gone_on_with

    @cached_property
    def _full_epochs(self) -> int:
        space = SearchSpace.parse(self._study.space_text, "the study's space")
        return self._study.plan.epochs or space.default().training.epochs


def weights(study: StudyView) -> Mapping[int, Path]:
    """Number of each trial that has weights on the disk -> the folder of its newest checkpoint."""
    newest = {number: newest_checkpoint(path) for number, path in checkpointed(study.folder).items()}
    return {number: path for number, path in newest.items() if path is not None}


def checkpointed(folder: Folder) -> dict[int, Path]:
    """The folders of trials' checkpoints by the trial's number. What bears another name is not ours."""
    ours = (path for path in checkpoint_folders(folder) if path.name.isascii() and path.name.isdigit())
    return {int(path.name): path for path in ours if path == folder.checkpoints(int(path.name))}


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest that was finished; None where there is none."""
    return max((path for path in folders(folder) if (path / MANIFEST).is_file()), default=None)


def superseded(folder: Path) -> list[Path]:
    """What a finished trial has beside its newest checkpoint; the folder itself where it has none."""
    newest = newest_checkpoint(folder)
    return [folder] if newest is None else [path for path in entries(folder) if path != newest]
