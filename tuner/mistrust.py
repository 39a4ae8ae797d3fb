"""Devices on which one worker after the other dies: such a one is given up, where there are others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.executors import Executor
    from tuner.running import Running

MOST = 3
"""Deaths in a row on a device, without an epoch in between, after which it is not to be trusted."""


class Mistrust:
    """Counts the deaths by device. A trial that dies on two devices is itself to blame, and counts on neither."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._deaths: dict[str, list[int]] = {}

    def well(self, running: Running) -> None:
        """The trial has another epoch or fold."""
        if (device := self._device(running)) is not None:
            self._deaths.pop(device, None)

    def blames_device(self, running: Running) -> bool:
        """The trial's worker died. Whether its device is gone, or given up for it: then the trial is not to blame."""
        device = self._device(running)
        if device is None:
            return True
        others = {slot.device for slot in self._executor.slots.values()} - {device}
        if not (self._is_one_too_many(device, running) and others):
            return False
        self._executor.give_up(running.slot, f"{MOST} workers in a row died on it, so it is given up")
        return True

    def _device(self, running: Running) -> str | None:
        slot = self._executor.slots.get(running.slot)
        return slot.device if slot else None

    def _is_one_too_many(self, device: str, running: Running) -> bool:
        trial, begun = running.number, running.begun is not None
        if begun and any(trial in dead for place, dead in self._deaths.items() if place != device):
            self._deaths = {place: [each for each in dead if each != trial] for place, dead in self._deaths.items()}
            return False
        dead = self._deaths.setdefault(device, [])
        dead.append(trial)
        return len(dead) >= MOST and (not begun or len(set(dead)) > 1)
