"""How much memory a trial could take on a slot now."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tuner.slots import containers
from tuner.slots.driver import free_memory
from tuner.slots.slot import CPU

if TYPE_CHECKING:
    from tuner.slots.slot import Slot


def room(slot: Slot, holder: int | None = None) -> int | None:
    """Bytes that a trial could take on the slot now; None where that cannot be known.

    `holder` is the process number of the slot's own idle worker: it gives back nothing of what earlier trials took, but
    the next trial takes it from there, so it counts as free. On a GPU of which the slot has a share, no more than that.
    Raises DeviceGone where the GPU no longer answers: then no slot of that device is of use any more.
    """
    if slot.device == CPU:
        return _with_what_it_holds(holder)
    free = free_memory(slot.device, holder)
    return free if free is None or slot.memory is None else min(free, slot.memory)


def free_host_memory() -> int:
    """Bytes of this machine's memory, or of its container's share, that nobody uses."""
    import psutil

    available = int(psutil.virtual_memory().available)
    left = containers.memory_left()
    return available if left is None else min(available, left)


def _with_what_it_holds(holder: int | None) -> int:
    import psutil

    free = free_host_memory()
    if holder is not None:
        with suppress(psutil.Error):
            free += int(psutil.Process(holder).memory_info().rss)
    return free
