"""One writer per study: a lock file that dies with its holder, and a note beside it that says who that is."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout

from tuner.errors import BusyError
from tuner.files import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """The study in `folder` is ours while the block runs. Raises BusyError where a live process holds it.

    The operating system drops the lock when its holder dies, however it dies, so there is no stale lock to clear.
    """
    lock = FileLock(folder / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            f"study '{name}' is held by {_holder(folder)}. Wait for it, stop it, or name another study with --study."
        ) from None
    try:
        write_json(folder / "holder.json", {"pid": os.getpid(), "host": socket.gethostname()})
        yield
    finally:
        (folder / "holder.json").unlink(missing_ok=True)
        lock.release()


def is_held(folder: Path) -> bool:
    """Whether a process that lives holds the study in `folder`. One on another machine is taken to live."""
    try:
        holder = json.loads((folder / "holder.json").read_text(encoding="utf-8"))
        return bool(holder["host"] != socket.gethostname() or psutil.pid_exists(int(holder["pid"])))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / "holder.json").read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):  # it is just starting or just leaving
        return "another process"
