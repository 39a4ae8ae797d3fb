"""What else can befall a worker, on order: memory that runs out or leaks, scores that are none.

Orders in FAKE_WORKER: {"short": {"of": "hidden[0].dense.units", "over": 40, "how": "raise"}}, where a configuration
with more of it runs out of memory: it raises, is killed as the kernel does it (counted in the file FAKE_OOM_KILLS), or
really allocates too much in Python ("MemoryError") or in C++ ("bad_alloc"). {"leak": bytes} that each trial leaves.
{"scores": {"every": 3, "epoch": 1, "what": "NaN"}}: every third trial tells that for its score, as JSON or "missing".
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from tuner.messages import EpochDone, encode
from tuner.trial import Epoch

LEAKED: list[bytearray] = []

ROOM = 64 * 2**20
"""Bytes that a worker which shall allocate too much may still take."""


def short_of_memory(order: dict[str, Any] | None, values: dict[str, Any]) -> bool:
    """Whether the configuration shall fail of it. Where the process shall die of it, this does not return."""
    if order is None or values[order["of"]] <= order["over"]:
        return False
    match order["how"]:
        case "kill":
            counter = Path(os.environ["FAKE_OOM_KILLS"])
            with counter.open("a", encoding="ascii") as file:
                file.write("oom_kill 1\n")
            os.kill(os.getpid(), signal.SIGKILL)
        case "MemoryError":
            _limit()
            bytearray(2 * ROOM)
        case "bad_alloc":
            _limit()
            new = ctypes.CDLL("libstdc++.so.6")._Znwm  # operator new, which throws where it finds no memory
            new.argtypes, new.restype = [ctypes.c_size_t], ctypes.c_void_p
            new(2 * ROOM)
    return True


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def leak(n_bytes: int) -> int:
    """Keeps so many bytes for good. Returns the resident bytes of this process."""
    if n_bytes:
        LEAKED.append(bytearray(os.urandom(4096)) * (n_bytes // 4096))
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def told(order: dict[str, Any] | None, job: int, epoch: Epoch) -> str:
    """The line that tells the epoch, or what it is ordered to be."""
    line = encode(EpochDone(job=job, epoch=epoch))
    if order is None or job % order["every"] or epoch.epoch != order["epoch"]:
        return line
    message = json.loads(line)
    if order["what"] == "missing":
        del message["epoch"]["val_accuracy"]
    else:
        message["epoch"]["val_accuracy"] = json.loads(order["what"])
    return json.dumps(message)


def say_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
