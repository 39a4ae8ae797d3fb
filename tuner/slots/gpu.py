"""Slots on GPUs: each pinned to its GPU, with a share of its memory where several use one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tuner.errors import UsageError
from tuner.slots.cpu import thread_environment, total_memory, usable_cores
from tuner.slots.slot import CPU, DEVICE, DEVICE_MEMORY, VISIBLE, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuner.slots.slot import Gpu

MEBIBYTE = 2**20

SMALL_GPU = 2**31
RESERVES = ((6, 500), (7, 1050), (8, 1536))
"""Up to which compute capability a process of TensorFlow leaves how many MiB outside its own pool, for CUDA's context
and libraries: each process has a context of its own. Source: MinSystemMemory in TensorFlow's gpu_device.cc.
"""
SMALL_RESERVE, LARGEST_RESERVE = 225, 1800

LEAST_SHARE = 512 * MEBIBYTE
"""Bytes below which a share trains no network worth the wait: cuDNN's workspaces alone take a good part."""

LEAST_THREADS = 2
"""Of a worker on a GPU: one feeds it while the other prepares the next batch."""


def gpu_slots(gpus: Sequence[Gpu], trials_per_gpu: int, environ: Mapping[str, str]) -> tuple[Slot, ...]:
    """So many slots of each GPU. Raises UsageError where their shares of memory would be too small."""
    n_threads = max(LEAST_THREADS, usable_cores() // (len(gpus) * trials_per_gpu))
    shared = {VISIBLE: "", **thread_environment(n_threads, environ), "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    return tuple(
        slot
        for gpu in gpus
        for slot in (_shares(gpu, trials_per_gpu, shared) if trials_per_gpu > 1 else (_whole(gpu, shared),))
    )


def unshared(slot: Slot) -> Slot:
    """The slot with all of its device, for a new worker whose job has it alone: a GPU's memory, the CPU's cores."""
    if slot.device == CPU:
        threads = thread_environment(usable_cores(), os.environ)
        return replace(slot, environment={**slot.environment, **threads}, memory=total_memory())
    environment = {name: value for name, value in slot.environment.items() if name != DEVICE_MEMORY}
    return replace(slot, environment=environment, memory=None)


def share(gpu: Gpu, n: int) -> int:
    """Bytes that each of n processes may take: what is left after n CUDA contexts, divided; whole MiB."""
    return (gpu.memory // n - reserve(gpu)) // MEBIBYTE * MEBIBYTE


def reserve(gpu: Gpu) -> int:
    """Bytes that a process takes outside of TensorFlow's pool, or that TensorFlow leaves for that."""
    if gpu.memory < SMALL_GPU:
        return SMALL_RESERVE * MEBIBYTE
    major = gpu.compute_capability[0] if gpu.compute_capability else RESERVES[-1][0]
    return next((size for most, size in RESERVES if major <= most), LARGEST_RESERVE) * MEBIBYTE


def _whole(gpu: Gpu, environment: Mapping[str, str]) -> Slot:
    return Slot(
        name=gpu.title,
        device=gpu.uuid,
        environment={**environment, **_pinned(gpu)},
        memory=gpu.memory,
        compute_capability=gpu.compute_capability,
    )


def _shares(gpu: Gpu, n: int, environment: Mapping[str, str]) -> tuple[Slot, ...]:
    memory = share(gpu, n)
    if memory < LEAST_SHARE:
        most = max(1, gpu.memory // (LEAST_SHARE + reserve(gpu)))
        raise UsageError(
            f"--trials-per-gpu {n}: {gpu.title} has {gpu.memory / 2**30:.1f} GiB, and each trial needs "
            f"{(LEAST_SHARE + reserve(gpu)) / 2**30:.1f} GiB at least: at most {most}."
        )
    return tuple(
        Slot(
            name=f"{gpu.title}, share {i + 1} of {n}",
            device=gpu.uuid,
            environment={**environment, **_pinned(gpu), DEVICE_MEMORY: str(memory)},
            memory=memory,
            compute_capability=gpu.compute_capability,
        )
        for i in range(n)
    )


def _pinned(gpu: Gpu) -> dict[str, str]:
    # By UUID: CUDA numbers GPUs by speed, the driver by bus, and the two need not agree.
    return {VISIBLE: gpu.uuid, DEVICE: gpu.uuid}
