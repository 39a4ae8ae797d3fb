"""Devices and who may train on them: GPUs through the driver, cores of the CPU. Knows no TensorFlow.

One worker's process trains on one slot. Which slots there are is said once, before a search starts; how much memory is
free on them can be asked at any time.
"""

from tuner.slots.choosing import slots
from tuner.slots.cpu import batch_parts, crowding, threads, usable_cores
from tuner.slots.driver import Sight, look
from tuner.slots.gpu import unshared
from tuner.slots.memory import free_host_memory, room
from tuner.slots.slot import CPU, DEVICE, DEVICE_MEMORY, DeviceGone, Gpu, Slot
from tuner.slots.splits import (
    Choice,
    Machine,
    Measured,
    Network,
    SplitOfCores,
    keep,
    this_machine,
    usual_split,
    workers_to_try,
)

__all__ = [
    "CPU",
    "DEVICE",
    "DEVICE_MEMORY",
    "Choice",
    "DeviceGone",
    "Gpu",
    "Machine",
    "Measured",
    "Network",
    "Sight",
    "Slot",
    "SplitOfCores",
    "batch_parts",
    "crowding",
    "free_host_memory",
    "keep",
    "look",
    "room",
    "slots",
    "this_machine",
    "threads",
    "unshared",
    "usable_cores",
    "usual_split",
    "workers_to_try",
]
