"""What scores more trials may bring. Held to simulated searches: docs/decisions/0012-the-outlook.md.

Above a high threshold, minus the logarithms of the errors are taken to be exponential: to take another tenth off the
error has the same chance again. Their scale comes from the gaps between the best scores.
Sources: Renyi 1953, On the theory of order statistics; Weissman 1978, Estimation of parameters and large quantiles
based on the k largest observations.

A search that learns draws from better and better distributions. After n draws it has seen as much as n**c draws at
random would have shown; c is told from how often the best score was improved on, each improvement at draw i having
the chance 1 - (1 - 1/i)**c. Source: Yang 1975, On the distribution of the inter-record times in an increasing
population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tuner.outlook.past import Past

SIMULATIONS = 4_000

TOP_SHARE, TOP_LEAST, TOP_MOST = 0.25, 3, 10
"""The best of the draws that the scale of gains is taken from."""
ENOUGH_DRAWS, ENOUGH_SCORED = 8, 3
"""Draws, and scores among them, from which on intervals were seen to keep what they say."""

COUNTED_FROM = 0.5
"""Share of the draws after which improvements are counted: the first are easy for everybody."""

MOST_EXPOSURE = 1e9
"""Beyond it nothing changes but what numbers can hold."""

LOW, HIGH = 0.1, 0.9
"""Quantiles at the ends of what is told: 80 % lie between."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What is thought of c before the history is seen: as if so many improvements had been counted where a search at
    random makes so many.
    """

    improvements: float
    at_random: float


LEARNING = Pace(improvements=5, at_random=2)
LEARNING_TO_AN_END = Pace(improvements=2, at_random=2)
"""In a finite space, where a search that learns has the best of it before long."""


@dataclass(frozen=True, kw_only=True)
class Gain:
    """The best score after the trials to come, as 4 of 5 histories like this one would go on."""

    median: float
    low: float
    high: float
    """80 % interval; its low end is never below the best score so far."""
    chance: float
    """Of any better score."""
    chance_beyond_error: float
    """Of one that is better by more than the standard error of the best."""
    standard_error: float
    """Of the best score so far, were it measured on as many other images."""
    n_images: int
    """That scores are shares of."""
    n_top: int
    """Best draws that the sizes of gains were taken from."""
    n_improvements: int
    """Times that the best draw was improved on in the later half."""


def gain(past: Past, *, more: int, n_images: int, pace: Pace | None, seed: int = 0) -> Gain:
    """What `more` finished trials may bring, at the pace of a search that learns; None is one that does not. Needs
    ENOUGH_DRAWS draws, ENOUGH_SCORED of them scored, and a best.
    """
    assert past.best is not None
    assert past.best.score is not None
    best = past.best.score
    random = np.random.default_rng(seed)
    improvements = _improvements(past.scores)
    power = _power(pace, len(past.scores), improvements, random) if pace else np.ones(SIMULATIONS)
    exposure = np.minimum((1 + more / len(past.scores)) ** power - 1, MOST_EXPOSURE)
    top = _n_top(past)
    least = 0.5 / n_images  # scores are whole images: no rounding error is a gain
    to_come = _best_to_come(past, top, exposure, 1 / n_images, random)
    ends = np.where(to_come > best + least, to_come, best)
    low, median, high = np.quantile(ends, (LOW, 0.5, HIGH), method="inverted_cdf")
    error = (best * (1 - best) / n_images) ** 0.5
    return Gain(
        median=float(median),
        low=float(low),
        high=float(high),
        chance=float(np.mean(ends > best)),
        chance_beyond_error=float(np.mean(ends > best + error)),
        standard_error=error,
        n_images=n_images,
        n_top=top,
        n_improvements=improvements,
    )


def _n_top(past: Past) -> int:
    wanted = round(TOP_SHARE * len(past.scores))
    return min(max(wanted, TOP_LEAST), TOP_MOST, len(past.scored) - 1)


def _improvements(scores: Sequence[float | None]) -> int:
    """Draws of the later half that were better than all before."""
    best, count = -1.0, 0
    for draw, score in enumerate(scores):
        if score is not None and score > best:
            best = score
            count += draw >= _counted_from(len(scores))
    return count


def _counted_from(n_draws: int) -> int:
    return int(COUNTED_FROM * n_draws)


def _power(pace: Pace, n_draws: int, improvements: int, random: np.random.Generator) -> NDArray[np.float64]:
    """(SIMULATIONS,), what c may be: a gamma distribution. At random log(n / from) improvements are to be expected."""
    at_random = np.log(n_draws / _counted_from(n_draws))
    return random.gamma(pace.improvements + improvements, 1 / (pace.at_random + at_random), SIMULATIONS)


def _best_to_come(
    past: Past, top: int, exposure: NDArray[np.float64], step: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """(SIMULATIONS,), the best score of the draws to come, -1 where none is among the best. `exposure` is what is to
    come in proportion to what was seen.
    """
    best = _log_errors(np.sort(past.scored)[::-1][: top + TOP_MOST], step, random)[:, : top + 1]
    threshold, gaps = best[:, top], best[:, :top] - best[:, top:]
    # k + 1, not k: of scales that fit the gaps alike the smaller ones come first, since accuracy has a ceiling.
    scale = gaps.sum(axis=1) / random.gamma(top + 1, 1, SIMULATIONS)
    n_above = random.poisson(random.gamma(top + 1, 1, SIMULATIONS) * exposure)
    # The best of n exponential draws, by its distribution function turned round.
    above = -np.log(-np.expm1(np.log(random.random(SIMULATIONS)) / np.maximum(n_above, 1)))
    scores = -np.expm1(-(threshold + scale * above))
    return np.where(n_above > 0, np.round(scores / step) * step, -1.0)


def _log_errors(scores: NDArray[np.float64], step: float, random: np.random.Generator) -> NDArray[np.float64]:
    """(SIMULATIONS, n), minus the logarithms of the errors, each row best first. Scores count whole images; what lies
    between two counts is drawn, so that equal scores leave gaps too.
    """
    within = scores + step * (random.random((SIMULATIONS, scores.size)) - 0.5)
    return -np.sort(np.log(np.maximum(1 - within, step / 4)), axis=1)
