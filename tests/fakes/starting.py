"""Starts `tune` over the fake worker in processes that can be killed, and finds what they leave behind.

They are forked from one process that has everything loaded, which takes a tenth of the time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROGRAM = (sys.executable, str(Path(__file__).parent / "program.py"))

SPACE = """
name: small
layers:
  - flatten
  - dense: {units: {int: [8, 64], log: true}, activation: {choice: [relu, tanh]}}
training:
  optimizer: {adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}}
  batch_size: 32
  epochs: 3
"""


class Nursery:
    """The process that forks a `tune` on demand."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [*PROGRAM, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._born: list[int] = []
        self._codes: dict[int, int] = {}
        self._news = threading.Condition()
        self._asking = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def fork(self, **order: object) -> int:
        assert self._process.stdin is not None
        with self._asking:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            with self._news:
                assert self._news.wait_for(lambda: self._born, timeout=60), "nothing was started"
                return self._born.pop()

    def code(self, pid: int, timeout: float | None) -> int | None:
        """None where it runs on."""
        with self._news:
            self._news.wait_for(lambda: pid in self._codes, timeout)
            return self._codes.get(pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            with self._news:
                if "code" in message:
                    self._codes[message["pid"]] = message["code"]
                else:
                    self._codes.pop(message["pid"], None)
                    self._born.append(message["pid"])
                self._news.notify_all()


@dataclass
class Started:
    """A `tune` that runs or ran."""

    nursery: Nursery
    pid: int
    out: Path
    err: Path
    began: float = field(default_factory=time.monotonic)

    def wait(self, timeout: float = 120) -> int:
        """Its exit code, negative where a signal ended it."""
        code = self.nursery.code(self.pid, timeout)
        assert code is not None, f"it went on for {timeout} s:\n{self.said}"
        return code

    @property
    def runs(self) -> bool:
        return self.nursery.code(self.pid, 0) is None

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.runs:
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    @property
    def said(self) -> str:
        """Its standard error so far."""
        return self.err.read_text(encoding="utf-8") if self.err.exists() else ""

    @property
    def told(self) -> str:
        """Its standard output so far."""
        return self.out.read_text(encoding="utf-8") if self.out.exists() else ""


@dataclass
class Tune:
    """`tune` in a home of its own."""

    nursery: Nursery
    folder: Path
    n: int = 0

    def __post_init__(self) -> None:
        self.temporary.mkdir(parents=True, exist_ok=True)
        (self.folder / "small.yaml").write_text(SPACE, encoding="utf-8")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def log(self) -> Path:
        """What its fake workers did: `begun 3`, `epoch 3 1`."""
        return self.folder / "log"

    def did(self, *words: object) -> int:
        """How often the log says so."""
        line = " ".join(map(str, words))
        return self.log.read_text(encoding="utf-8").splitlines().count(line) if self.log.exists() else 0

    def study(self, name: str) -> Path:
        return self.home / "studies" / name

    @property
    def temporary(self) -> Path:
        """Where `tune` leaves the details of what it did not expect."""
        return self.folder / "tmp"

    def environ(self, orders: dict[str, object] | None = None, **more: str) -> dict[str, str]:
        own = {
            "TUNE_HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "CI": "true",
            "FAKE_WORKER": json.dumps(orders or {}),
            "FAKE_LOG": str(self.log),
            "FAKE_REPORT": "none",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FAKE_", "TUNE_"))}
        return {**kept, **own, **more}

    def start(
        self, *words: str, orders: dict[str, object] | None = None, terminal: str = "", **environ: str
    ) -> Started:
        """`orders` is what the fake worker shall do; `terminal` the device to read from and to write to."""
        self.n += 1
        out, err = (Path(terminal or self.folder / f"{self.n:04d}.{end}") for end in ("out", "err"))
        pid = self.nursery.fork(
            words=words, environ=self.environ(orders, **environ), folder=str(self.folder), out=str(out), err=str(err)
        )
        return Started(self.nursery, pid, out, err)

    def run(self, *words: str, orders: dict[str, object] | None = None, **environ: str) -> Started:
        """Ended when this returns."""
        started = self.start(*words, orders=orders, **environ)
        started.wait()
        return started

    def processes(self) -> list[psutil.Process]:
        """All that live and were started with this home: workers and what they started."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("TUNE_HOME") == str(self.home):
                    found.append(process)
        return found

    def orphans(self, seconds: float = 2.0) -> list[psutil.Process]:
        """Those that still live after so many seconds."""
        return [] if holds(lambda: not self.processes(), seconds) else self.processes()


def holds(condition: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Whether it came to hold within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
