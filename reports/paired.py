"""Two models on the same test images: where one is right and the other wrong, and whether that is more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.05
"""Chance at which a difference is said to be more than chance, over all pairs together."""

Z = 1.959964
"""Of a normal distribution, 95 % lie within so many standard deviations."""


@dataclass(frozen=True, kw_only=True)
class Paired:
    """What two models made of the same images."""

    first: str
    second: str
    """Names of their studies."""
    n: int
    """Test images."""
    only_first: int
    """Images that the first alone classified correctly."""
    only_second: int

    @property
    def difference(self) -> float:
        """Accuracy of the first less that of the second: -1 to 1."""
        return (self.only_first - self.only_second) / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval of the difference. Source: Agresti and Min 2005, Statistics in Medicine 24,
        729-740: Wald's interval with half an image more in each cell.
        """
        n, b, c = self.n + 2, self.only_first + 0.5, self.only_second + 0.5
        middle = (b - c) / n
        half = Z * math.sqrt(b + c - (b - c) ** 2 / n) / n
        return max(middle - half, -1.0), min(middle + half, 1.0)

    @property
    def p(self) -> float:
        """Of McNemar's exact test: the chance of counts so unequal, or more so, if both models were equally good.
        Source: McNemar 1947, Psychometrika 12, 153-157, with the binomial distribution.
        """
        from scipy.stats import binomtest

        n = self.only_first + self.only_second
        return float(binomtest(self.only_first, n, 0.5).pvalue) if n else 1.0


def adjusted(pairs: Sequence[Paired]) -> tuple[float, ...]:
    """Their p, each as large as makes up for there being several. Source: Holm 1979, Scand. J. Statist. 6, 65-70."""
    order = sorted(range(len(pairs)), key=lambda i: pairs[i].p)
    found, least = [1.0] * len(pairs), 0.0
    for rank, i in enumerate(order):
        least = max(least, min((len(pairs) - rank) * pairs[i].p, 1.0))
        found[i] = least
    return tuple(found)
