"""What the fault tests share: a seed that is printed. `measured`, which all tests have, stands in evidence.py."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence import Measured
from fakes.starting import Nursery, Tune

__all__ = ["Measured"]

SEED = 20261


@pytest.fixture
def seed() -> int:
    """The same each time, unless FAULTS_SEED names another."""
    return int(os.environ.get("FAULTS_SEED", SEED))


@pytest.fixture(autouse=True)
def _print_seed(seed: int) -> None:
    print(f"seed {seed} (another with FAULTS_SEED)")


@pytest.fixture
def chance(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of this test's own."""
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def program(nursery: Nursery, tmp_path: Path) -> Tune:
    """`tune` over the fake worker, with a home of its own."""
    return Tune(nursery, tmp_path)
