"""GPUs that are not there: what `nvml/pynvml.py` tells of them, in this process and in those that it starts."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NVML = Path(__file__).parent / "nvml"

GIB = 2**30
LOST, NOT_LOADED, NO_PERMISSION, WRONG_VERSION = 15, 9, 4, 18
"""Codes of NVML: GPU_IS_LOST, DRIVER_NOT_LOADED, NO_PERMISSION, LIB_RM_VERSION_MISMATCH."""


def gpu(uuid: str, **more: Any) -> dict[str, Any]:
    """A GPU of 16 GiB, as an A100 otherwise; with what else is said of it."""
    return {
        "uuid": uuid, "name": "Fake 16G", "total": 16 * GIB, "used": 0, "capability": [8, 0],
        "cores": 6912, "clock": 1410, "processes": [], **more,
    }  # fmt: skip


class Driver:
    """The driver of this test's machine. Every change shows at the next question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gpus: list[dict[str, Any]] = []
        self.has()

    def has(self, *gpus: dict[str, Any]) -> None:
        self.gpus = list(gpus)
        self._write({"gpus": self.gpus})

    def change(self, index: int, **more: Any) -> None:
        self.has(*({**gpu, **more} if i == index else gpu for i, gpu in enumerate(self.gpus)))

    def fail(self, code: int) -> None:
        self._write({"error": code})

    def _write(self, state: dict[str, Any]) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(state), encoding="utf-8")
        new.replace(self.path)


def install(path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Puts the fake before the real module. A driver without GPUs, until the test says which it has."""
    driver = Driver(path / "nvml.json")
    monkeypatch.setenv("FAKE_NVML", str(driver.path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(NVML), os.environ.get("PYTHONPATH")])))
    monkeypatch.setitem(sys.modules, "pynvml", _fake())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    return driver


def _fake() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pynvml", NVML / "pynvml.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
