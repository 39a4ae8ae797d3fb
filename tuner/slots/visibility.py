"""Names of GPUs, and those that CUDA_VISIBLE_DEVICES leaves.

Source: CUDA C++ Programming Guide, "CUDA Environment Variables", CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.slots.slot import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuner.slots.slot import Gpu

UUID_BEGINS = ("GPU-", "MIG-")

LONGEST = 9
"""Digits of a number that may be a GPU's. Python refuses to read thousands of them."""


def is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= LONGEST


def named(name: str, found: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Those that nvidia-smi's number, a UUID or the beginning of just one UUID stands for; () where nothing is.

    A GPU in MIG mode stands for all its parts.
    """
    if is_number(name):
        return tuple(gpu for gpu in found if gpu.index == int(name))
    if not name.startswith(UUID_BEGINS):
        return ()
    known = {uuid for gpu in found for uuid in (gpu.uuid, gpu.parent) if uuid.startswith(name)}
    if name not in known and len(known) != 1:
        return ()
    whole = name if name in known else known.pop()
    return tuple(gpu for gpu in found if whole in {gpu.uuid, gpu.parent})


def visible(found: Sequence[Gpu], environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Those that CUDA_VISIBLE_DEVICES leaves. As CUDA does, the list ends at the first name that is not there.

    CUDA shows a process one part of a GPU in MIG mode at most. Here all are kept, and each worker is shown one.
    """
    listed = environ.get(VISIBLE)
    if listed is None:
        return tuple(found)
    left: dict[str, Gpu] = {}
    numbers = _numbers_of_cuda(found, environ)
    for name in (part.strip() for part in listed.split(",")):
        match = named(str(numbers.get(int(name), -1)) if is_number(name) else name, found)
        if not match:
            break
        left |= {gpu.uuid: gpu for gpu in match}
    return tuple(left.values())


def _numbers_of_cuda(found: Sequence[Gpu], environ: Mapping[str, str]) -> dict[int, int]:
    """nvidia-smi's numbers by CUDA's.

    CUDA counts the fastest first where GPUs are unlike, unless CUDA_DEVICE_ORDER says PCI_BUS_ID. How it measures that
    is not told, so it is guessed from cores and clock.
    """
    indices = dict.fromkeys(gpu.index for gpu in found)
    alike = len({gpu.speed for gpu in found}) <= 1
    if alike or environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID":
        return {index: index for index in indices}
    speeds = {gpu.index: gpu.speed for gpu in found}
    return dict(enumerate(sorted(indices, key=lambda index: -speeds[index])))
