"""How many trials a search shall have where nobody says."""

from __future__ import annotations

from math import ceil, floor, log
from typing import TYPE_CHECKING

from tuner.engines.catalog import GRID_SEARCH_CV, card

if TYPE_CHECKING:
    from search_spaces import SearchSpace

TRIALS = 50

FACTOR = 3
"""One in so many goes on to the next round: the default of scikit-learn's HalvingGridSearchCV."""


def usual_trials(space: SearchSpace, engine: str, algorithm: str | None) -> int:
    """As many as a cross-validated grid or its halving can come to; 50 for all that has no end of its own.

    Raises UsageError where the engine has no such algorithm.
    """
    name = card(engine).algorithm(algorithm).name
    if engine != GRID_SEARCH_CV.name or name not in ("grid", "halving"):
        return TRIALS
    n = space.size().configurations
    if n is None:
        return TRIALS
    return n if name == "grid" else _in_all_rounds(n)


def _in_all_rounds(n: int) -> int:
    """Of n candidates, if there are images for all rounds: fewer end it sooner. Source: HalvingGridSearchCV."""
    total, left = 0, n
    for _ in range(1 + floor(log(n, FACTOR))):
        total, left = total + left, ceil(left / FACTOR)
    return total
