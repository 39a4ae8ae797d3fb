"""The device of this process, as TensorFlow has it: made ready once, and measured for each job."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from tuner.errors import SetupError
from tuner.machine import peak_memory
from tuner.slots import CPU, DEVICE, DEVICE_MEMORY

if TYPE_CHECKING:
    from collections.abc import Mapping

GPU = "GPU:0"
"""The one that this process was given; it sees no other."""

PEAKS = Path("/proc/self/clear_refs")
PEAKS_ANEW = "5"
"""Lets VmHWM, the peak of resident memory, count anew. Source: Linux, proc(5), /proc/pid/clear_refs."""

MEBIBYTE = 2**20


def prepare(environ: Mapping[str, str] = os.environ) -> str:
    """Takes the device that the parent chose before this process was started; its name, for a person.

    A share of a GPU's memory is the most that is taken there; without one, memory is taken as it is needed. Raises
    SetupError where a GPU was given and TensorFlow does not see it, or sees others: it would train on a CPU without a
    word, or on another's GPU.
    """
    gpus = tf.config.list_physical_devices("GPU")
    given = environ.get(DEVICE, "")
    if given not in {"", CPU}:
        _check_seen(given, len(gpus))
    memory = environ.get(DEVICE_MEMORY)
    for gpu in gpus:
        if memory:
            # Excludes set_memory_growth; TF_FORCE_GPU_ALLOW_GROWTH lets the pool grow up to its limit all the same.
            limit = tf.config.LogicalDeviceConfiguration(memory_limit=int(memory) // MEBIBYTE)
            tf.config.set_logical_device_configuration(gpu, [limit])
        else:
            tf.config.experimental.set_memory_growth(gpu, enable=True)
    return f"GPU {given}".strip() if gpus else CPU


def begin() -> None:
    """Lets the peaks of memory count anew, where the system can do that."""
    with suppress(OSError):  # not Linux
        PEAKS.write_text(PEAKS_ANEW, encoding="ascii")
    if _on_gpu():
        tf.config.experimental.reset_memory_stats(GPU)


def peaks() -> tuple[int, int]:
    """The most bytes of this process that were resident, and that it had on its GPU, since `begin`; 0 without a GPU."""
    return peak_memory(), int(tf.config.experimental.get_memory_info(GPU)["peak"]) if _on_gpu() else 0


def _on_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def _check_seen(given: str, n_seen: int) -> None:
    if n_seen == 0:
        raise SetupError(
            f"TensorFlow does not see GPU {given}, which the driver knows. It needs CUDA's libraries: pip install "
            f"'kerastune[gpu]'. Train on the CPU with --gpus none."
        )
    if n_seen > 1:
        raise SetupError(f"TensorFlow sees {n_seen} GPUs where only GPU {given} was given.")
