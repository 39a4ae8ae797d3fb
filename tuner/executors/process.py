"""One worker process, the threads that listen to it, and how it is ended with all its descendants."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from tuner.machine import oom_kills
from tuner.messages import Died, FromWorker, Job, Stop, decode, encode

if TYPE_CHECKING:
    import queue
    from collections.abc import Sequence
    from pathlib import Path

    from tuner.slots import Slot

OUT_OF_MEMORY = (
    b"std::bad_alloc",
    b"MemoryError",
    b"OOM when allocating",
    b"CUDA_ERROR_OUT_OF_MEMORY",
    b"out of memory",
)
"""Last words of a process that could not go on for lack of memory, in any case of letters."""

LAST_WORDS = 8192
"""Bytes of its log that are looked at."""

UNENDING = 5.0
"""Seconds that the end of a process is waited for. One that hangs in a driver does not end even when it is killed."""

LISTENING = 2.0
"""Seconds that what a dead worker wrote may take to be read. A descendant that holds the pipe keeps it open."""


@dataclass
class Progress:
    """What the executor keeps of a worker."""

    job: int | None = None
    n_jobs: int = 0
    retired: bool = False
    alone: bool = False
    """Whether it was started with all of its device, for one job."""


class Process:
    """A worker. What it says is put into `messages`, and at its end Died."""

    def __init__(
        self,
        slot: Slot,
        command: Sequence[str],
        log: Path,
        messages: queue.SimpleQueue[tuple[Process, FromWorker]],
    ) -> None:
        self.slot = slot
        self.state = Progress()
        self._known: list[psutil.Process] = []
        """Descendants that it had when it was last looked at: once it is gone nobody knows whose they were."""
        self._messages = messages
        self._log = log
        self._kills_before = oom_kills()
        self._scratch = _scratch()
        try:
            with log.open("ab") as errors:
                self._log_before = errors.tell()
                self._process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env={**os.environ, **slot.environment, **self._scratch, "TF_CPP_MIN_LOG_LEVEL": "2"},
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,  # a Ctrl-C of the terminal is the parent's to deal with
                )
        except OSError:
            self._clear_scratch()
            raise
        self._reaped = threading.Event()
        """Set when the process is gone, and whoever was left of its group."""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._wait, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def memory(self) -> int:
        """Resident bytes now; 0 where it is gone."""
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def send(self, message: Job | Stop) -> None:
        if not isinstance(message, Stop):
            self._kills_before = oom_kills()
        with contextlib.suppress(OSError, ValueError):  # it died; the one that waits for it says so
            assert self._process.stdin is not None
            self._process.stdin.write(encode(message) + "\n")
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """It ends as soon as it sees that its pipe is closed."""
        self._known += self._family()
        self.state.retired = True
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def end(self, grace: float = 0.0) -> None:
        """The process and all its descendants are gone when this returns, after `grace` seconds or little more."""
        self.dismiss()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        if self._process.poll() is None:  # else its number may be somebody else's by now, and its group has been ended
            self._process.kill()
            _kill_group(self._process.pid)
        for process in self._known:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._reaped.wait(UNENDING)

    def _family(self) -> list[psutil.Process]:
        """Descendants, those in sessions of their own included; none once it is gone, and its number another's."""
        if self._process.poll() is not None:
            return []
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.Error:
            return []

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self._messages.put((self, decode(line)))
            except ValueError:
                continue  # a library wrote past Python to the pipe

    def _wait(self) -> None:
        code = self._process.wait()
        _kill_group(self._process.pid)
        self._clear_scratch()
        self._reaped.set()
        self._listener.join(LISTENING)
        self._messages.put((self, self._died(code)))

    def _clear_scratch(self) -> None:
        for folder in self._scratch.values():
            shutil.rmtree(folder, ignore_errors=True)

    def _died(self, code: int) -> Died:
        killed = code == -signal.SIGKILL and oom_kills() > self._kills_before
        short = killed or (code != 0 and self._ran_out_of_memory())
        detail = "memory ran out: " if short else ""
        return Died(job=None, detail=detail + ending(code), out_of_memory=short)

    def _ran_out_of_memory(self) -> bool:
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._log_before, size - LAST_WORDS))
                words = file.read().lower()
        except OSError:
            return False
        return any(each.lower() in words for each in OUT_OF_MEMORY)


def _scratch() -> dict[str, str]:
    """An environ that has a new folder for temporary files. TensorFlow leaves one for every graph that it traced, but
    where a process ends by itself, which workers do not. Empty where no folder can be made.
    """
    with contextlib.suppress(OSError):
        return {"TMPDIR": tempfile.mkdtemp(prefix="tune-worker-")}
    return {}


def ending(code: int) -> str:
    """How a process ended, by its return code."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        return f"its process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"its process was ended by signal {-code}"


def _kill_group(group: int) -> None:
    """Whoever is left of the session that the worker led."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)
