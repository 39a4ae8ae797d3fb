"""The process that trains. It takes jobs from standard input and ends when that closes, so it outlives no parent."""

from __future__ import annotations

import ctypes
import gc
import os
import queue
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from tuner import crashing
from tuner.age import age
from tuner.errors import DataError, SetupError
from tuner.messages import (
    DATA,
    Alive,
    Begun,
    CrossValidate,
    Done,
    EpochDone,
    Failed,
    FoldDone,
    FromWorker,
    Job,
    Ready,
    Remark,
    Retrain,
    Stop,
    Stopped,
    Train,
    Unfit,
    decode,
    encode,
)
from tuner.timing import Timing
from tuner.trial import Epoch, Fold, Reason

if TYPE_CHECKING:
    from collections.abc import Callable


ALIVE_EVERY = 5.0
"""Seconds between two signs of life within an epoch."""

OUT_OF_MEMORY = ("out of memory", "alloc_failed", "failed to allocate")
"""Words by which a device's library says it where TensorFlow has no class of error for it."""


class Channel:
    """Lines to the parent. Its standard output is kept for them; what libraries print goes to the log instead."""

    def __init__(self) -> None:
        self._out: IO[str] = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, message: FromWorker) -> None:
        with self._lock:
            self._out.write(encode(message) + "\n")
            self._out.flush()


class Inbox:
    """Jobs in their order, and the jobs that shall stop. Closing the pipe ends the process, whatever it does."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[Job] = queue.Queue()
        self._stopped: set[int] = set()
        threading.Thread(target=self._read, daemon=True).start()

    def stopped(self, job: int) -> bool:
        return job in self._stopped

    def _read(self) -> None:
        try:
            for line in sys.stdin:
                message = decode(line)
                if isinstance(message, Stop):
                    self._stopped.add(message.job)
                else:
                    self._stopped.discard(message.job)  # a trial that was stopped may come again
                    self.jobs.put(message)
        finally:
            _leave()  # the parent is gone, perhaps in the middle of a line, or done with us


def _leave() -> None:
    """Ends the process and whatever it started. The parent has it lead a group of its own."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _die_with_parent() -> None:
    """Linux ends the process with its parent even where it cannot read its pipe: stopped, or deep in a library."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Steps:
    """What training calls after each step: gives a sign of life now and then, and says whether to stop."""

    def __init__(self, job: int, channel: Channel, inbox: Inbox) -> None:
        self._job, self._channel, self._inbox = job, channel, inbox
        self._told = time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._told > ALIVE_EVERY:
            self._told = now
            self._channel.send(Alive(job=self._job))
        return self._inbox.stopped(self._job)


def main() -> None:
    _die_with_parent()
    crashing.arm()
    channel, inbox = Channel(), Inbox()
    try:
        name = _load()
    except SetupError as error:
        channel.send(Unfit(detail=str(error)))
        return
    loading = age()
    channel.send(Ready(device=name))
    while True:
        job = inbox.jobs.get()
        channel.send(_run(job, channel, Steps(job.job, channel, inbox), loading))
        _tidy()
        loading = 0.0


def _load() -> str:
    """TensorFlow and Keras, while the parent may still look for a first job. Returns what the device is called.

    What was loaded stays: it is kept out of all later collections of garbage. They would look through its 400,000
    objects each time, `clear_session` does so twice, and the slot has nothing to train meanwhile.
    """
    gc.disable()
    from tuner.training import device

    name = device.prepare()
    from tuner.training import jobs  # noqa: F401

    gc.freeze()
    gc.enable()
    return name


def _run(job: Job, channel: Channel, should_stop: Callable[[], bool], loading: float = 0.0) -> FromWorker:
    """The job's last message. The broad `except` of a trial stands here."""
    import tensorflow as tf

    from tuner.training import device, fit

    device.begin()
    timing = Timing()
    channel.send(Begun(job=job.job, loading=round(loading, 3)))

    def failed(reason: str, detail: str, *, refused: bool = False) -> Failed:
        with suppress(OSError):  # into the log that the parent names, which may have no room any more
            sys.stderr.write(f"trial {job.job}: {traceback.format_exc()}")
            sys.stderr.flush()
        return Failed(reason=reason, detail=detail, refused=refused, **_cost(job.job, timing))

    try:
        latency = _do(job, channel, should_stop, timing)
    except fit.Stopped:
        return Stopped(**_cost(job.job, timing))
    except DataError as error:
        return failed(DATA, str(error))
    except fit.NotFinite as error:
        return failed(Reason.NAN, str(error))
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        return failed(Reason.OUT_OF_MEMORY, _first_line(error))
    except Exception as error:  # noqa: BLE001
        if any(words in str(error).lower() for words in OUT_OF_MEMORY):
            return failed(Reason.OUT_OF_MEMORY, _first_line(error))
        refused = isinstance(error, OSError) and error.errno is not None
        return failed(Reason.CRASH, f"{type(error).__name__}: {_first_line(error)}", refused=refused)
    return Done(latency=latency, **_cost(job.job, timing))


def _do(job: Job, channel: Channel, should_stop: Callable[[], bool], timing: Timing) -> float | None:
    """The latency of the model, where the job asks for it and has one model."""
    from tuner.training import jobs

    def tell(epoch: Epoch) -> None:
        channel.send(EpochDone(job=job.job, epoch=epoch, phases=timing.phases(), to_first_step=timing.to_first_step))

    def tell_fold(fold: Fold) -> None:
        channel.send(FoldDone(job=job.job, fold=fold, phases=timing.phases(), to_first_step=timing.to_first_step))

    def remark(text: str) -> None:
        channel.send(Remark(job=job.job, text=text))

    match job:
        case Train():
            return jobs.train_trial(job, tell, should_stop, remark, lambda: timing)
        case CrossValidate():
            from tuner.training.cross_validation import cross_validate  # brings scikit-learn, which nothing else needs

            cross_validate(job, tell_fold, should_stop, remark, lambda: timing)
        case Retrain():
            jobs.retrain(job, tell, should_stop, remark, lambda: timing)
    return None


def _cost(job: int, timing: Timing) -> dict[str, Any]:
    from tuner.training import device

    memory, device_memory = device.peaks()
    costs = {"memory": memory, "device_memory": device_memory}
    return {"job": job, "seconds": round(timing.seconds, 3), "phases": timing.phases(), **costs}


def _tidy() -> None:
    import keras

    keras.utils.clear_session()
    gc.collect()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


if __name__ == "__main__":
    main()
