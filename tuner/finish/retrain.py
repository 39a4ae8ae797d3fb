"""The winner, trained again on training and validation images and evaluated on the sealed test set."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from tuner.errors import Interrupted, TuneError
from tuner.events import Event, Retraining, RetrainingEpoch
from tuner.files import read_manifest, sweep
from tuner.messages import Died, Done, EpochDone, Failed
from tuner.opening import OPENINGS
from tuner.trial import Trial, winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_spaces import Configuration, SearchSpace, Training
    from tuner.control import Control
    from tuner.executors import Executor
    from tuner.jobs import TrainingJobs
    from tuner.study import Folder, Study

ATTEMPTS = 3
"""Times the retraining is begun where its process dies."""

FALLING = frozenset({"linear", "cosine", "exponential", "one_cycle"})
"""Schedules after which the learning rate is low, whatever the scores were."""


def retrain_winner(
    study: Study,
    space: SearchSpace,
    jobs: TrainingJobs,
    executor: Executor,
    observe: Callable[[Event], None],
    control: Control,
) -> int:
    """Leaves the winner in the study's `best` folder, where it is not there already. Returns the worker's peak memory
    in bytes; 0 where none was needed.

    Raises TuneError where no trial scored or the retraining fails.
    """
    _note_opening(study)  # one that a killed run had no time to record
    best = winner(study.trials(), study.plan.objectives)
    if best is None:
        raise TuneError(_why_none(study))
    configuration = space.check_values(best.values)
    epochs = epochs_of(best, configuration.training, jobs.epochs(configuration))
    manifest = result(study.folder)
    if manifest is not None and (manifest.get("trial"), manifest.get("epochs")) == (best.number, epochs):
        return 0
    ending = _retrain(study.folder, best, configuration, epochs, jobs, executor, observe, control=control)
    _note_opening(study)
    return ending.memory


def result(folder: Folder) -> dict[str, Any] | None:
    """What the manifest of the retrained winner says; None where there is none or a file of it is damaged."""
    return read_manifest(folder.best)


def epochs_of(best: Trial, training: Training, full: int) -> int:
    """The epoch at which the trial was at its best: more would overfit, fewer would leave something to learn.

    All epochs where folds were scored: each was trained to its end, and nobody saw what came before.

    All epochs where a schedule brings the learning rate down by itself: such a training is good at its end. (A trial
    of cnn_small that was cut off after 17 of its 24 epochs, and retrained for 17, scored 0.909 on the test images.)
    """
    falls = training.schedule is not None and training.schedule.kind in FALLING
    if falls and training.early_stopping is None:
        return full
    if best.folds:
        return full
    return best.best.epoch if best.best else 1


def _retrain(
    folder: Folder,
    best: Trial,
    configuration: Configuration,
    epochs: int,
    jobs: TrainingJobs,
    executor: Executor,
    observe: Callable[[Event], None],
    *,
    control: Control,
) -> Done:
    facts = {
        "trial": best.number,
        "epochs": epochs,
        "configuration": configuration.hash,
        "classes": list(jobs.data.class_names),
    }
    job = jobs.retrain(best, configuration, epochs, facts)
    sweep(folder.path, folder.best.name)
    observe(Retraining(trial=best, epochs=epochs))
    for attempt in count(1):
        executor.submit(executor.free()[0], job)
        ending = _wait(executor, best.number, observe, control)
        if isinstance(ending, Done):
            return ending
        if isinstance(ending, Failed) or attempt == ATTEMPTS:
            raise TuneError(f"retraining trial {best.number} failed: {ending.detail}. See {folder.logs}.")
    raise AssertionError  # count has no end


def _wait(executor: Executor, job: int, observe: Callable[[Event], None], control: Control) -> Done | Failed | Died:
    while True:
        if control.stopping:
            raise Interrupted(control.reason, control.signal)
        message = executor.next(timeout=0.2)
        match message:
            case EpochDone(job=number) if number == job:
                observe(RetrainingEpoch(epoch=message.epoch))
            case Done(job=number) | Failed(job=number) if number == job:
                return message
            case Died(job=number) if number == job or number is None:
                return message
            case _:
                pass


def _note_opening(study: Study) -> None:
    """Records with the study when the test set was opened, once for each time it was."""
    manifest = result(study.folder)
    openings = study.fact(OPENINGS, [])
    known = [each["opened"] for each in openings if "study" not in each]  # but those of a study that it grew from
    if manifest is not None and manifest["opened"] not in known:
        study.remember(OPENINGS, [*openings, {"opened": manifest["opened"], "trial": manifest["trial"]}])


def _why_none(study: Study) -> str:
    trials = study.trials()
    failed = [trial for trial in trials if trial.reason and trial.detail]
    last = f" The last one: {failed[-1].reason}: {failed[-1].detail}." if failed else ""
    return f"no trial of study '{study.folder.name}' has a score, so there is nothing to retrain.{last}"
