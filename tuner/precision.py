"""What the layers of a study compute in, and why: what suits its devices, unless the user says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.plan import AUTO, FLOAT32
from tuner.slots import CPU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.slots import Slot

TENSOR_CORES = (((8, 0), "mixed_bfloat16"), ((7, 0), "mixed_float16"))
"""The least compute capability whose tensor cores multiply in each format, best first. bfloat16 has the range of single
precision, so that no loss must be scaled. Source: NVIDIA, CUDA C++ Programming Guide, "Compute Capabilities".
"""

ON_CPU = {
    "mixed_bfloat16": ", though a CPU without AMX takes twice as long in it",
    "mixed_float16": ", though on a CPU it takes a hundred times as long",
}
"""Measured: docs/decisions/0015-precision.md."""

UNKNOWN = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Precision:
    name: str
    """Of tuner.plan.PRECISIONS."""
    why: str
    """For a person: 'auto: on a CPU'."""


def precision_for(slots: Sequence[Slot], wanted: str) -> Precision:
    """What is wanted; where that is `auto`, what all of the slots are fast in: the weakest decides."""
    if wanted != AUTO:
        return Precision(name=wanted, why=f"as asked for{_doubt(slots, wanted)}")
    gpus = [slot for slot in slots if slot.device != CPU]
    if not gpus:
        return Precision(name=FLOAT32, why=f"{AUTO}: on a CPU")
    weakest = min(gpus, key=_capability)
    least = _capability(weakest)
    name = next((name for needed, name in TENSOR_CORES if least >= needed), FLOAT32)
    return Precision(name=name, why=f"{AUTO}: {_told(weakest)}")


def _doubt(slots: Sequence[Slot], wanted: str) -> str:
    """What a user should know who asked for what the devices were not made for."""
    if all(slot.device == CPU for slot in slots):
        return ON_CPU.get(wanted, "")
    needed = next((needed for needed, name in TENSOR_CORES if name == wanted), UNKNOWN)
    slow = [slot for slot in slots if _capability(slot) < needed]
    return f", though {slow[0].name} has no tensor cores for it" if slow else ""


def _capability(slot: Slot) -> tuple[int, int]:
    return slot.compute_capability or UNKNOWN


def _told(slot: Slot) -> str:
    if slot.compute_capability is None:
        return f"the compute capability of {slot.name} is not known"
    return f"{slot.name} has compute capability {'.'.join(map(str, slot.compute_capability))}"
