"""Worker processes of this machine, one a slot, spawned and never forked, used for several jobs."""

from __future__ import annotations

import errno
import queue
import sys
import time
from typing import TYPE_CHECKING

from tuner import crashing
from tuner import slots as devices
from tuner.errors import SetupError
from tuner.executors.process import Process
from tuner.messages import Died, Done, Failed, FromWorker, Job, Remark, SlotGone, Stop, Stopped, Unfit
from tuner.trial import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tuner.slots import Slot

COMMAND = (sys.executable, "-m", "tuner.worker")

RECYCLE_AFTER = 25
"""Jobs after which a worker's process is replaced: Keras does not give all memory back (keras#20552)."""

GROWTH = 2.0
"""Times its memory after its first job, above which a worker's process is replaced."""

GRACE = 1.5
"""Seconds that all workers together have to leave after their pipes are closed, before they are killed. One that had no
job may still be loading TensorFlow, does not look at its pipe, and has nothing to leave in order.
"""

SPOILT = frozenset({Reason.OUT_OF_MEMORY, Reason.CRASH})
"""Failures after which a worker is not trusted with another job."""


SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
"""What the system says where a process too many is started."""


class Local:
    """An Executor over processes of this machine. `command` is what a worker is started with."""

    def __init__(self, slots: Sequence[Slot], logs: Path, command: Sequence[str] = COMMAND) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._messages: queue.SimpleQueue[tuple[Process, FromWorker]] = queue.SimpleQueue()
        self._gone: queue.SimpleQueue[SlotGone | Died] = queue.SimpleQueue()
        self._slots = {slot.name: slot for slot in slots}
        self._logs = {slot.name: logs / f"worker-{i}.log" for i, slot in enumerate(slots)}
        self._workers: dict[str, Process] = {}
        self._first_memory: dict[Process, int] = {}
        self._command = tuple(command)
        self._remarks: set[str] = set()

    @property
    def slots(self) -> Mapping[str, Slot]:
        return self._slots

    def room(self, slot: str) -> int | None:
        """What is free, and what the slot's idle worker would use again or give back; 0 where the device is gone."""
        worker = self._workers.get(slot)
        try:
            return devices.room(self._slots[slot], holder=worker.pid if worker else None)
        except devices.DeviceGone as gone:
            self._drop(gone.device, str(gone))
            return 0

    def clear(self, slot: str) -> None:
        device = self._slots[slot].device
        for name, worker in list(self._workers.items()):
            if worker.slot.device == device and worker.state.n_jobs:
                self._end_idle(name)

    def give_up(self, slot: str, why: str) -> None:
        self._drop(self._slots[slot].device, why)

    def _end_idle(self, slot: str) -> None:
        worker = self._workers.get(slot)
        if worker is not None and worker.state.job is None:
            self._forget(worker)
            worker.end(GRACE)

    def free(self) -> list[str]:
        return [name for name in self._slots if name not in self._workers or self._workers[name].state.job is None]

    def start(self) -> None:
        for name, place in self._slots.items():
            self._worker(name, place)

    def submit(self, slot: str, job: Job, *, alone: bool = False) -> None:
        if slot not in self._slots:  # its device was found gone since the slot was chosen
            self._gone.put(Died(job=job.job, detail="its device is gone"))
            return
        place = self._slots[slot]
        whole = devices.unshared(place) if alone else place
        has_more = whole.environment != place.environment
        if has_more:
            self.clear(slot)
            self._end_idle(slot)
        worker = self._worker(slot, whole)
        worker.state.alone = has_more
        worker.state.job = job.job
        worker.state.n_jobs += 1
        worker.send(job)
        crashing.here("submitted")

    def stop(self, job: int) -> None:
        for worker in self._workers.values():
            if worker.state.job == job:
                worker.send(Stop(job=job))

    def kill(self, job: int) -> None:
        for worker in list(self._workers.values()):
            if worker.state.job == job:
                self._forget(worker)
                worker.end()

    def next(self, timeout: float) -> FromWorker | None:
        if not self._gone.empty():
            return self._gone.get()
        while True:
            try:
                worker, message = self._messages.get(timeout=timeout) if timeout else self._messages.get_nowait()
            except queue.Empty:
                return None
            if not worker.state.retired and not self._is_known(message):
                return self._heard(worker, message)
            timeout = 0  # it was nobody's any more

    def _heard(self, worker: Process, message: FromWorker) -> FromWorker:
        if isinstance(message, Unfit):
            self._drop(worker.slot.device, message.detail)
        elif isinstance(message, Done | Failed | Stopped):
            worker.state.job = None
            if self._is_spent(worker, message):
                self._forget(worker)
                worker.end(GRACE)
        elif isinstance(message, Died):
            message = Died(job=worker.state.job, detail=message.detail, out_of_memory=message.out_of_memory)
            self._forget(worker)
            worker.end()
            self._look_for(worker.slot)
        return message

    def close(self) -> None:
        workers, self._workers = list(self._workers.values()), {}
        deadline = time.monotonic() + GRACE
        for worker in workers:
            worker.dismiss()
        for worker in workers:
            worker.end(max(0.0, deadline - time.monotonic()) if worker.state.n_jobs else 0.0)

    def _look_for(self, slot: Slot) -> None:
        """Where a worker died its GPU may have gone too."""
        if slot.name in self._slots:
            self.room(slot.name)

    def _drop(self, device: str, why: str) -> None:
        """The slots of the device are no more. What runs on them will die by itself, or hang."""
        for name, slot in list(self._slots.items()):
            if slot.device == device:
                del self._slots[name]
                self._gone.put(SlotGone(slot=name, detail=why))

    def _worker(self, slot: str, place: Slot) -> Process:
        if slot not in self._workers:
            try:
                self._workers[slot] = Process(place, self._command, self._logs[slot], self._messages)
            except OSError as error:
                if error.errno not in SHORT:
                    raise
                why = f"{error.strerror}. Raise the limit (ulimit -a shows it), or have fewer trials at once."
                raise SetupError(f"a worker's process cannot be started: {why}") from None
        return self._workers[slot]

    def _forget(self, worker: Process) -> None:
        self._workers = {slot: each for slot, each in self._workers.items() if each is not worker}
        self._first_memory.pop(worker, None)

    def _is_known(self, message: FromWorker) -> bool:
        """Whether it is a remark that was heard before, of whichever trial: a full disk is one trouble, not fifty."""
        known = isinstance(message, Remark) and message.text in self._remarks
        if isinstance(message, Remark):
            self._remarks.add(message.text)
        return known

    def _is_spent(self, worker: Process, message: Done | Failed | Stopped) -> bool:
        memory = worker.memory
        grown = memory > GROWTH * self._first_memory.setdefault(worker, memory)
        spoilt = isinstance(message, Failed) and message.reason in SPOILT
        return grown or spoilt or worker.state.alone or worker.state.n_jobs >= RECYCLE_AFTER
