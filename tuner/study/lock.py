"""One writer per study: a lock file that dies with its holder, and a note beside it that says who that is."""

from __future__ import annotations

import errno
import json
import math
import os
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout

from tuner import crashing
from tuner.errors import HeldError, StudyError, TuneError
from tuner.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTRODUCTION = 0.5
"""Seconds within which whoever has the lock has said who it is."""

QUIET = 180.0
"""Seconds without a sign of life after which a writer on another machine, whom nobody can ask, is taken to be dead."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that holds a study."""

    pid: int
    host: str
    started: str = ""
    """What no other process that had or will have its number shares; empty where an earlier version did not say."""

    @property
    def is_elsewhere(self) -> bool:
        return self.host != socket.gethostname()


def this_process() -> Holder:
    return Holder(pid=os.getpid(), host=socket.gethostname(), started=_started(os.getpid()))


def is_ours(holder: Holder) -> bool:
    return holder == this_process()


def lives(holder: Holder) -> bool:
    """Whether that very process lives, and not another under its number. One on another machine is taken to live."""
    if holder.is_elsewhere:
        return True
    started = _started(holder.pid)
    return started != "" and holder.started in ("", started)


@contextmanager
def hold(folder: Path, name: str, admit: Callable[[], None] = lambda: None) -> Iterator[None]:
    """The study in `folder` is ours while the block runs. Raises HeldError where a live process holds it, StudyError
    where nothing can be locked there; and the TuneError of `admit`, which is asked before anybody hears of us.

    The operating system drops the lock when its holder dies, however it dies, so there is no stale lock to clear.
    """
    lock = FileLock(folder / "lock", thread_local=False)
    note = folder / "holder.json"
    try:
        lock.acquire(timeout=0)
        crashing.here("lock-taken")
        admit()
        _introduce(note)
    except Timeout:
        raise HeldError(f"study '{name}' is held by {_who(note)}. Wait for it, or stop it.") from None
    except TuneError:
        lock.release()
        raise
    except (OSError, NotImplementedError) as error:  # a network drive, say, that knows no locks
        lock.release()
        why = (error.strerror if isinstance(error, OSError) else "") or "its file system knows no locks"
        raise StudyError(f"{folder}: cannot be locked: {why}. Set TUNE_HOME to a folder where files can be.") from None
    try:
        yield
    finally:
        _withdraw(note)
        lock.release()


def _introduce(note: Path) -> None:
    """Says who holds it. Not on a full disk, where whoever came to free some must not be kept out."""
    try:
        write_json(note, asdict(this_process()))
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise


def _withdraw(note: Path) -> None:
    """Nobody holds it by our word any more. After a deletion, which takes the lock with it, it may be another's."""
    holder = _holder(note)
    if holder is None or is_ours(holder) or not lives(holder):
        with suppress(OSError):
            note.unlink(missing_ok=True)


def is_held(folder: Path) -> bool:
    """Whether a process that lives holds the study in `folder`; one elsewhere, while its sign of life is young."""
    note = folder / "holder.json"
    holder = _holder(note)
    if holder is None or not lives(holder):
        return False
    database = folder / "study.db"  # a run that has just begun has none yet
    return not holder.is_elsewhere or is_young(silence(database if database.exists() else note))


def silence(path: Path) -> float:
    """Seconds since a holder last gave a sign of life, which is that it set the time of the file; below 0 where that
    time is still to come.
    """
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf


def is_young(seconds: float) -> bool:
    """A time far ahead of our clock tells nothing."""
    return -QUIET <= seconds <= QUIET


def _holder(note: Path) -> Holder | None:
    try:
        if not note.is_file():  # a pipe would be waited for, for ever
            return None
        found = json.loads(note.read_text(encoding="utf-8"))
        return Holder(pid=int(found["pid"]), host=str(found["host"]), started=str(found.get("started", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _who(note: Path) -> str:
    """Its holder may just be starting, and then has not written its note, or just be leaving."""
    end = time.monotonic() + INTRODUCTION
    while (holder := _holder(note)) is None and time.monotonic() < end:
        time.sleep(0.02)
    return "another process" if holder is None else f"process {holder.pid} on {holder.host}"


def _started(pid: int) -> str:
    """When the process began, as text; empty where it is gone, or dead and only not yet buried by its parent."""
    if Path("/proc/self/stat").exists():
        return _started_on_linux(pid)
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.1f}"
    except psutil.Error:
        return ""


def _started_on_linux(pid: int) -> str:
    """Ticks since the machine's start, and which start that was: psutil's time moves when somebody sets the clock."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot}:{ticks}"
