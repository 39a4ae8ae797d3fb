"""A user's own guess: held against the study, and left where the search finds it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces import SpaceError, misfit
from tuner.errors import BusyError, StudyError, UsageError
from tuner.events import SetAside
from tuner.study import Study, hold, inbox
from tuner.trial import Trial, TrialState

if TYPE_CHECKING:
    from search_spaces import Configuration, SearchSpace


@dataclass(frozen=True, kw_only=True)
class Queued:
    number: int | None
    """Of the trial that waits; None where the guess is in the inbox, and another process takes it in."""
    first: tuple[int, ...] = ()
    """Numbers of the trials that are tried before it."""
    aside: tuple[SetAside, ...] = ()
    """Files of the inbox that were no guesses."""


def check(study: Study, space: SearchSpace, configuration: Configuration) -> None:
    """Raises UsageError where the configuration cannot be trained, StudyError where that would be for nothing."""
    if study.plan.folds is not None and study.plan.algorithm == "halving":
        # Scored on all images at once, it could not be compared with any other, and would win by having seen more.
        raise StudyError(
            f"study '{study.folder.name}' halves a grid: its first round tries every configuration anyway."
        )
    data = study.fact("data", {})
    height, width, channels = data["image_shape"]
    shape = (height, width, channels)
    reason = space.forbidden(configuration) or misfit(space, configuration, shape, len(data["class_names"]))
    if reason:
        raise UsageError(f"this configuration cannot be tried: {reason}.")
    _check_new(study, space, configuration)


def _check_new(study: Study, space: SearchSpace, configuration: Configuration) -> None:
    for trial in study.trials():
        known = trial.configuration or _hash(space, trial)
        if (known, trial.stage.epochs, trial.stage.samples) == (configuration.hash, None, None):
            _refuse_known(trial)
    if any(each.hash == configuration.hash for each in inbox.pending(study, space)):
        raise StudyError(f"the same configuration is on its way already, in {study.folder.inbox}.")


def _hash(space: SearchSpace, trial: Trial) -> str:
    """Of one that was not begun, and has all its values; '' for others."""
    if trial.state is not TrialState.WAITING:
        return ""
    try:
        made = space.check_values(trial.values)
    except SpaceError:
        return ""
    return made.hash if made.values.keys() == trial.values.keys() else ""


def _refuse_known(trial: Trial) -> None:
    same = f"trial {trial.number} is the same and"
    if trial.state is TrialState.WAITING:
        raise StudyError(f"{same} waits already.")
    if trial.state is TrialState.RUNNING:
        raise StudyError(f"{same} is being trained.")
    if trial.score is not None and trial.state is not TrialState.TURNED_DOWN:
        end = {TrialState.PRUNED: " before it was pruned", TrialState.FAILED: f" before it failed ({trial.reason})"}
        raise StudyError(f"{same} scored {trial.score:.4f}{end.get(trial.state, '')}.")


def enqueue(study: Study, space: SearchSpace, configuration: Configuration) -> Queued:
    """Puts it into the queue; or, where a live process holds the study, into the inbox of that process."""
    guess = inbox.put(study, configuration.values)
    folder = study.folder
    try:
        with hold(folder.path, folder.name), closing(Study.open(folder, writable=True)) as held:
            events = list(inbox.take_in(held, space))
            number = held.guesses()[guess]
            aside = tuple(event for event in events if isinstance(event, SetAside))
            return Queued(number=number, first=_before(held, number), aside=aside)
    except BusyError:
        return Queued(number=None)


def _before(study: Study, number: int) -> tuple[int, ...]:
    """Trials that wait and are tried before that one."""
    waiting = [trial for trial in study.trials() if trial.state is TrialState.WAITING and trial.number != number]
    return tuple(trial.number for trial in waiting if trial.configuration or (trial.enqueued and trial.number < number))
