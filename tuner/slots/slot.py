"""GPUs and slots as plain values, and what a worker's process is told of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

CPU = "CPU"
"""The device of the slots that train on no GPU."""

VISIBLE = "CUDA_VISIBLE_DEVICES"

DEVICE = "TUNE_DEVICE"
"""Tells a worker what it was given: a GPU's UUID, or 'CPU'. A worker that does not see it must not train."""

DEVICE_MEMORY = "TUNE_DEVICE_MEMORY"
"""Tells a worker that shares its GPU how many bytes it may take there."""


class DeviceGone(SetupError):
    """A GPU that was found no longer answers: it fell off the bus, was taken away, or needs a reset."""

    def __init__(self, device: str, why: str) -> None:
        super().__init__(f"GPU {device} is gone: {why}.")
        self.device = device
        """Of the slots that are of no use any more; see Slot.device."""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU, or the part of one that MIG makes a device of its own, as the driver names it."""

    index: int
    """Of the GPU, as nvidia-smi counts."""
    uuid: str
    """'GPU-...', or 'MIG-...' of a part."""
    name: str
    memory: int
    """Bytes in all."""
    compute_capability: tuple[int, int] | None = None
    """Such as (8, 0) of an A100; None where the driver does not say."""
    parent: str = ""
    """UUID of the GPU that it is a part of; empty for a whole one."""
    part: int | None = None
    """Its number among the parts of its GPU."""
    speed: float = 0.0
    """Cores times clock: what CUDA's own order of unlike GPUs is guessed by."""
    used: int = 0
    """Bytes in use when it was looked at."""
    n_processes: int = 0
    """That computed on it then."""

    @property
    def title(self) -> str:
        """For a person: 'GPU 0 (NVIDIA A100)', 'GPU 0, MIG 2 (NVIDIA A100 MIG 1g.5gb)'."""
        part = "" if self.part is None else f", MIG {self.part}"
        return f"GPU {self.index}{part} ({self.name})"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place where one trial at a time trains."""

    name: str
    """For a person, and unlike all others: 'CPU', 'GPU 0 (NVIDIA A100)', 'CPU, share 1 of 2'."""
    device: str = CPU
    """What it shares with the other slots of the same device: a GPU's UUID, or 'CPU'."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What a worker's process must find set before it imports TensorFlow."""
    memory: int | None = None
    """Bytes of its device that it may use: its share, or all; None where it is not known."""
    compute_capability: tuple[int, int] | None = None
    """The GPU's, such as (8, 0) of an A100; None on the CPU or where it is not known."""
