"""The loop: propose, train, judge, record. It never trains itself, and it alone writes to the study."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tuner import messages
from tuner.admission import Admission
from tuner.braking import WORKER
from tuner.control import TIME_UP, Control
from tuner.ending import Endings
from tuner.engines import Exhausted
from tuner.errors import SetupError, TuneError
from tuner.events import EpochScored, Event, FoldScored, SlotLost, Stopping, Warned
from tuner.keeping import Keeper
from tuner.mistrust import Mistrust
from tuner.overseeing import Overseer
from tuner.patience import Patience
from tuner.plan import BEST, Budget, Keep
from tuner.proposing import Proposals, Trainable
from tuner.running import Running
from tuner.sessions import Task, Tasks
from tuner.trial import LOADING, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_spaces import Configuration, SearchSpace
    from tuner.engines import Engine
    from tuner.executors import Executor
    from tuner.jobs import TrainingJobs
    from tuner.study import Study

BURST = 64
"""Messages that are dealt with before the search looks around again."""


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
    patience: Patience = field(default_factory=Patience)
    need: Callable[[Configuration, bool], int] = lambda _configuration, _on_gpu: 0
    """Bytes that a training is expected to take, on a GPU or on a CPU."""
    keep: Keep = BEST
    each_turn: Callable[[], None] = lambda: None  # has to be quick
    tasks: Tasks = field(default_factory=Tasks)  # measures what it does itself
    seconds_before: float = 0.0
    """Search time of earlier sessions."""
    worker_memory: int = 0
    """Peak resident bytes of any worker."""
    exhausted: bool = False
    """Whether it ended because there is nothing left to propose."""

    def __post_init__(self) -> None:
        self._running: dict[int, Running] = {}
        self._ready: list[Running] = []
        """Trials that wait for a slot: begun before and cut off, or proposed and short of memory."""
        self._began = self.clock()
        self._admission = Admission(executor=self.executor, need=self.need, observe=self._tell)
        self._mistrust = Mistrust(self.executor)
        self._proposals = Proposals(
            study=self.study,
            space=self.space,
            engine=self.engine,
            image_shape=self.jobs.image_shape,
            n_classes=self.jobs.n_classes,
            observe=self._tell,
            stopping=lambda: self.control.stopping or self._time_is_up(),
        )
        self._endings = Endings(
            study=self.study,
            engine=self.engine,
            keeper=Keeper(self.study, self.keep),
            proposals=self._proposals,
            retries=self.budget.retries,
            observe=self._tell,
            clock=self.clock,
            seconds=lambda: self.seconds,
            again=self._ready,
        )
        self._overseer = Overseer(
            running=self._running,
            executor=self.executor,
            endings=self._endings,
            trial_timeout=self.budget.trial_timeout,
            clock=self.clock,
            patience=self.patience,
        )
        self._ended = ""
        self.tasks.idle = lambda: len(self.executor.slots) - sum(r.begun is not None for r in self._running.values())

    @property
    def seconds(self) -> float:
        """Search time so far, earlier sessions included."""
        return round(self.seconds_before + self.clock() - self._began, 3)

    def run(self) -> str:
        try:
            return self._run()
        finally:  # after an orderly end there is nothing left; the second Ctrl-C, or an error, waits for nobody
            for running in [*self._running.values(), *self._ready]:
                self.executor.kill(running.number)
                with suppress(TuneError):  # else the next run finds them running, and does it
                    self._endings.pause(running)

    def _run(self) -> str:
        self._endings.keeper.sweep()
        self._proposals.take_in()
        message: messages.FromWorker | None = None
        while True:
            self.each_turn()
            self.control.end_at_once()
            with self.study.together():  # what has ended and what begins in its place are one transaction
                self.study.then(self.tasks.leave)
                heard = self._hear(message)
                self._notice_the_end()
                self._fill()
                self.tasks.enter(Task.RECORDING)
            if self._ended and not self._ready and not self._running:
                return self._ended
            if heard < BURST:
                self._overseer.look()
            self._notice_the_end()  # whoever was just told of something may have asked for it
            message = self.executor.next(timeout=0.2)

    def _hear(self, message: messages.FromWorker | None) -> int:
        """Deals with what the workers said, this first. Returns how much it was."""
        heard = 0
        while message is not None:
            self._handle(message)
            heard += 1
            message = self.executor.next(timeout=0) if heard < BURST else None
        return heard

    def _tell(self, event: Event) -> None:
        """What is told has happened, whatever happens next."""
        self.study.then(partial(self.observe, event))

    # --- the end ------------------------------------------------------------------------------------------------------

    def _notice_the_end(self) -> None:
        if self._endings.stopping and not self.control.stopping:
            return
        if self.control.stopping:
            self._stop_all(self.control.reason)
        elif not self._ended and self._endings.n_finished >= self.budget.trials:
            self._ended = f"all {self.budget.trials} trials are done" if self.budget.trials > 1 else "its trial is done"
        elif self._time_is_up():
            self._stop_all(TIME_UP)

    def _time_is_up(self) -> bool:
        """A timeout that comes before the first epoch waits for it: a search without any score could not be used."""
        if self.budget.timeout is None or self.clock() - self._began < self.budget.timeout:
            return False
        if self._ready and not self._running:
            return all(each.told_to_wait for each in self._ready)  # for memory they may wait for ever
        return self._proposals.any_scored or any(each.progress for each in self._running.values())

    def _stop_all(self, why: str) -> None:
        if self._ended == why:
            return
        self._ended = why
        self.exhausted = False
        self._endings.stopping = True
        self._tell(Stopping(why=why, interrupted=self.control.stopping))
        self._overseer.stop()
        for number in self._running:
            self.executor.stop(number)
        while self._ready:
            self._endings.pause(self._ready.pop())

    # --- the beginning of a trial -------------------------------------------------------------------------------------

    def _fill(self) -> None:
        proposing = True
        for slot in self.executor.free():
            if self._take_up(slot, twice=False):
                continue
            if proposing and self._may_propose(slot):
                proposing = self._propose(slot)
                if proposing:
                    continue
            self._take_up(slot, twice=True)

    def _take_up(self, slot: str, *, twice: bool) -> bool:
        """Begins one of those that wait for a slot; `twice` on a device where its worker died, if need be."""
        following = self._admission.first(slot, self._ready, self._running.values(), twice=twice)
        if following is not None:
            self._ready.remove(following)
            self._submit(slot, following)
        return following is not None

    def _may_propose(self, slot: str) -> bool:
        """A trial that waits for memory, or to be alone elsewhere, need not keep smaller ones from it."""
        n_open = self._endings.n_finished + len(self._running) + len(self._ready)
        if self._ended or n_open >= self.budget.trials or self._admission.reserved(slot, self._ready):
            return False
        return len(self._ready) < len(self.executor.slots) and not self._admission.drains(self._ready, self.clock())

    def _propose(self, slot: str) -> bool:
        """Begins another trial. False where there is nothing to begin now."""
        match self.tasks.do(Task.PROPOSING, self._proposals.next, anything_runs=bool(self._running or self._ready)):
            case Trainable() as following:
                running = Running(following, ready=self.clock())
                if self._admission.admits(slot, running, self._running.values()):
                    running.ready = self.clock()  # to be looked at is no waiting
                    self._submit(slot, running)
                else:
                    self._ready.append(running)
                return True
            case Exhausted(reason=reason):
                self.exhausted = True
                self._ended = self._ended or reason
        return False

    def _submit(self, slot: str, running: Running) -> None:
        running.submit(slot, self.clock())
        number, trials = running.number, self.study.trials()
        after = self._endings.after(running)
        running.take_up(trials[number], after)
        job = self.jobs.job(trials[number], running.configuration, running.stage, after)
        self.study.begin(
            running.trial,
            clock=self.seconds,
            configuration=running.configuration.hash,
            seed=job.seed,
            parameters=int(running.what.measures["parameters"]),
            measures=running.what.measures,
            device=slot,
            retries=running.retries,
            queued=round(running.queued, 3),
        )
        self._running[number] = running
        self.study.then(partial(self.executor.submit, slot, job, alone=running.alone))
        self._tell(running.announced(trials[number], job.epochs, self.jobs.plan.folds))

    # --- what workers say ---------------------------------------------------------------------------------------------

    def _handle(self, message: messages.FromWorker) -> None:
        match message:
            case messages.EpochDone():
                self._epoch(message)
            case messages.FoldDone():
                self._fold(message)
            case messages.Done() | messages.Stopped() | messages.Failed():
                self._concluded(message)
            case messages.Died():
                self._died(message)
            case messages.Begun() | messages.Alive():
                self._sign_of_life(message)
            case messages.Remark():
                self._tell(Warned(text=message.text, number=message.job))
            case messages.SlotGone():
                self._lost(message)
            case messages.Unusable():
                self._unusable(message)
            case messages.Ready() | messages.Unfit():
                pass

    def _sign_of_life(self, message: messages.Begun | messages.Alive) -> None:
        running = self._running.get(message.job)
        if running is not None and isinstance(message, messages.Begun):
            running.begin(self.clock())
            self._endings.brake.begun()
            self.study.record_start(message.job, self.seconds, {LOADING: message.loading})
        elif running is not None:
            running.seen = self.clock()

    def _epoch(self, message: messages.EpochDone) -> None:
        running = self._running.get(message.job)
        if running is None or running.pruned or message.epoch.epoch != len(running.curve) + 1:
            return
        if message.epoch.val_accuracy is None:
            self._unusable(messages.without_score(message.job))
            return
        running.curve = (*running.curve, message.epoch)
        self._scored(running, message, message.epoch.seconds)
        self.study.record_epoch(running.trial, running.curve, self.seconds, running.phases)
        self._tell(EpochScored(number=message.job, epoch=message.epoch))
        verdict = self.tasks.do(Task.JUDGING, self.engine.judge, running.trial, running.curve)
        if verdict and message.epoch.epoch < self.jobs.epochs(running.configuration):
            running.pruned, running.pruned_at = verdict, self.clock()
            self.executor.stop(message.job)

    def _fold(self, message: messages.FoldDone) -> None:
        running = self._running.get(message.job)
        if running is None or message.fold.fold != len(running.folds):
            return
        running.folds = (*running.folds, message.fold)
        self._scored(running, message, message.fold.seconds + message.fold.score_seconds)
        self.study.record_fold(running.trial, running.folds, self.seconds, running.phases)
        self._tell(FoldScored(number=message.job, folds=running.folds))

    def _scored(self, running: Running, message: messages.EpochDone | messages.FoldDone, seconds: float) -> None:
        running.score(self.clock(), message.phases)
        self.tasks.stepped(running.begun, message.to_first_step)
        self._mistrust.well(running)
        self._overseer.learn(running, seconds)

    def _concluded(self, message: messages.Done | messages.Stopped | messages.Failed) -> None:
        self.worker_memory = max(self.worker_memory, message.memory)
        running = self._running.pop(message.job, None)
        if running is None:
            return
        running.take_costs(message)
        seconds = max(message.seconds, running.seconds(self._endings.after(running)))
        if running.pruned:
            self._endings.prune(running, seconds)
        elif isinstance(message, messages.Done):
            self._endings.complete(running, message, seconds)
        elif isinstance(message, messages.Failed):
            self._fail(running, message.reason, message.detail, seconds)
        else:
            self._endings.pause(running)

    def _died(self, message: messages.Died) -> None:
        running = self._running.pop(message.job, None) if message.job is not None else None
        if running is not None:
            reason = Reason.OUT_OF_MEMORY if message.out_of_memory else Reason.CRASH
            self._fail(running, reason, message.detail, running.seconds(self._endings.after(running)))
        elif not self._running:
            self._endings.brake.failure(WORKER, message.detail)

    def _fail(self, running: Running, reason: str, detail: str, seconds: float) -> None:
        elsewhere = reason == Reason.CRASH and self._mistrust.blames_device(running)
        self._endings.fail(running, reason, detail, seconds, fault_elsewhere=elsewhere)

    def _unusable(self, message: messages.Unusable) -> None:
        if (running := self._running.get(message.job)) is not None:
            self._overseer.end(running)
            self._endings.fail(running, message.reason, message.detail, running.trained(self.clock()))

    def _lost(self, message: messages.SlotGone) -> None:
        self._tell(SlotLost(slot=message.slot, detail=message.detail))
        if not self.executor.slots:
            raise SetupError(message.detail)
