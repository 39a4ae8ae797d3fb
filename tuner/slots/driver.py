"""What the NVIDIA driver says of the GPUs of this machine. The only asker of NVML; knows no TensorFlow.

NVML is begun and ended at each question: a GPU that is lost, or a driver that was updated, shows only after a new
start.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from tuner.slots.slot import DeviceGone, Gpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one look at the driver showed."""

    gpus: tuple[Gpu, ...] = ()
    """Those that can be trained on, by index; of a GPU in MIG mode its parts and not itself."""
    amiss: tuple[str, ...] = ()
    """A line for each GPU that cannot be trained on, or for a driver that does not answer."""


def look() -> Sight:
    """The GPUs of this machine. One that is lost does not hide the others; without a driver there is none."""
    import pynvml

    try:
        with _nvml():
            seen = [_sight(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError as error:
        if error.value == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            return Sight()  # no driver is installed, and nothing is amiss
        return Sight(amiss=(f"the NVIDIA driver does not answer: {error}",))
    return Sight(
        gpus=tuple(gpu for sight in seen for gpu in sight.gpus),
        amiss=tuple(line for sight in seen for line in sight.amiss),
    )


def free_memory(uuid: str, holder: int | None = None) -> int | None:
    """Bytes free on the GPU, those that the process `holder` has there counted as free; None where nobody can say.

    Raises DeviceGone where the driver answers and the GPU does not.
    """
    import pynvml

    try:
        with _nvml():
            handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
            return int(pynvml.nvmlDeviceGetMemoryInfo(handle).free) + _held(pynvml, handle, holder)
    except pynvml.NVMLError as error:
        gone = {
            pynvml.NVML_ERROR_GPU_IS_LOST,
            pynvml.NVML_ERROR_GPU_NOT_FOUND,
            pynvml.NVML_ERROR_NOT_FOUND,
            pynvml.NVML_ERROR_RESET_REQUIRED,
        }
        if error.value in gone:
            raise DeviceGone(uuid, str(error)) from None
        return None


@contextmanager
def _nvml() -> Iterator[None]:
    import pynvml

    pynvml.nvmlInit()
    try:
        yield
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _sight(nvml: Any, index: int) -> Sight:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        whole = _gpu(nvml, handle, index)
        if not _is_split(nvml, handle):
            return Sight(gpus=(whole,))
        parts = tuple(_parts(nvml, handle, whole))
        return Sight(gpus=parts, amiss=() if parts else (f"GPU {index} is in MIG mode and has no MIG devices",))
    except nvml.NVMLError as error:
        return Sight(amiss=(f"GPU {index}: {error}",))


def _gpu(nvml: Any, handle: Any, index: int) -> Gpu:
    memory, used = _memory(nvml, handle)
    return Gpu(
        index=index,
        uuid=nvml.nvmlDeviceGetUUID(handle),
        name=nvml.nvmlDeviceGetName(handle),
        memory=memory,
        compute_capability=_said(nvml, lambda: tuple(nvml.nvmlDeviceGetCudaComputeCapability(handle)), None),
        speed=_said(nvml, lambda: _speed(nvml, handle), 0.0),
        used=used,
        n_processes=len(_processes(nvml, handle)),
    )


def _memory(nvml: Any, handle: Any) -> tuple[int, int]:
    """Bytes in all, and in use. A GPU that shares the machine's memory has none of its own to speak of."""
    try:
        own = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError as error:
        if error.value != nvml.NVML_ERROR_NOT_SUPPORTED:
            raise
        machine = psutil.virtual_memory()
        return int(machine.total), int(machine.total - machine.available)
    return int(own.total), int(own.used)


def _speed(nvml: Any, handle: Any) -> float:
    clock = nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM)
    return float(nvml.nvmlDeviceGetNumGpuCores(handle) * clock)


def _is_split(nvml: Any, handle: Any) -> bool:
    current, _pending = _said(nvml, lambda: nvml.nvmlDeviceGetMigMode(handle), (0, 0))
    return bool(current)


def _parts(nvml: Any, handle: Any, whole: Gpu) -> Iterator[Gpu]:
    for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        with suppress(nvml.NVMLError):  # most numbers are not taken
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)
            memory = nvml.nvmlDeviceGetMemoryInfo(part)
            yield Gpu(
                index=whole.index,
                uuid=nvml.nvmlDeviceGetUUID(part),
                name=_said(nvml, lambda part=part: nvml.nvmlDeviceGetName(part), whole.name),  # type: ignore[misc]
                memory=int(memory.total),
                compute_capability=whole.compute_capability,
                parent=whole.uuid,
                part=number,
                speed=whole.speed,
                used=int(memory.used),
                n_processes=len(_processes(nvml, part)),
            )


def _processes(nvml: Any, handle: Any) -> list[Any]:
    return list(_said(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle), []))


def _held(nvml: Any, handle: Any, holder: int | None) -> int:
    """Bytes of the process; 0 where it has none, or where a container hides its number."""
    if holder is None:
        return 0
    return sum(each.usedGpuMemory or 0 for each in _processes(nvml, handle) if each.pid == holder)


def _said(nvml: Any, ask: Callable[[], Any], otherwise: Any) -> Any:
    """What an old GPU, an old driver or a part of a GPU need not be able to answer."""
    try:
        return ask()
    except nvml.NVMLError as error:
        if error.value == nvml.NVML_ERROR_GPU_IS_LOST:
            raise
        return otherwise
