"""The loop: propose, train, judge, record. It never trains itself, and it alone writes to the study."""

from __future__ import annotations

import shutil
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.control import Control
from tuner.engines import Exhausted, Idle
from tuner.errors import TuneError
from tuner.events import EpochScored, Event, FoldScored, TrialBegan, TrialEnded, WorkerLost
from tuner.messages import (
    Begun,
    CrossValidate,
    Died,
    Done,
    EpochDone,
    Failed,
    FoldDone,
    FromWorker,
    Ready,
    Stopped,
    Train,
)
from tuner.proposing import Proposals, Trainable
from tuner.trial import BLAMED, Epoch, Fold, Reason, Stage, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna

    from search_spaces import Configuration, SearchSpace
    from tuner.engines import Engine
    from tuner.executors import Executor
    from tuner.jobs import TrainingJobs
    from tuner.plan import Budget
    from tuner.study import Study

MAX_RETRIES = 2
"""Times a trial whose process died is begun again under its own number."""

STOP_GRACE = 8.0
"""Seconds that a worker has to give up its trial when the search ends; then it is killed and its epoch is lost."""

BRAKE_AT_START, BRAKE_LATER = 3, 10
"""Failures in a row that end the run: with one reason before anything has completed, and of any kind later."""


@dataclass
class _Running:
    what: Trainable
    device: str = ""
    curve: tuple[Epoch, ...] = ()
    folds: tuple[Fold, ...] = ()
    pruned: str = ""
    """Why it is being ended early; what its worker still sends is not recorded."""
    retries: int = 0

    @property
    def trial(self) -> optuna.Trial:
        return self.what.trial

    @property
    def stage(self) -> Stage:
        return self.what.stage

    @property
    def configuration(self) -> Configuration:
        return self.what.configuration


@dataclass
class Search:
    """One run of the search over a study. `run` returns why it ended."""

    study: Study
    space: SearchSpace
    engine: Engine
    executor: Executor
    jobs: TrainingJobs
    budget: Budget
    observe: Callable[[Event], None]
    control: Control = field(default_factory=Control)
    clock: Callable[[], float] = time.monotonic
    seconds_before: float = 0.0
    """Search time of earlier sessions."""
    worker_memory: int = 0
    """Peak resident bytes of any worker."""
    exhausted: bool = False
    """Whether it ended because there is nothing left to propose."""

    def __post_init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._retry: deque[_Running] = deque()
        self._failures: list[str] = []
        self._began = self.clock()
        self._proposals = Proposals(
            study=self.study,
            space=self.space,
            engine=self.engine,
            image_shape=self.jobs.image_shape,
            n_classes=self.jobs.n_classes,
            observe=self.observe,
            stopping=lambda: self.control.stopping or self._time_is_up(),
        )
        self._n_finished = self.study.n_finished()
        self._ended = ""
        self._stopped_at: float | None = None

    @property
    def seconds(self) -> float:
        """Search time so far, earlier sessions included."""
        return self.seconds_before + self.clock() - self._began

    def run(self) -> str:
        self._proposals.take_in()
        while True:
            self._notice_the_end()
            if not self._ended or self._retry:
                self._fill()
            if self._ended and not self._retry and not self._running:
                return self._ended
            message = self.executor.next(timeout=0.2)
            if message is not None:
                self._handle(message)
            elif self._stopped_at is not None and self.clock() - self._stopped_at > STOP_GRACE:
                self._abandon()

    def _notice_the_end(self) -> None:
        if self._stopped_at is not None and not self.control.stopping:
            return
        if self.control.stopping:
            self._stop_all(self.control.reason)
        elif not self._ended and self._n_finished >= self.budget.trials:
            self._ended = f"all {self.budget.trials} trials are done"
        elif self._time_is_up():
            self._stop_all("its time was up")

    def _time_is_up(self) -> bool:
        timeout = self.budget.timeout
        return timeout is not None and self.clock() - self._began >= timeout and self._may_end()

    def _may_end(self) -> bool:
        """A timeout that comes before the first epoch waits for it: a search without any score could not be used."""
        return self._proposals.any_scored or any(each.curve or each.folds for each in self._running.values())

    def _stop_all(self, why: str) -> None:
        if self._ended == why:
            return
        self._ended = why
        self.exhausted = False
        self._stopped_at = self.clock()
        for number in self._running:
            self.executor.stop(number)
        while self._retry:
            self.study.pause(self._retry.popleft().trial.number)

    def _abandon(self) -> None:
        for number in list(self._running):
            self.executor.kill(number)
            self.study.pause(self._running.pop(number).trial.number)

    def _fill(self) -> None:
        for slot in self.executor.free():
            if self._retry:
                self._submit(slot, self._retry.popleft())
            elif not self._ended and self._n_finished + len(self._running) < self.budget.trials:
                match self._proposals.next(anything_runs=bool(self._running)):
                    case Trainable() as following:
                        self._submit(slot, _Running(following))
                    case Exhausted(reason=reason):
                        self.exhausted = True
                        self._ended = self._ended or reason
                        return
                    case Idle():
                        return

    def _submit(self, slot: str, running: _Running) -> None:
        running.device = slot
        number, trials = running.trial.number, self.study.trials()
        parameters = int(running.what.measures["parameters"])
        after = None if running.stage.after is None else trials[running.stage.after]
        job: Train | CrossValidate
        if self.jobs.plan.folds is None:
            job = self.jobs.train(number, running.configuration, running.stage, after)
        else:
            running.folds = trials[number].folds
            job = self.jobs.cross_validate(number, running.configuration, running.stage, len(running.folds))
        self.study.begin(
            running.trial,
            configuration=running.configuration.hash,
            seed=job.seed,
            parameters=parameters,
            measures=running.what.measures,
            device=slot,
            retries=running.retries,
        )
        self._running[number] = running
        self.executor.submit(slot, job)
        self.observe(
            TrialBegan(
                number=number,
                preset=trials[number].preset,
                parameters=parameters,
                epochs=job.epochs,
                folds=self.jobs.plan.folds,
                device=slot,
                enqueued=trials[number].enqueued,
            )
        )

    def _handle(self, message: FromWorker) -> None:
        match message:
            case EpochDone():
                self._epoch(message)
            case FoldDone():
                self._fold(message)
            case Done() | Stopped() | Failed():
                self.worker_memory = max(self.worker_memory, message.memory)
                running = self._running.pop(message.job, None)
                if running is not None:
                    self._conclude(running, message)
            case Died():
                self._died(message)
            case Ready() | Begun():
                pass

    def _epoch(self, message: EpochDone) -> None:
        running = self._running.get(message.job)
        if running is None or running.pruned or message.epoch.epoch != len(running.curve) + 1:
            return
        running.curve = (*running.curve, message.epoch)
        self.study.record_epoch(running.trial, running.curve, round(self.seconds, 1))
        self.observe(EpochScored(number=message.job, epoch=message.epoch))
        verdict = self.engine.judge(running.trial, running.curve)
        if verdict and message.epoch.epoch < self.jobs.epochs(running.configuration):
            running.pruned = verdict
            self.executor.stop(message.job)

    def _fold(self, message: FoldDone) -> None:
        running = self._running.get(message.job)
        if running is None or message.fold.fold != len(running.folds):
            return
        running.folds = (*running.folds, message.fold)
        self.study.record_fold(running.trial, running.folds)
        self.observe(FoldScored(number=message.job, folds=running.folds))

    def _conclude(self, running: _Running, message: Done | Stopped | Failed) -> None:
        seconds = max(message.seconds, self._trained(running))
        if running.pruned:
            self._finish(running, TrialState.PRUNED, running.pruned, "", seconds)
        elif isinstance(message, Done):
            self._complete(running, message, seconds)
        elif isinstance(message, Failed):
            self._finish(running, TrialState.FAILED, message.reason, message.detail, seconds)
            # A grid goes through its values in order, so what fails for its configuration comes in a row.
            if not (self.engine.knows_its_end and message.reason in BLAMED):
                self._brake(message.reason, message.detail)
        else:
            self.study.pause(running.trial.number)

    def _complete(self, running: _Running, message: Done, seconds: float) -> None:
        measured = {} if message.latency is None else {"latency": message.latency}
        lacking = set(self.study.plan.objectives[1:]) - {*running.what.measures, *measured}
        if lacking:  # without a value in each objective it has no place among the others
            detail = f"its {', '.join(sorted(lacking))} was not measured"
            self._finish(running, TrialState.FAILED, Reason.CRASH, detail, seconds)
            self._brake(Reason.CRASH, detail)
        else:
            self._finish(running, TrialState.COMPLETE, "", "", seconds, measured)

    def _died(self, message: Died) -> None:
        running = self._running.pop(message.job, None) if message.job is not None else None
        if running is None:
            if not self._running:
                self._brake("worker", message.detail)
            return
        number = running.trial.number
        if self._stopped_at is not None and not running.pruned:
            self.study.pause(number)
        elif running.pruned:
            self._conclude(running, Done(job=number, seconds=0, memory=0))
        elif running.retries < MAX_RETRIES:
            running.retries += 1
            running.curve = ()  # its checkpoint tells the epochs again
            self._retry.append(running)
            self.observe(WorkerLost(number=number, detail=message.detail, retry=running.retries))
        else:
            running.curve = self.study.trials()[number].curve
            self._finish(running, TrialState.FAILED, Reason.CRASH, message.detail, self._trained(running))
            self._brake(Reason.CRASH, message.detail)

    def _trained(self, running: _Running) -> float:
        """Seconds of its own epochs and folds: those of a trial that it went on with were paid for there."""
        after = running.stage.after
        before = len(self.study.trials()[after].curve) if after is not None else 0
        folds = sum(fold.seconds + fold.score_seconds for fold in running.folds)
        return sum(epoch.seconds for epoch in running.curve[before:]) + folds

    def _finish(
        self,
        running: _Running,
        state: TrialState,
        reason: str,
        detail: str,
        seconds: float,
        measures: Mapping[str, float] | None = None,
    ) -> None:
        number = running.trial.number
        self.study.finish(
            running.trial,
            state,
            reason=reason,
            detail=detail,
            seconds=round(seconds, 3),
            finished_after=round(self.seconds, 1),
            measures=measures,
        )
        self._drop_checkpoints(running)
        self._n_finished += 1
        trial = self.study.trials()[number]
        self._proposals.ended(trial)
        if state is not TrialState.FAILED:
            self._failures.clear()
        self.observe(TrialEnded(trial=trial))

    def _drop_checkpoints(self, running: _Running) -> None:
        """Those of the one that it went on with, and its own unless another may go on with it."""
        whole = running.stage.epochs in (None, self.jobs.epochs(running.configuration))
        done = [] if self.engine.goes_on and not whole else [running.trial.number]
        if running.stage.after is not None:
            done.append(running.stage.after)
        for number in done:
            shutil.rmtree(self.study.folder.checkpoints(number), ignore_errors=True)

    def _brake(self, reason: str, detail: str) -> None:
        """Ends a run in which everything fails."""
        self._failures.append(reason)
        alike = len(set(self._failures)) == 1
        early = len(self._failures) == self._n_finished or reason == "worker"
        if (early and alike and len(self._failures) >= BRAKE_AT_START) or len(self._failures) >= BRAKE_LATER:
            raise TuneError(
                f"{len(self._failures)} failures in a row, the last: {detail}. "
                f"What the workers said stands in {self.study.folder.logs}."
            )
