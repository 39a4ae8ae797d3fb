"""Whether the disk has room for what a search will write, asked before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.errors import SetupError
from tuner.files import read_manifest
from tuner.keeping import checkpointed, newest_checkpoint
from tuner.plan import BEST, POLICIES
from tuner.planning.disk import Ahead, Need, There, bytes_text, estimate, free_bytes
from tuner.study.leftovers import size_of
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from search_spaces import SearchSpace
    from tuner.data import ImageData
    from tuner.opening import Request
    from tuner.plan import Keep, Plan
    from tuner.study import Folder, Study


def check_room(
    request: Request,
    plan: Plan,
    data: ImageData,
    at_once: int,
    study: Study | None = None,
    free: Callable[[Path], int] = free_bytes,
) -> None:
    """Raises SetupError where what is left of the search cannot fit on the disk. `study` is None where it is new."""
    folder = request.folder
    there = There() if study is None else what_is_there(study)
    left = request.budget.trials - (0 if study is None else study.n_finished())
    ahead = what_is_ahead(request.space, plan, data, trials=left, at_once=at_once, keep=request.keep)
    need = estimate(request.space, data, ahead, there)
    # What a study that is not there any more has left is swept away before the first trial.
    room = free(folder.path) + (size_of(folder.all_checkpoints) if study is None else 0)
    if need is not None and need.total > room:
        raise SetupError(_refusal(need, room, folder, request.keep))


def what_is_there(study: Study) -> There:
    """Of the study, on the disk."""
    folder, trials = study.folder, study.trials()
    on_disk = {number: path for number, path in checkpointed(folder).items() if number < len(trials)}
    finished = {number for number in on_disk if trials[number].state in FINISHED}
    return There(
        database=size_of(folder.database),
        backups=size_of(folder.backups),
        kept=sum(newest_checkpoint(on_disk[number]) is not None for number in finished),
        cut_off=sum(size_of(path) for number, path in on_disk.items() if number not in finished),
        has_result=read_manifest(folder.best) is not None,
    )


def what_is_ahead(space: SearchSpace, plan: Plan, data: ImageData, *, trials: int, at_once: int, keep: Keep) -> Ahead:
    """Of a search for so many more trials."""
    return Ahead(
        trials=trials,
        at_once=at_once,
        epochs=plan.epochs or space.default().training.epochs,
        # Of a cross-validation no weights are kept: a fold's go when it is scored.
        keep=POLICIES["none"] if plan.folds else keep,
        in_rounds=plan.algorithm == "hyperband",
        predictions=sum(data.test_counts) * data.n_classes,
    )


def _refusal(need: Need, room: int, folder: Folder, keep: Keep) -> str:
    parts = {
        "what runs": need.running,
        "kept weights": need.kept,
        "study and backups": need.database,
        "result": need.result,
    }
    told = ", ".join(f"{name} {bytes_text(size)}" for name, size in parts.items() if size)
    less = f"keep fewer weights (--keep {'none' if keep == BEST else 'best'}), " if need.kept else ""
    return (
        f"{folder.path}: the disk has {bytes_text(room)} free, and this search needs about {bytes_text(need.total)} "
        f"({told}). Free some space, {less}or set TUNE_HOME to a folder on another disk."
    )
