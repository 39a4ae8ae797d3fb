"""The best trials of a search, trained again under fresh seeds: its best score is partly luck.

They are trained as trials are, by the same search over a study of its own that proposes nothing. Its folder goes when
its scores stand in the study.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tuner import openings
from tuner.confirmation import Candidate, Confirmation, Repeat, confirmation_of, keep_confirmation, winner_of
from tuner.distributions import new_row
from tuner.engines import Exhausted
from tuner.errors import Interrupted, StudyError
from tuner.events import (
    Again,
    Confirming,
    EpochScored,
    Event,
    TrialBegan,
    TrialEnded,
    WaitingForMemory,
    Warned,
    WorkerLost,
)
from tuner.files import new_file
from tuner.finish.course import course
from tuner.keeping import OPEN
from tuner.plan import POLICIES
from tuner.search import Search
from tuner.study import Study, attributes
from tuner.study.guard import beating
from tuner.trial import Stage, TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.engines import History
    from tuner.events import OfATrial
    from tuner.finish.course import Course
    from tuner.finish.means import Means
    from tuner.opening import Request
    from tuner.plan import Budget
    from tuner.trial import Epoch, Trial

OF = "confirms"
"""Under which a training notes the number of the trial that it repeats."""

DONE = "all repeats are trained"

Training = tuple[int, int]
"""Number of the trial that it repeats, and which repeat it is, from 0."""


class Queue:
    """An Engine that proposes nothing: all that is to be trained waits in the study."""

    knows_its_end = True
    goes_on = False

    def propose(self, _history: History) -> Exhausted:
        return Exhausted(DONE)

    def judge(self, _trial: object, _curve: Sequence[Epoch]) -> str:
        return ""


def confirm(study: Study, request: Request, means: Means) -> int:
    """Leaves in the study how its best trials fare under fresh seeds, as far as that is not there already. Returns the
    workers' peak memory in bytes; 0 where none was needed.

    Raises Interrupted where it shall end, and is gone on with by the next run; TuneError where nothing can be trained.
    """
    plan, asked = study.plan, request.confirm is not None or request.repeats is not None
    if plan.folds is not None:  # each trial was trained once for each fold
        return 0
    if not asked and _is_tested(study):  # to choose again would be to choose after a look at the test set
        return 0
    before = confirmation_of(study)
    confirmation = _planned(course(study.trials(), plan.objectives, request.confirm, request.repeats), before)
    if confirmation != before:
        keep_confirmation(study, confirmation)
    memory = 0
    if not confirmation.is_whole:
        memory = _Trainings(study, confirmation, means).run(request.budget)
    shutil.rmtree(study.folder.confirmation.path, ignore_errors=True)
    return memory


def _is_tested(study: Study) -> bool:
    """Whether the winner, as the trials stand, was retrained and so tested."""
    best = winner_of(study, study.trials())
    return best is not None and openings.is_of(study, best.number)


def _planned(planned: Course, before: Confirmation | None) -> Confirmation:
    """With what is known of its candidates from before."""
    known = {each.configuration: each for each in (before.candidates if before else ())}
    return Confirmation(
        repeats=planned.repeats,
        why=planned.why,
        candidates=tuple(
            _candidate(trial, known.get(trial.configuration), planned.repeats) for trial in planned.candidates
        ),
    )


def _candidate(trial: Trial, known: Candidate | None, repeats: int) -> Candidate:
    """With those of its first `repeats` that are known."""
    return Candidate(
        trial=trial.number,
        configuration=trial.configuration,
        parameters=trial.parameters or 0,
        searched=trial.score or 0.0,
        repeats=tuple(each for each in (known.repeats if known else ()) if each.number < repeats),
        failed=tuple(number for number in (known.failed if known else ()) if number < repeats),
    )


class _Trainings:
    """What is missing of a confirmation, trained."""

    def __init__(self, study: Study, confirmation: Confirmation, means: Means) -> None:
        self._study = study
        self._confirmation = confirmation
        self._means = means
        self._folder = study.folder.confirmation

    def run(self, budget: Budget) -> int:
        """All of it. Returns the workers' peak memory in bytes."""
        with closing(self._opened()) as own, beating(self._folder.database):
            own.release_interrupted(budget.retries)
            trials = own.trials()
            self._which = {trial.number: _training(trial) for trial in trials}
            self._means.observe(
                Confirming(
                    trials=tuple(each.trial for each in self._confirmation.candidates),
                    repeats=self._confirmation.repeats,
                    left=len(self._missing()),
                )
            )
            search = Search(
                study=own,
                space=self._means.space,
                engine=Queue(),
                executor=self._means.executor,
                jobs=replace(self._means.jobs, folder=self._folder),
                budget=replace(budget, trials=len(trials), timeout=None),
                observe=self._observe,
                control=self._means.control,
                need=self._means.need,
                keep=POLICIES["none"],
                each_turn=self._means.each_turn,
            )
            search.run()
        if self._means.control.stopping:
            raise Interrupted(self._means.control.reason, self._means.control.signal)
        return search.worker_memory

    def _missing(self) -> list[Training]:
        """In their order: each candidate once, then each a second time."""
        return [
            (each.trial, number)
            for number in range(self._confirmation.repeats)
            for each in self._confirmation.candidates
            if number not in {*each.failed, *(repeat.number for repeat in each.repeats)}
        ]

    def _opened(self) -> Study:
        """The study of the trainings: that of a run that was cut off, where it has what is missing."""
        missing = self._missing()
        with suppress(StudyError):  # what it had told stands in the study, so that a damaged one is no loss
            own = Study.open(self._folder, writable=True)
            if {_training(trial) for trial in own.trials() if trial.state in OPEN} == set(missing):
                return own
            own.close()
        shutil.rmtree(self._folder.path, ignore_errors=True)
        with new_file(self._folder.split) as work:
            shutil.copyfile(self._study.folder.split, work)
        space, trials = self._means.space, self._study.trials()
        rows = [
            new_row(
                space,
                space.check_values(trials[number].values),
                attributes(Stage(repeat=repeat), {OF: number}),
                waiting=True,
            )
            for number, repeat in missing
        ]
        return Study.create(self._folder, replace(self._study.plan, pruner="none"), self._study.space_text, rows)

    def _observe(self, event: Event) -> None:
        match event:
            case TrialEnded(trial=ended):
                self._record(ended)
                self._tell(ended.number, event)
            case TrialBegan() | EpochScored() | WorkerLost() | WaitingForMemory():
                self._tell(event.number, event)
            case Warned(number=int(number)):
                self._tell(number, event)
            case _:
                self._means.observe(event)

    def _tell(self, number: int, event: OfATrial) -> None:
        trial, repeat = self._which[number]
        self._means.observe(Again(trial=trial, repeat=repeat, repeats=self._confirmation.repeats, event=event))

    def _record(self, ended: Trial) -> None:
        """What came of a training stands in the study when this returns."""
        number, repeat = _training(ended)
        before = self._confirmation.candidates
        candidates = (_with(each, ended, repeat) if each.trial == number else each for each in before)
        self._confirmation = replace(self._confirmation, candidates=tuple(candidates))
        keep_confirmation(self._study, self._confirmation)


def _training(trial: Trial) -> Training:
    return trial.engine[OF], trial.stage.repeat or 0


def _with(candidate: Candidate, ended: Trial, number: int) -> Candidate:
    if ended.state is not TrialState.COMPLETE or ended.best is None:
        return replace(candidate, failed=tuple(sorted({*candidate.failed, number})))
    repeat = Repeat(
        number=number,
        seed=ended.seed,
        score=ended.score or 0.0,
        epoch=ended.best.epoch,
        seconds=ended.seconds,
    )
    return replace(candidate, repeats=tuple(sorted([*candidate.repeats, repeat], key=lambda each: each.number)))
