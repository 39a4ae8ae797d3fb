"""What all tests share: a home of their own, and the program."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from evidence import measured, pytest_runtest_makereport

__all__ = ["measured", "pytest_runtest_makereport"]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True, scope="module")
def frozen() -> None:
    """What was loaded and left over before a module is looked through by no collection of garbage within it: Keras
    starts several for each network, and after a hundred networks they took longer than what is tested.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a narrow terminal, and pytest's processes are told of it."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TUNE_HOME for this test and the programs that it starts."""
    monkeypatch.setenv("TUNE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def tune(home: Path, tmp_path: Path) -> Run:
    """Runs `tune WORDS` in a process of its own, as a user does, in an empty folder."""

    def run(
        *words: str, environ: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tuner", *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=tmp_path,
            env={**os.environ, "TUNE_HOME": str(home), "CI": "true", **(environ or {})},
            check=False,
        )

    return run


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases that wait for no disk: for tests of what is written, not of what outlives a power cut."""

    def durable(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    monkeypatch.setattr("tuner.study.storage._durable", durable)
