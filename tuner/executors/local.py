"""Worker processes of this machine, one a slot, spawned and never forked, used for several jobs."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psutil

from tuner.messages import Died, Done, Failed, FromWorker, Job, Stop, Stopped, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuner.slots import Slot

COMMAND = (sys.executable, "-m", "tuner.worker")

RECYCLE_AFTER = 25
"""Jobs after which a worker's process is replaced: Keras does not give all memory back (keras#20552)."""

GRACE = 5.0
"""Seconds a worker has to leave after its pipe is closed, before it is killed."""


class Local:
    """An Executor over processes of this machine. `command` is what a worker is started with."""

    def __init__(self, slots: Sequence[Slot], logs: Path, command: Sequence[str] = COMMAND) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._messages: queue.Queue[tuple[_Worker, FromWorker]] = queue.Queue()
        self._slots = {slot.name: slot for slot in slots}
        self._logs = {slot.name: logs / f"worker-{i}.log" for i, slot in enumerate(slots)}
        self._workers: dict[str, _Worker] = {}
        self._command = tuple(command)

    def free(self) -> list[str]:
        return [name for name in self._slots if name not in self._workers or self._workers[name].job is None]

    def start(self) -> None:
        """Starts the workers ahead of their first jobs: loading TensorFlow takes seconds."""
        for name in self._slots:
            self._worker(name)

    def submit(self, slot: str, job: Job) -> None:
        worker = self._worker(slot)
        worker.job = job.job
        worker.n_jobs += 1
        worker.send(job)

    def stop(self, job: int) -> None:
        for worker in self._workers.values():
            if worker.job == job:
                worker.send(Stop(job=job))

    def kill(self, job: int) -> None:
        for worker in list(self._workers.values()):
            if worker.job == job:
                self._retire(worker)

    def next(self, timeout: float) -> FromWorker | None:
        try:
            worker, message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        if worker.retired:
            return None
        if isinstance(message, Done | Failed | Stopped):
            worker.job = None
            if worker.n_jobs >= RECYCLE_AFTER:
                self._retire(worker)
        elif isinstance(message, Died):
            message = Died(job=worker.job, detail=message.detail)
            worker.job = None
            self._retire(worker)
        return message

    def close(self) -> None:
        for worker in list(self._workers.values()):
            self._retire(worker)

    def _worker(self, slot: str) -> _Worker:
        if slot not in self._workers:
            self._workers[slot] = _Worker(self._slots[slot], self._command, self._logs[slot], self._messages)
        return self._workers[slot]

    def _retire(self, worker: _Worker) -> None:
        self._workers = {slot: each for slot, each in self._workers.items() if each is not worker}
        worker.end()


class _Worker:
    """One process and the thread that listens to it."""

    def __init__(
        self,
        slot: Slot,
        command: Sequence[str],
        log: Path,
        messages: queue.Queue[tuple[_Worker, FromWorker]],
    ) -> None:
        self.job: int | None = None
        self.n_jobs = 0
        self.retired = False
        self._messages = messages
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **slot.environment, "TF_CPP_MIN_LOG_LEVEL": "2"},
                encoding="utf-8",
                start_new_session=True,  # a Ctrl-C of the terminal is the parent's to deal with
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: Job | Stop) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(encode(message) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it died; the listener says so

    def end(self) -> None:
        """The process and all its descendants are gone when this returns."""
        self.retired = True
        family = self._family()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self._messages.put((self, decode(line)))
            except ValueError:
                continue  # a library wrote past Python to the pipe
        code = self._process.wait()
        self._messages.put((self, Died(job=None, detail=_ending(code))))


def _ending(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
