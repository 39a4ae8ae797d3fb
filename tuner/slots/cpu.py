"""Slots on the CPU: the cores that this process may use, divided."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from tuner.errors import UsageError
from tuner.slots import containers
from tuner.slots.slot import CPU, DEVICE, VISIBLE, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

THREADS = "TF_NUM_INTRAOP_THREADS"
"""Read by TensorFlow when it is loaded: how many threads one operation is spread over."""

PARTS = "TUNE_BATCH_PARTS"
"""Into how many parts a worker cuts each batch, to train them side by side."""

SIDE_BY_SIDE = 2
"""Threads that each take a part of the batch. More were not measured."""

LEAST_MEMORY = 700 * 2**20
"""Bytes of a worker's process that has loaded TensorFlow and trains nothing yet."""


def usable_cores() -> int:
    """Cores that the system, and a container's share of time, let this process use.

    A share of one and a half is two: rounded down, a third of it would never be used.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # neither macOS nor Windows says
        cores = os.cpu_count() or 1
    share = containers.processors()
    return cores if share is None else max(1, min(cores, math.ceil(share)))


def threads(environ: Mapping[str, str] = os.environ) -> int:
    """Threads that this process may train with: what a worker was given, else all usable cores."""
    given = environ.get(THREADS, "")
    is_number = given.isascii() and given.isdigit() and int(given) > 0
    return int(given) * batch_parts(environ) if is_number else usable_cores()


def batch_parts(environ: Mapping[str, str] = os.environ) -> int:
    """Parts of a batch that this process trains side by side."""
    return int(environ.get(PARTS) or 1)


def thread_environment(n_threads: int, environ: Mapping[str, str]) -> dict[str, str]:
    """What holds a worker to so many threads; what the user has set for all programs stays."""
    names = (THREADS, "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return {name: environ.get(name) or str(n_threads) for name in names}


def _worker_environment(n_threads: int, environ: Mapping[str, str]) -> dict[str, str]:
    """As `thread_environment`. Two threads take a half of each batch: what a small network does to a batch is over
    before a second thread has begun with its share of it.
    """
    halves = n_threads == SIDE_BY_SIDE and not environ.get(THREADS)
    split = {THREADS: "1", PARTS: str(SIDE_BY_SIDE)} if halves else {PARTS: "1"}
    return thread_environment(n_threads, environ) | split


def cpu_slots(workers: int, environ: Mapping[str, str] = os.environ) -> tuple[Slot, ...]:
    """So many slots with the cores divided among them. More slots than cores have a thread each, and are slower."""
    memory = total_memory()
    _check_memory(workers, memory)
    cores = usable_cores()
    return tuple(
        Slot(
            name="CPU" if workers == 1 else f"CPU, share {i + 1} of {workers}",
            environment={VISIBLE: "-1", DEVICE: CPU, **_worker_environment(_part(cores, workers, i), environ)},
            memory=memory // workers,
        )
        for i in range(workers)
    )


def crowding(slots: Sequence[Slot]) -> str:
    """A line where more trials would train at once than there are cores; '' where not."""
    n, cores = sum(slot.device == CPU for slot in slots), usable_cores()
    if n <= cores:
        return ""
    return f"{n} workers share {cores} core{'' if cores == 1 else 's'}: the search is no faster than with {cores}"


def total_memory() -> int:
    """Bytes of memory of this machine, or of the container that it is seen from."""
    import psutil

    total = int(psutil.virtual_memory().total)
    limit = containers.memory_limit()
    return total if limit is None else min(total, limit)


def _check_memory(workers: int, memory: int) -> None:
    most = max(memory // LEAST_MEMORY, 1)
    if workers > most:
        raise UsageError(
            f"--workers {workers}: TensorFlow alone takes {LEAST_MEMORY / 2**30:.1f} GiB in each, and there are "
            f"{memory / 2**30:.1f} GiB: at most {most}."
        )


def _part(cores: int, workers: int, i: int) -> int:
    """Cores of the i-th: the first ones get those that are left over."""
    return max(1, cores // workers + (i < cores % workers))
