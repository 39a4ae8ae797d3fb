"""How fast trials that train side by side on the CPU are together, against one that has all cores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.slots import Measured


def gain(workers: int, measured: Measured | None = None) -> float:
    """Times as many images a second as one worker with all cores trains on: as measured here, else 1.

    They share the same cores: that two of one core each are faster than one of both is to be shown first.
    """
    if measured is None or measured.splits[0].workers != 1:
        return 1.0
    one, *more = measured.splits
    rates = next((split.rates for split in reversed(more) if split.workers <= workers), one.rates)
    return math.prod(rates[model] / one.rates[model] for model in one.rates) ** (1 / len(one.rates))
