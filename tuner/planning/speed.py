"""How fast this machine computes: a quick look that costs a quarter of a second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.slots import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 64
"""Of the matrices that are multiplied: BLAS does not spread such small ones over cores, so that what is measured is one
core, whatever else this machine is doing on the others.
"""
MATRICES = 40
"""In one pass: half a millisecond's work. The best of many short passes is one that nobody disturbed."""

NUMBERS = 8_000_000
"""In each of two arrays that are added: 32 MB, more than the caches hold."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What the estimates of time are made from."""

    multiply_adds: float
    """A second, of one core, in single precision."""
    bytes: float
    """A second, read or written by one core, beyond its caches."""
    cores: int
    """That a training may use."""


def measure_speed(seconds: float = 0.1) -> Speed:
    """The speed of this machine; each of the two looks takes about `seconds`."""
    import numpy as np

    matrices = np.random.default_rng(0).random((MATRICES, SIDE, SIDE), dtype=np.float32)
    products = np.empty_like(matrices)
    numbers, others = np.ones(NUMBERS, np.float32), np.ones(NUMBERS, np.float32)
    return Speed(
        multiply_adds=MATRICES * SIDE**3 / _best(lambda: np.matmul(matrices, matrices, out=products), seconds),
        bytes=3 * numbers.nbytes / _best(lambda: np.add(numbers, others, out=numbers), seconds),
        cores=usable_cores(),
    )


def _best(work: Callable[[], object], seconds: float) -> float:
    """Seconds of the quickest of many passes. One at least is timed, after one that warms up."""
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while best == float("inf") or time.perf_counter() < end:
        began = time.perf_counter()
        work()
        best = min(best, max(time.perf_counter() - began, 1e-9))
    return best
