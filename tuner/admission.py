"""Which trial may start on which slot: where memory is free, and alone where it must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.events import Event, WaitingForMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from search_spaces import Configuration
    from tuner.executors import Executor
    from tuner.running import Running

SHARE = 0.9
"""Of a device's memory that an estimate may ask for: beyond that it is tried where nobody else is."""

HALF = 0.5
"""Of a device's memory that must be free for a trial beside which nothing of ours runs, whatever it may take."""

LONG = 600.0
"""Seconds after which a trial that waits for memory has waited long enough for smaller ones."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    executor: Executor
    need: Callable[[Configuration, bool], int]
    """Bytes that a training is expected to take, on a GPU or on a CPU."""
    observe: Callable[[Event], None]

    def admits(self, slot: str, running: Running, busy: Collection[Running]) -> bool:
        """Whether the trial may start on the free slot now, beside those that run. Never on one that was lost."""
        if slot not in self.executor.slots:
            return False
        beside = self._beside(slot, busy)
        if any(each.alone for each in beside) or (running.alone and beside):
            return False
        return self._has_room(slot, running, beside)

    def first(self, slot: str, ready: Collection[Running], busy: Collection[Running], *, twice: bool) -> Running | None:
        """The first of those that wait which may start on the free slot now; one whose worker died on its device only
        if it may be tried there `twice`.
        """
        reserved = self.reserved(slot, ready)
        for each in ready:
            held_back = (reserved and not each.alone) or (not twice and self._died_there(slot, each))
            if not held_back and self.admits(slot, each, busy):
                return each
        return None

    def reserved(self, slot: str, ready: Collection[Running]) -> bool:
        """Whether the slot's device must run empty first, for a trial that waits to have it alone: it had a slot there,
        or on one that is gone.
        """
        slots = self.executor.slots
        alone = [each for each in ready if each.alone]
        return slot not in slots or bool(self._beside(slot, alone)) or any(each.slot not in slots for each in alone)

    def drains(self, ready: Collection[Running], now: float) -> bool:
        """Whether a trial has waited so long for the CPU's memory that nothing new may begin before it."""
        devices = {slot.device for slot in self.executor.slots.values()}
        return devices == {"CPU"} and any(now - each.ready > LONG for each in ready)

    def _died_there(self, slot: str, running: Running) -> bool:
        """Whether it was begun again after the slot's device, and there are others to try."""
        devices = {each.device for each in self.executor.slots.values()}
        return bool(running.retries and len(devices) > 1 and not running.alone and self._beside(slot, [running]))

    def _beside(self, slot: str, running: Collection[Running]) -> list[Running]:
        """Those of them that have, or last had, a slot of the same device."""
        slots = self.executor.slots
        device = slots[slot].device
        return [each for each in running if each.slot in slots and slots[each.slot].device == device]

    def _has_room(self, slot: str, running: Running, beside: Collection[Running]) -> bool:
        place = self.executor.slots[slot]
        needed = running.needs = running.needs or self.need(running.configuration, place.device != "CPU")
        if place.device == "CPU" and not beside:
            return True  # the system swaps, and the estimate may be wrong: with nothing to wait for, it is tried
        free = self.executor.room(slot)
        if slot not in self.executor.slots:  # its device was found gone just now
            return False
        if free is None:
            return True
        # TensorFlow takes its memory little by little: who has no epoch yet may still want all that was expected.
        free -= sum(each.needs for each in beside if not each.progress)
        if place.memory is not None:
            needed = min(needed, int(SHARE * place.memory))
            if not beside and free >= HALF * place.memory:
                return True  # what others hold there they will keep, and the estimate may be wrong
        if free < needed:
            self.executor.clear(slot)  # each time: a worker may have become idle since
        if free < needed and not running.told_to_wait:
            running.told_to_wait = True
            self.observe(WaitingForMemory(number=running.number, slot=slot, needed=needed, free=free))
        return free >= needed
