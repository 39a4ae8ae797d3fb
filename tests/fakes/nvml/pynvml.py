"""NVML without a driver: answers from the JSON file that FAKE_NVML names, read anew at each call.

    {"error": 9}                                   nvmlInit fails with this code
    {"gpus": [{"uuid": "GPU-aaaa", "name": "Fake", "total": 8589934592, "used": 0, "capability": [8, 0],
               "cores": 1000, "clock": 1000, "processes": [[4711, 1024]], "error": 15,
               "parts": [{"uuid": "MIG-...", ...}, null]}]}

`error` of a GPU is what every question about it is answered by, `parts` put it into MIG mode. Without FAKE_NVML there
is no driver. Put the folder of this file on PYTHONPATH and it stands before the real module, from which it takes error
classes and constants.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

HERE = str(Path(__file__).parent)


def _real() -> ModuleType:
    found = importlib.machinery.PathFinder.find_spec("pynvml", [path for path in sys.path if path != HERE])
    assert found is not None
    assert found.origin is not None
    spec = importlib.util.spec_from_file_location("real_pynvml", found.origin)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["real_pynvml"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REAL = _real()
NVMLError = REAL.NVMLError
NVML_CLOCK_SM = REAL.NVML_CLOCK_SM
globals().update({name: value for name, value in vars(REAL).items() if name.startswith("NVML_ERROR_")})

_begun = 0


def nvmlInit() -> None:  # noqa: N802
    global _begun  # noqa: PLW0603
    if code := _state().get("error"):
        raise NVMLError(code)
    _begun += 1


def nvmlShutdown() -> None:  # noqa: N802
    global _begun  # noqa: PLW0603
    _begun -= 1


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return len(_gpus())


def nvmlDeviceGetHandleByIndex(index: int) -> str:  # noqa: N802
    gpus = _gpus()
    if index >= len(gpus):
        raise NVMLError(REAL.NVML_ERROR_INVALID_ARGUMENT)
    return _answering(gpus[index])["uuid"]


def nvmlDeviceGetHandleByUUID(uuid: str) -> str:  # noqa: N802
    return _device(uuid)["uuid"]


def nvmlDeviceGetUUID(handle: str) -> str:  # noqa: N802
    return _device(handle)["uuid"]


def nvmlDeviceGetName(handle: str) -> str:  # noqa: N802
    return _device(handle)["name"]


def nvmlDeviceGetMemoryInfo(handle: str) -> SimpleNamespace:  # noqa: N802
    total, used = _supported(handle, "total"), _device(handle).get("used", 0)
    return SimpleNamespace(total=total, used=used, free=total - used)


def nvmlDeviceGetCudaComputeCapability(handle: str) -> tuple[int, int]:  # noqa: N802
    return tuple(_supported(handle, "capability"))


def nvmlDeviceGetNumGpuCores(device: str) -> int:  # noqa: N802
    return _supported(device, "cores")


def nvmlDeviceGetMaxClockInfo(handle: str, type: int) -> int:  # noqa: A002, N802
    assert type == NVML_CLOCK_SM
    return _supported(handle, "clock")


def nvmlDeviceGetMigMode(device: str) -> list[int]:  # noqa: N802
    mode = int(_supported(device, "parts") is not None)
    return [mode, mode]


def nvmlDeviceGetMaxMigDeviceCount(device: str) -> int:  # noqa: N802
    return len(_supported(device, "parts"))


def nvmlDeviceGetMigDeviceHandleByIndex(device: str, index: int) -> str:  # noqa: N802
    part = _supported(device, "parts")[index]
    if part is None:
        raise NVMLError(REAL.NVML_ERROR_NOT_FOUND)
    return _answering(part)["uuid"]


def nvmlDeviceGetComputeRunningProcesses(handle: str) -> list[SimpleNamespace]:  # noqa: N802
    return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in _supported(handle, "processes")]


def _state() -> dict[str, Any]:
    if "FAKE_NVML" not in os.environ:
        return {"error": REAL.NVML_ERROR_LIBRARY_NOT_FOUND}
    return json.loads(Path(os.environ["FAKE_NVML"]).read_text(encoding="utf-8"))


def _gpus() -> list[dict[str, Any]]:
    if not _begun:
        raise NVMLError(REAL.NVML_ERROR_UNINITIALIZED)
    return _state()["gpus"]


def _device(uuid: str) -> dict[str, Any]:
    """A GPU or a part of one. What is not there any more is not found."""
    for gpu in _gpus():
        for device in (gpu, *(gpu.get("parts") or [])):
            if device is not None and device["uuid"] == uuid:
                _answering(gpu)
                return _answering(device)
    raise NVMLError(REAL.NVML_ERROR_NOT_FOUND)


def _answering(device: dict[str, Any]) -> dict[str, Any]:
    if code := device.get("error"):
        raise NVMLError(code)
    return device


def _supported(uuid: str, what: str) -> Any:
    device = _device(uuid)
    if what not in device:
        raise NVMLError(REAL.NVML_ERROR_NOT_SUPPORTED)
    return device[what]
