"""What the recorded curves say by themselves: how noisy they are, and what early epochs tell of the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.defaults.tables import Table

EPOCHS = (1, 2, 3, 4, 5, 6, 8, 12, 16)
TOP = 0.1


def noise_lines(table: Table) -> list[str]:
    """Seeds, epochs, and the order at an epoch against the order at the end."""
    curves = _whole(table)
    best = curves.max(axis=1)
    quartiles = np.quantile(best, (0.0, 0.25, 0.5, 0.75, 1.0))
    steps = np.diff(curves, axis=1)
    return [
        "Best epochs' accuracy, least, quartiles and most: " + ", ".join(f"{each:.2%}" for each in quartiles) + ".",
        f"The same configuration from another seed: {_between_seeds(table)}.",
        f"From one epoch to the next accuracy falls in {np.mean(steps < 0):.0%} of steps, by a median of",
        f"{100 * np.median(-steps[steps < 0]):.1f} points; in the first five epochs the largest fall of a curve has a",
        f"median of {100 * np.median(np.maximum(-steps[:, :4].min(axis=1), 0)):.1f} points.",
    ]


def start_lines(table: Table) -> list[str]:
    """What would be lost by judging at an early epoch: the place there of those that are best at the end."""
    curves = _whole(table)
    best = curves.max(axis=1)
    n_top = max(round(TOP * len(best)), 1)
    top = np.argsort(-best)[:n_top]
    lines = [
        f"The order after an epoch: rank correlation with the best epochs' order, and how many of the {n_top} best",
        "configurations are in the better third, and in the better half, at that epoch.",
        "",
        "| epoch | " + " | ".join(map(str, EPOCHS)) + " |",
        "| --- |" + " --- |" * len(EPOCHS),
    ]
    at = [curves[:, epoch - 1] for epoch in EPOCHS]
    rows = {
        "rank correlation": [f"{np.corrcoef(_order(each), _order(best))[0, 1]:.2f}" for each in at],
        "in the better third": [str(_kept(each, top, 3)) for each in at],
        "in the better half": [str(_kept(each, top, 2)) for each in at],
    }
    return [*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())]


def _whole(table: Table) -> NDArray[np.float64]:
    return np.array([curve.scores for curve in table.curves if not curve.failed])


def _order(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.argsort(np.argsort(values))


def _kept(values: NDArray[np.float64], top: NDArray[np.int64], factor: int) -> int:
    return int(np.isin(top, np.argsort(-values)[: len(values) // factor]).sum())


def _between_seeds(table: Table) -> str:
    first = {row["name"]: row for row in table.rows if (row["seed"], row["part"]) == (0, 1)}
    pairs = [(first[row["name"]], row) for row in table.rows if (row["seed"], row["part"]) == (1, 1)]
    pairs = [pair for pair in pairs if all(len(each["curve"]) == table.epochs for each in pair)]
    if not pairs:
        return "not recorded"
    early = [(one["curve"][0] - two["curve"][0]) / 100 for one, two in pairs]
    late = [(max(one["curve"]) - max(two["curve"])) / 100 for one, two in pairs]
    return (
        f"a standard deviation of {_deviation(early):.2f} points after the first epoch and of {_deviation(late):.2f} "
        f"at the best, in {len(pairs)} pairs"
    )


def _deviation(differences: list[float]) -> float:
    """Of one training, from differences between two."""
    return float(np.sqrt(np.mean(np.square(differences)) / 2))
