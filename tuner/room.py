"""Whether the disk has room for what a search will write, asked before it starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuner.errors import SetupError
from tuner.extending import carry
from tuner.files import read_manifest
from tuner.keeping import checkpointed, newest_checkpoint
from tuner.plan import BEST, POLICIES
from tuner.planning.disk import Ahead, Disk, Need, There, bytes_text, disk_at, estimate
from tuner.study import Study
from tuner.study.backups import list_backups
from tuner.study.leftovers import checkpoint_entries, size_of
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from search_spaces import SearchSpace
    from tuner.data import ImageData
    from tuner.opening import Request
    from tuner.plan import Keep, Plan
    from tuner.study import Folder


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of a need falls to one disk."""

    place: Path
    need: Need
    room: int
    """Bytes that the disk has for it."""
    advice: str
    """How to have another disk there."""


def check_room(
    request: Request,
    plan: Plan,
    data: ImageData,
    at_once: int,
    study: Study | None = None,
    disk: Callable[[Path], Disk] = disk_at,
) -> None:
    """Raises SetupError where what is left of the search cannot fit on the disk. `study` is None where it is new."""
    folder = request.folder
    there = There() if study is None else what_is_there(study)
    carried = _n_carried(request) if study is None else 0
    left = request.budget.trials - (carried if study is None else study.n_finished())
    ahead = what_is_ahead(request.space, plan, data, trials=left, at_once=at_once, keep=request.keep)
    ahead = replace(ahead, carried=carried)

    def needed(keep: Keep) -> Need | None:
        return estimate(request.space, data, replace(ahead, keep=keep), there)

    def shortage(need: Need) -> Share | None:
        # What a study that is not there any more has left is swept away before the first trial.
        swept = sum(map(size_of, checkpoint_entries(folder))) if study is None else 0
        return next((share for share in _shares(need, folder, swept, disk) if share.need.total > share.room), None)

    need = needed(ahead.keep)
    if need is not None and (short := shortage(need)):
        smaller = ((keep, needed(keep)) for keep in (BEST, POLICIES["none"]))
        fits = (keep for keep, less in smaller if less and less.kept < need.kept and not shortage(less))
        raise SetupError(_refusal(short, next(fits, None)))


def _shares(need: Need, folder: Folder, swept: int, disk: Callable[[Path], Disk]) -> list[Share]:
    """One where all is on one disk, two where the checkpoints are a link to another. `swept` bytes will go of those."""
    own, theirs = disk(folder.path), disk(folder.all_checkpoints)
    home = "set TUNE_HOME to a folder on another disk"
    if own.device == theirs.device:
        return [Share(place=folder.path, need=need, room=own.free + swept, advice=home)]
    weights, rest = replace(need, database=0, result=0), replace(need, running=0, kept=0)
    link = "make it a link to a folder on another disk"
    return [
        Share(place=folder.all_checkpoints, need=weights, room=theirs.free + swept, advice=link),
        Share(place=folder.path, need=rest, room=own.free, advice=home),
    ]


def _n_carried(request: Request) -> int:
    """Finished trials that the new study takes over."""
    return carry(Study.open(request.extends), request.space).origin.carried if request.extends else 0


def what_is_there(study: Study) -> There:
    """Of the study, on the disk."""
    folder, trials = study.folder, study.trials()
    on_disk = {number: path for number, path in checkpointed(folder).items() if number < len(trials)}
    finished = {number for number in on_disk if trials[number].state in FINISHED}
    return There(
        database=size_of(folder.database),
        backups=sum(size_of(each.path) for each in list_backups(folder)),
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


def _refusal(short: Share, keep: Keep | None) -> str:
    """`keep` is a policy under which it would fit."""
    need = short.need
    parts = {
        "what runs": need.running,
        "kept weights": need.kept,
        "study and backups": need.database,
        "result": need.result,
    }
    told = ", ".join(f"{name} {bytes_text(size)}" for name, size in parts.items() if size)
    less = f"keep fewer weights (--keep {keep}), " if keep else ""
    return (
        f"{short.place}: the disk has {bytes_text(short.room)} free, and this search needs about "
        f"{bytes_text(need.total)} ({told}). Free some space, {less}or {short.advice}."
    )
