"""A machine whose GPUs and cores the test says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.gpus import Driver, install


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    return install(tmp_path, monkeypatch)


@pytest.fixture
def cores(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Says how many cores this process may use; 8 until it does. Nothing was measured on this machine."""

    def has(n: int) -> None:
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(n)))

    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tuner.slots.containers.processors", lambda: None)
    has(8)
    return has
