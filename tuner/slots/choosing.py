"""From the words of a command line to slots: which GPUs, or how many workers on the CPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuner.errors import SetupError, UsageError
from tuner.slots.cpu import cpu_slots
from tuner.slots.driver import Sight, look
from tuner.slots.gpu import gpu_slots
from tuner.slots.splits import Network, usual_split
from tuner.slots.visibility import UUID_BEGINS, is_number, named, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tuner.slots.slot import Gpu, Slot


def slots(
    gpus: str = "auto",
    *,
    workers: int | None = None,
    trials_per_gpu: int = 1,
    network: Network = Network.CONVOLUTIONS,
    driver: Callable[[], Sight] = look,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Slot, ...]:
    """The slots on the GPUs that `gpus` names: 'auto' (those that are there), 'all', 'none', or '0,2' and UUIDs.

    Without a GPU there are `workers` slots on the CPU; None is the split that is usual for the `network`.
    Raises SetupError where a GPU was asked for and is absent, UsageError where the words do not go together.
    """
    chosen = () if gpus == "none" else _chosen(gpus, driver(), environ)
    if not chosen:
        if trials_per_gpu > 1:
            why = "--gpus none leaves none" if gpus == "none" else "no NVIDIA GPU was found on this machine"
            raise UsageError(f"--trials-per-gpu {trials_per_gpu} is for GPUs, and {why}. On the CPU: --workers N.")
        return cpu_slots(usual_split(network, environ).workers if workers is None else workers, environ)
    if workers is not None:
        raise UsageError(
            f"--workers {workers} is for the CPU, and this search trains on {_list(chosen)}. "
            f"On a GPU: --trials-per-gpu N. Without: --gpus none."
        )
    return gpu_slots(chosen, trials_per_gpu, environ)


def _chosen(gpus: str, sight: Sight, environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    found = visible(sight.gpus, environ)
    if gpus == "auto":
        return found
    if gpus == "all":
        if not found:
            why = "CUDA_VISIBLE_DEVICES hides them all" if sight.gpus else "no NVIDIA GPU was found on this machine"
            amiss = f" ({'; '.join(sight.amiss)})" if sight.amiss else ""
            raise SetupError(f"--gpus all: {why}{amiss}. Train on the CPU with --gpus none.")
        return found
    return _listed(gpus, found, sight)


def _listed(gpus: str, found: Sequence[Gpu], sight: Sight) -> tuple[Gpu, ...]:
    names = [name.strip() for name in gpus.split(",")]
    if not all(is_number(name) or name.startswith(UUID_BEGINS) for name in names):
        raise UsageError(f"--gpus takes auto, all, none, or numbers and UUIDs such as 0,2. Got {gpus!r}.")
    chosen: dict[str, Gpu] = {}
    for name in names:
        match = named(name, found)
        if not match:
            raise SetupError(f"--gpus {gpus}: {_absence(name, found, sight)}")
        chosen |= {gpu.uuid: gpu for gpu in match}
    return tuple(chosen.values())


def _absence(name: str, found: Sequence[Gpu], sight: Sight) -> str:
    begun = [gpu.uuid for gpu in found if not is_number(name) and gpu.uuid.startswith(name)]
    if len(begun) > 1:
        return f"several GPUs begin with {name}: {', '.join(begun)}."
    amiss = f" Not usable: {'; '.join(sight.amiss)}." if sight.amiss else ""
    hidden = " CUDA_VISIBLE_DEVICES hides it." if named(name, sight.gpus) else ""
    otherwise = "" if found else " Train on the CPU with --gpus none."
    what = f"there is no GPU {name}" if is_number(name) else f"no GPU has a UUID that begins with {name}"
    return f"{what}.{hidden} GPUs found: {_list(found)}.{amiss}{otherwise}"


def _list(found: Sequence[Gpu]) -> str:
    return ", ".join(f"{_number(gpu)} ({gpu.name})" for gpu in found) or "none"


def _number(gpu: Gpu) -> str:
    return str(gpu.index) if gpu.part is None else gpu.uuid
