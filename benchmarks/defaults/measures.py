"""What searches came to at some budgets, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

BUDGETS = (5, 10, 20, 50)
"""Trainings' worth."""
RESAMPLES = 2000
NEARLY_ALL = 0.8


def incumbent(row: Mapping[str, Any], budget: float) -> list[float]:
    """[time, score, key] of who would have won then; of the first scored where nobody was yet."""
    found: list[list[float]] = [each for each in row["incumbents"] if each[0] <= budget]
    return found[-1] if found else [0.0, 0.0, -1.0]


def as_many_draws(score: float, reference: NDArray[np.float64]) -> float:
    """Random trainings of which the best is expected to be as good: the expected share of draws that are better than
    the best of n is 1 / (n + 1).
    """
    better = len(reference) - np.searchsorted(reference, score, side="right")
    return float((len(reference) + 1) / (better + 1))


Cell = tuple[str, int]
"""Problem and seed."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """All searches of one kind. A candidate may have fewer than another; comparisons are of those that both have."""

    rows: Mapping[str, Mapping[Cell, Mapping[str, Any]]]
    """Searches by candidate."""
    budgets: Sequence[float]
    control: str

    def candidates(self) -> list[str]:
        """Of which the control has searches of the same problems and seeds."""
        return [name for name in self.rows if self.cells(name)]

    def cells(self, candidate: str) -> list[Cell]:
        """Those that the control has too."""
        return sorted(self.rows[candidate].keys() & self.rows[self.control].keys())

    def scores(self, candidate: str, cells: Sequence[Cell]) -> NDArray[np.float64]:
        """(cells, budgets), of the winner then."""
        found = self.rows[candidate]
        return np.array([[incumbent(found[cell], budget)[1] for budget in self.budgets] for cell in cells])

    def keys(self, candidate: str, cells: Sequence[Cell]) -> NDArray[np.int64]:
        """Likewise: the winner's recorded configuration."""
        found = self.rows[candidate]
        return np.array([[int(incumbent(found[cell], budget)[2]) for budget in self.budgets] for cell in cells])

    def n_trials(self, candidate: str) -> float:
        return float(np.mean([len(row["ended"]) for row in self.rows[candidate].values()]))

    def ranks(self) -> dict[str, NDArray[np.float64]]:
        """Mean ranks by budget, 1 the best, equal scores sharing theirs; of the candidates that have nearly all that
        the control has, in the searches that these have in common.
        """
        most = len(self.rows[self.control])
        names = [name for name in self.candidates() if len(self.cells(name)) >= NEARLY_ALL * most]
        common = sorted(set.intersection(*(set(self.cells(name)) for name in names)))
        scores = np.array([self.scores(name, common) for name in names])
        better = (scores[None] > scores[:, None]).sum(axis=1)
        equal = (scores[None] == scores[:, None]).sum(axis=1)
        return dict(zip(names, (better + (equal + 1) / 2).mean(axis=1), strict=True))


def gather(rows: Iterable[Mapping[str, Any]], budgets: Sequence[float], control: str) -> Results:
    found: defaultdict[str, dict[Cell, Mapping[str, Any]]] = defaultdict(dict)
    for row in rows:
        found[row["candidate"]][row["which"], row["seed"]] = row
    return Results(rows=found, budgets=budgets, control=control)


def interval(values: NDArray[np.float64], cells: Sequence[Cell]) -> tuple[float, float, float]:
    """Mean of the cells' values and its 95 % interval, problems drawn first and seeds within them."""
    chance = np.random.default_rng(0)
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for (which, _), value in zip(cells, values, strict=True):
        groups[which].append(value)
    drawn = [np.array(group)[chance.integers(0, len(group), (RESAMPLES, len(group)))] for group in groups.values()]
    sums = np.array([group.sum(axis=1) for group in drawn])
    sizes = np.array([group.shape[1] for group in drawn])
    chosen = chance.integers(0, len(drawn), (len(drawn), RESAMPLES))
    means = np.take_along_axis(sums, chosen, axis=0).sum(axis=0) / sizes[chosen].sum(axis=0)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(np.mean(values)), float(low), float(high)
