"""The loop: propose, train, judge, record. It never trains itself, and it alone writes to the study."""

from __future__ import annotations

import shutil
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from search_spaces import Configuration, SearchSpace, Unbuildable, over_limit, summarize
from tuner.control import Control
from tuner.errors import TuneError
from tuner.events import EpochScored, Event, TrialBegan, TrialEnded, TurnedDown, WorkerLost
from tuner.messages import Begun, Died, Done, EpochDone, Failed, FromWorker, Ready, Stopped
from tuner.trial import Epoch, Reason, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna

    from tuner.engines import Engine, Proposal
    from tuner.executors import Executor
    from tuner.jobs import TrainingJobs
    from tuner.plan import Budget
    from tuner.study import Study

MAX_RETRIES = 2
"""Times a trial whose process died is begun again under its own number."""

MAX_TURNED_DOWN = 300
"""Proposals in a row without one that can be trained, after which the space is taken to be exhausted."""

STOP_GRACE = 8.0
"""Seconds that a worker has to give up its trial when the search ends; then it is killed and its epoch is lost."""

BRAKE_AT_START, BRAKE_LATER = 3, 10
"""Failures in a row that end the run: with one reason before anything has completed, and of any kind later."""


@dataclass
class _Running:
    trial: optuna.Trial
    configuration: Configuration
    device: str
    parameters: int
    curve: tuple[Epoch, ...] = ()
    pruned: str = ""
    """Why it is being ended early; what its worker still sends is not recorded."""
    retries: int = 0


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

    def __post_init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._retry: deque[_Running] = deque()
        self._failures: list[str] = []
        self._known: dict[str, Trial] = {t.configuration: t for t in self.study.trials() if t.configuration and t.curve}
        self._seen = set(self._known)
        self._size = self.space.size()
        self._n_finished = self.study.n_finished()
        self._ended = ""
        self._stopped_at: float | None = None
        self._began = self.clock()

    @property
    def seconds(self) -> float:
        """Search time so far, earlier sessions included."""
        return self.seconds_before + self.clock() - self._began

    def run(self) -> str:
        while True:
            self._notice_the_end()
            if not self._ended:
                self._fill()
            if self._ended and not self._retry and not self._running:
                return self._ended
            message = self.executor.next(timeout=0.2)
            if message is not None:
                self._handle(message)
            elif self._stopped_at is not None and self.clock() - self._stopped_at > STOP_GRACE:
                self._abandon()

    def _notice_the_end(self) -> None:
        if self._ended and not self.control.stopping:
            return
        timeout = self.budget.timeout
        if self.control.stopping:
            self._stop_all(self.control.reason)
        elif self._n_finished >= self.budget.trials:
            self._ended = f"all {self.budget.trials} trials are done"
        elif timeout is not None and self.clock() - self._began >= timeout and self._may_end():
            self._stop_all("its time was up")

    def _may_end(self) -> bool:
        """A timeout that comes before the first epoch waits for it: a search without any score could not be used."""
        return any(trial.curve for trial in self._known.values()) or any(each.curve for each in self._running.values())

    def _stop_all(self, why: str) -> None:
        if self._ended == why:
            return
        self._ended = why
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
            elif self._n_finished + len(self._running) < self.budget.trials:
                following = self._next_trainable(slot)
                if following is None:
                    if not self.control.stopping:
                        self._ended = "the space holds no configuration that was not tried"
                    return
                self._submit(slot, following)

    def _next_trainable(self, slot: str) -> _Running | None:
        size = self._size.configurations
        for _ in range(MAX_TURNED_DOWN):
            if self.control.stopping or (size is not None and len(self._seen) >= size and not self._queued()):
                break
            proposal = self.engine.propose(self.study.optuna)
            parameters = self._weigh(proposal)
            if parameters is not None:
                return _Running(proposal.trial, proposal.configuration, device=slot, parameters=parameters)
        return None

    def _queued(self) -> bool:
        return any(trial.state is TrialState.WAITING for trial in self.study.trials())

    def _weigh(self, proposal: Proposal) -> int | None:
        """Parameters of the model that was proposed; None where it was turned down, which costs no training."""
        trial, configuration = proposal.trial, proposal.configuration
        if forbidden := self.space.forbidden(configuration):
            if not self._size.without_forbidden:
                self._seen.add(configuration.hash)
            self._turn_down(trial, Reason.FORBIDDEN, forbidden)
            return None
        self._seen.add(configuration.hash)
        earlier = self._known.get(configuration.hash)
        if earlier is not None and earlier.number != trial.number:
            self.study.repeat(trial, earlier)
            self.observe(TurnedDown(number=trial.number, reason=Reason.REPEAT))
            return None
        try:
            summary = summarize(configuration, self.jobs.image_shape, self.jobs.n_classes)
        except Unbuildable as error:
            self._turn_down(trial, Reason.UNBUILDABLE, str(error))
            return None
        excess = over_limit(self.space, summary)
        if excess:
            self._turn_down(trial, Reason.OVER_LIMIT, excess)
            return None
        return summary.parameters

    def _turn_down(self, trial: optuna.Trial, reason: Reason, detail: str) -> None:
        self.study.finish(trial, TrialState.TURNED_DOWN, reason=reason, detail=detail)
        self.observe(TurnedDown(number=trial.number, reason=reason))

    def _submit(self, slot: str, running: _Running) -> None:
        running.device = slot
        number = running.trial.number
        seed = self.jobs.seed(number)
        self.study.begin(
            running.trial,
            configuration=running.configuration.hash,
            seed=seed,
            parameters=running.parameters,
            device=slot,
            retries=running.retries,
        )
        self._running[number] = running
        self.executor.submit(slot, self.jobs.train(number, running.configuration))
        self.observe(
            TrialBegan(
                number=number,
                preset=running.trial.user_attrs.get("preset", ""),
                parameters=running.parameters,
                epochs=self.jobs.epochs(running.configuration),
                device=slot,
            )
        )

    def _handle(self, message: FromWorker) -> None:
        match message:
            case EpochDone():
                self._epoch(message)
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
        verdict = self.engine.judge(running.trial)
        if verdict and message.epoch.epoch < self.jobs.epochs(running.configuration):
            running.pruned = verdict
            self.executor.stop(message.job)

    def _conclude(self, running: _Running, message: Done | Stopped | Failed) -> None:
        seconds = max(message.seconds, sum(epoch.seconds for epoch in running.curve))
        if running.pruned:
            self._finish(running, TrialState.PRUNED, running.pruned, "", seconds)
        elif isinstance(message, Done):
            self._finish(running, TrialState.COMPLETE, "", "", seconds)
        elif isinstance(message, Failed):
            self._finish(running, TrialState.FAILED, message.reason, message.detail, seconds)
            self._brake(message.reason, message.detail)
        else:
            self.study.pause(running.trial.number)

    def _died(self, message: Died) -> None:
        running = self._running.pop(message.job, None) if message.job is not None else None
        if running is None:
            if not self._running:
                self._brake("worker", message.detail)
            return
        number = running.trial.number
        if self._ended and not running.pruned:
            self.study.pause(number)
        elif running.pruned:
            self._conclude(running, Done(job=number, seconds=0, memory=0))
        elif running.retries < MAX_RETRIES:
            running.retries += 1
            running.curve = ()  # its checkpoint tells the epochs again
            self._retry.append(running)
            self.observe(WorkerLost(number=number, detail=message.detail, retry=running.retries))
        else:
            seconds = sum(epoch.seconds for epoch in self.study.trials()[number].curve)
            self._finish(running, TrialState.FAILED, Reason.CRASH, message.detail, seconds)
            self._brake(Reason.CRASH, message.detail)

    def _finish(self, running: _Running, state: TrialState, reason: str, detail: str, seconds: float) -> None:
        number = running.trial.number
        score = max((epoch.val_accuracy or 0.0 for epoch in running.curve), default=None)
        self.study.finish(
            running.trial,
            state,
            reason=reason,
            detail=detail,
            score=score,
            seconds=round(seconds, 3),
            finished_after=round(self.seconds, 1),
        )
        shutil.rmtree(self.study.folder.checkpoints(number), ignore_errors=True)
        self._n_finished += 1
        trial = self.study.trials()[number]
        self._known[running.configuration.hash] = trial
        if state is not TrialState.FAILED:
            self._failures.clear()
        self.observe(TrialEnded(trial=trial))

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
