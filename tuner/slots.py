"""Devices and who may train on them. The only module that asks the driver."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.errors import SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU as the driver names it."""

    index: int
    uuid: str
    name: str
    memory: int
    """Bytes in all."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place where one trial at a time trains."""

    name: str
    """For a person: 'CPU', 'GPU 0 (NVIDIA A100)'."""
    device: str = "CPU"
    """What it shares with the other slots of the same device: a GPU's UUID, or 'CPU'."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What a worker's process must find set before it imports TensorFlow."""


def find_gpus() -> tuple[Gpu, ...]:
    """The NVIDIA GPUs of this machine by index; () without a driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        return tuple(_gpu(pynvml, i) for i in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()
    finally:
        pynvml.nvmlShutdown()


def _gpu(pynvml: object, index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)  # type: ignore[attr-defined]
    return Gpu(
        index=index,
        uuid=pynvml.nvmlDeviceGetUUID(handle),  # type: ignore[attr-defined]
        name=pynvml.nvmlDeviceGetName(handle),  # type: ignore[attr-defined]
        memory=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),  # type: ignore[attr-defined]
    )


def slots(
    gpus: str,
    driver: Callable[[], Sequence[Gpu]] = find_gpus,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Slot, ...]:
    """One slot for each GPU that `gpus` names: 'auto' (those that are there), 'all', 'none', or '0,2'.

    Without a GPU there is one slot on the CPU with all its cores: two trials side by side on half of them each were
    measured slower than one after the other. Raises SetupError where a GPU was asked for and is absent.
    """
    if gpus == "none":
        return (_cpu(),)
    found = _visible(tuple(driver()), environ)
    if gpus in {"auto", "all"}:
        if gpus == "all" and not found:
            raise SetupError("--gpus all: no NVIDIA GPU was found on this machine. Train on the CPU with --gpus none.")
        return tuple(_slot(gpu) for gpu in found) or (_cpu(),)
    return tuple(_slot(gpu) for gpu in _named(gpus, found))


def _named(gpus: str, found: Sequence[Gpu]) -> list[Gpu]:
    known = {str(gpu.index): gpu for gpu in found} | {gpu.uuid: gpu for gpu in found}
    names = [name.strip() for name in gpus.split(",")]
    if not all(name.isdigit() or name.startswith(("GPU-", "MIG-")) for name in names):
        raise UsageError(f"--gpus takes auto, all, none, or numbers such as 0,2. Got {gpus!r}.")
    for name in names:
        if name not in known:
            here = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in found) or "none"
            raise SetupError(f"--gpus {gpus}: there is no GPU {name}. GPUs found: {here}.")
    return list({known[name].uuid: known[name] for name in names}.values())


def _visible(found: tuple[Gpu, ...], environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Those that CUDA_VISIBLE_DEVICES leaves. As CUDA does, the list ends at the first name that is not there."""
    listed = environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        return found
    left: list[Gpu] = []
    for name in (part.strip() for part in listed.split(",")):
        match = [gpu for gpu in found if name in {str(gpu.index), gpu.uuid} or (name and gpu.uuid.startswith(name))]
        if len(match) != 1:
            break
        left.extend(match)
    return tuple(left)


def _slot(gpu: Gpu) -> Slot:
    # By UUID: CUDA numbers GPUs by speed, the driver by bus, and the two need not agree.
    return Slot(name=f"GPU {gpu.index} ({gpu.name})", device=gpu.uuid, environment={"CUDA_VISIBLE_DEVICES": gpu.uuid})


def _cpu() -> Slot:
    return Slot(name="CPU", environment={"CUDA_VISIBLE_DEVICES": "-1"})
