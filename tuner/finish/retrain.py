"""The winner, trained again on training and validation images and evaluated on the sealed test set."""

from __future__ import annotations

import shutil
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from tuner import crashing, openings
from tuner.confirmation import confirmation_of, winner_of
from tuner.errors import DataError, Interrupted, SetupError, StudyError, TuneError
from tuner.events import Event, Retraining, RetrainingEpoch, Warned
from tuner.files import damage, read_manifest, sweep
from tuner.messages import DATA, Died, Done, EpochDone, Failed, Remark, Retrain, Unusable
from tuner.patience import ASLEEP, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from search_spaces import Training
    from tuner.control import Control
    from tuner.executors import Executor
    from tuner.finish.means import Means
    from tuner.study import Folder, Study
    from tuner.trial import Trial

MORE_IMAGES = 2.0
"""Times an epoch of the trial that one of the retraining may usually take: it has the validation images too."""

AGAIN = "Mend that, and give the same command again."

ATTEMPTS = 3
"""Times the retraining is begun where its process dies."""

FALLING = frozenset({"linear", "cosine", "exponential", "one_cycle"})
"""Schedules after which the learning rate is low, whatever the scores were."""


def retrain_winner(study: Study, means: Means) -> int:
    """Leaves the winner in the study's `best` folder, where it is not there already. Returns the worker's peak memory
    in bytes; 0 where none was needed.

    Raises TuneError where no trial scored or the retraining fails.
    """
    _note_opening(study)  # one that a killed run had no time to record
    best, at = _chosen(study)
    if best is None:
        raise TuneError(_why_none(study))
    jobs, observe = means.jobs, means.observe
    configuration = means.space.check_values(best.values)
    epochs = epochs_of(best, configuration.training, jobs.epochs(configuration), at)
    facts = {
        "trial": best.number,
        "epochs": epochs,
        "configuration": configuration.hash,
        "classes": list(jobs.data.class_names),
    }
    if _is_there(study.folder, facts):
        return 0
    if why := damage(study.folder.best):
        what = f"the retrained winner in {study.folder.best} is damaged ({why})"
        observe(Warned(text=f"{what}: it is trained again, and the test set is opened once more"))
    job = jobs.retrain(best, configuration, epochs, facts)
    ending = _retrain(study.folder, best, job, means)
    _note_opening(study)
    return ending.memory


def _is_there(folder: Folder, facts: Mapping[str, Any]) -> bool:
    """Whether the winner that this is said of was retrained and is whole."""
    manifest = result(folder)
    return manifest is not None and facts.items() <= manifest.items()


def result(folder: Folder) -> dict[str, Any] | None:
    """What the manifest of the retrained winner says; None where there is none or a file of it is damaged."""
    return read_manifest(folder.best)


def _chosen(study: Study) -> tuple[Trial | None, int | None]:
    """The trial that wins, and the epoch at which trainings like it are at their best, where several were made."""
    best, confirmation = winner_of(study, study.trials()), confirmation_of(study)
    repeated = {each.configuration: each.epoch for each in (confirmation.confirmed if confirmation else ())}
    return best, None if best is None else repeated.get(best.configuration)


def epochs_of(best: Trial, training: Training, full: int, at: int | None = None) -> int:
    """The epoch at which the trial was at its best, or trainings like it were: more would overfit, fewer would leave
    something to learn.

    All epochs where folds were scored: each was trained to its end, and nobody saw what came before.

    All epochs where a schedule brings the learning rate down by itself: such a training is good at its end. (A trial
    of cnn_small that was cut off after 17 of its 24 epochs, and retrained for 17, scored 0.909 on the test images.)
    """
    falls = training.schedule is not None and training.schedule.kind in FALLING
    if falls and training.early_stopping is None:
        return full
    if best.folds:
        return full
    return at or (best.best.epoch if best.best else 1)


def _retrain(folder: Folder, best: Trial, job: Retrain, means: Means) -> Done:
    executor, observe = means.executor, means.observe
    sweep(folder.path, folder.best.name)
    _drop(folder, but=job.checkpoints)
    observe(Retraining(trial=best, epochs=job.epochs))
    crashing.here("retraining-begun")
    for attempt in count(1):
        executor.submit(_slot(executor, folder), job, alone=True)
        ending = _wait(executor, best, observe, means.control)
        if isinstance(ending, Died) and _is_there(folder, job.facts):
            ending = Done(job=job.job, seconds=0, memory=0)  # it died after its work was done
        if isinstance(ending, Done):
            _drop(folder)
            return ending
        if isinstance(ending, Failed) and ending.refused:
            raise StudyError(f"{folder.path}: the winner could not be kept: {ending.detail}. {AGAIN}")
        if isinstance(ending, Failed) and ending.reason == DATA:
            raise DataError(ending.detail)
        if isinstance(ending, Failed) or attempt == ATTEMPTS:
            why = f"retraining trial {best.number} failed: {ending.detail}. What it said stands in {folder.logs}."
            raise TuneError(f"{why} The same command again goes on with it.")
        observe(Warned(text=f"retraining: {ending.detail}; going on with it ({attempt + 1} of {ATTEMPTS} attempts)"))
    raise AssertionError  # count has no end


def _drop(folder: Folder, but: str = "") -> None:
    """Ends the epochs that retrainings have left, but those in the folder that is to be gone on with."""
    for path in folder.retrainings:
        if str(path) != but:
            shutil.rmtree(path, ignore_errors=True)


def _slot(executor: Executor, folder: Folder) -> str:
    """The one with the most free memory: what others hold on a device they will keep."""
    rooms = {slot: executor.room(slot) for slot in executor.free()}
    left = [slot for slot in rooms if slot in executor.slots]  # a device may be found gone by being asked
    if not left:
        raise SetupError(f"no device is left to retrain the winner on. See {folder.logs}.")
    return max(left, key=lambda slot: rooms[slot] or 0)


def _wait(executor: Executor, best: Trial, observe: Callable[[Event], None], control: Control) -> Done | Failed | Died:
    job, usual = best.number, MORE_IMAGES * max((epoch.seconds for epoch in best.curve), default=0.0)
    seen = scored = now = time.monotonic()
    while True:
        if control.stopping:
            raise Interrupted(control.reason, control.signal)
        message, before, now = executor.next(timeout=0.2), now, time.monotonic()
        if now - before > ASLEEP:
            seen = scored = now
        match message:
            case EpochDone(job=number) if number == job:
                seen = scored = now
                observe(RetrainingEpoch(epoch=message.epoch))
            case Remark(job=number) if number == job:
                observe(Warned(text=message.text))
            case Done(job=number) | Failed(job=number) | Died(job=number) if number == job:
                return message
            case Unusable(job=number) if number == job:
                executor.kill(job)
                return Died(job=job, detail=message.detail)
            case None if Patience().hangs(now, seen=seen, scored=scored, usual=usual or None):
                executor.kill(job)
                return Died(job=job, detail=f"its worker hung: no epoch for {now - scored:.0f} s")
            case None:
                pass
            case _:
                seen = now


def _note_opening(study: Study) -> None:
    """Records with the study when the test set was opened, once for each time it was."""
    manifest = result(study.folder)
    if manifest is not None and not openings.is_noted(study, manifest):
        openings.note(study, manifest)
        crashing.here("opening-noted")


def _why_none(study: Study) -> str:
    trials = study.trials()
    failed = [trial for trial in trials if trial.reason and trial.detail]
    last = f" The last one: {failed[-1].reason}: {failed[-1].detail}." if failed else ""
    return f"no trial of study '{study.folder.name}' has a score, so there is nothing to retrain.{last}"
