"""The process that trains. It takes jobs from standard input and ends when that closes, so it outlives no parent."""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
import time
import traceback
from typing import IO, TYPE_CHECKING, Any

from tuner.machine import peak_memory
from tuner.messages import (
    Begun,
    CrossValidate,
    Done,
    EpochDone,
    Failed,
    FoldDone,
    FromWorker,
    Job,
    Ready,
    Retrain,
    Stop,
    Stopped,
    Train,
    decode,
    encode,
)
from tuner.trial import Epoch, Fold, Reason

if TYPE_CHECKING:
    from collections.abc import Callable


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
            os._exit(0)  # the parent is gone, perhaps in the middle of a line, or done with us


def main() -> None:
    channel, inbox = Channel(), Inbox()
    channel.send(Ready(device=_prepare_device()))
    while True:
        job = inbox.jobs.get()
        channel.send(_run(job, channel, lambda job=job: inbox.stopped(job.job)))  # type: ignore[misc]
        _tidy()


def _run(job: Job, channel: Channel, should_stop: Callable[[], bool]) -> FromWorker:
    """The job's last message. The broad `except` of a trial stands here."""
    import tensorflow as tf

    from tuner.training import fit

    began = time.perf_counter()
    channel.send(Begun(job=job.job))

    def failed(reason: Reason, detail: str) -> Failed:
        sys.stderr.write(f"trial {job.job}: {traceback.format_exc()}")  # into the log that the parent names
        sys.stderr.flush()
        return Failed(reason=reason, detail=detail, **_cost(job.job, began))

    try:
        latency = _do(job, channel, should_stop)
    except fit.Stopped:
        return Stopped(**_cost(job.job, began))
    except fit.NotFinite as error:
        return failed(Reason.NAN, str(error))
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        return failed(Reason.OUT_OF_MEMORY, _first_line(error))
    except Exception as error:  # noqa: BLE001
        return failed(Reason.CRASH, f"{type(error).__name__}: {_first_line(error)}")
    return Done(latency=latency, **_cost(job.job, began))


def _do(job: Job, channel: Channel, should_stop: Callable[[], bool]) -> float | None:
    """The latency of the model, where the job asks for it and has one model."""
    from tuner.training import jobs

    def tell(epoch: Epoch) -> None:
        channel.send(EpochDone(job=job.job, epoch=epoch))

    def tell_fold(fold: Fold) -> None:
        channel.send(FoldDone(job=job.job, fold=fold))

    match job:
        case Train():
            return jobs.train_trial(job, tell, should_stop)
        case CrossValidate():
            from tuner.training.cross_validation import cross_validate  # brings scikit-learn, which nothing else needs

            cross_validate(job, tell_fold, should_stop)
        case Retrain():
            jobs.retrain(job, tell, should_stop)
    return None


def _prepare_device() -> str:
    """Memory growth on, so that a trial takes what it needs. The parent chose the device before we were started."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, enable=True)
    if gpus:
        return f"GPU {os.environ.get('CUDA_VISIBLE_DEVICES', '')}".strip()
    return "CPU"


def _cost(job: int, began: float) -> dict[str, Any]:
    return {"job": job, "seconds": round(time.perf_counter() - began, 3), "memory": peak_memory()}


def _tidy() -> None:
    import keras

    keras.utils.clear_session()
    gc.collect()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


if __name__ == "__main__":
    main()
