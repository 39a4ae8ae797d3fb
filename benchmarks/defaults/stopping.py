"""Rules that end a whole search, tried on the searches that went on: when each would have ended them, at what loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.defaults.measures import incumbent
from tuner.outlook.gain import ENOUGH_DRAWS, ENOUGH_SCORED, LEARNING, gain
from tuner.outlook.past import Past
from tuner.trial import Epoch, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

IMAGES = 9_000
"""That validate by default where 60,000 train: the noise that rules are told of."""
LEAST = 10
"""Trials before which nobody ends a search."""

Ended = "Sequence[Sequence[float]]"
"""(time, epochs, score, whether complete) of each trial, in their order."""


def stall(least: int, share: float, *, noise: float = 0.0) -> Callable[[Sequence[Sequence[float]], float], bool]:
    """Nothing better in the last `least` trials, nor in the last `share` of all. With `noise`, nothing that is better
    by as many standard errors of the best score.
    """

    def ends(ended: Sequence[Sequence[float]], _left: float) -> bool:
        scores = [score if complete else 0.0 for _, _, score, complete in ended]
        last = max(least, int(np.ceil(share * len(scores))))
        if len(scores) <= last:
            return False
        before, after = max(scores[:-last]), max(scores[-last:])
        return before > 0 and after <= before + noise * (before * (1 - before) / IMAGES) ** 0.5

    return ends


def outlook(chance: float) -> Callable[[Sequence[Sequence[float]], float], bool]:
    """The outlook gives less than this chance to a gain beyond the standard error in all that is left."""

    def ends(ended: Sequence[Sequence[float]], left: float) -> bool:
        scores = tuple(score if complete else None for _, _, score, complete in ended)
        scored = [score for score in scores if score is not None]
        if len(scores) < max(ENOUGH_DRAWS, LEAST) or len(scored) < ENOUGH_SCORED or len(scores) % 5:
            return False
        more = max(round(left * len(scores) / ended[-1][0]), 1)
        return gain(_past(scores, max(scored)), more=more, n_images=IMAGES, pace=LEARNING).chance_beyond_error < chance

    return ends


def _past(scores: tuple[float | None, ...], best: float) -> Past:
    curve = (Epoch(epoch=1, accuracy=0.0, loss=0.0, val_accuracy=best),)
    return Past(best=Trial(number=0, state=TrialState.COMPLETE, curve=curve), trials=(), scores=scores)


RULES: Mapping[str, Any] = {
    "no better in 10 trials": stall(10, 0.0),
    "no better in 20 trials": stall(20, 0.0),
    "no better in 30 trials": stall(30, 0.0),
    "no better in 20 trials and the last half": stall(20, 0.5),
    "no better in 30 trials and the last half": stall(30, 0.5),
    "no better by a standard error in 20 trials and the last half": stall(20, 0.5, noise=1.0),
    "no better by a standard error in 30 trials and the last half": stall(30, 0.5, noise=1.0),
    "outlook: chance of a gain beyond the error below 10 %": outlook(0.10),
    "outlook: chance of a gain beyond the error below 25 %": outlook(0.25),
}


@dataclass(frozen=True, kw_only=True)
class Stop:
    saved: float
    """Share of the budget."""
    lost: float
    """Accuracy points that the search found later."""


def stopped(row: Mapping[str, Any], rule: Any, budget: float) -> Stop:
    """What the rule does to a search that had this budget, in trainings' worth."""
    ended = [each for each in row["ended"] if each[0] <= budget]
    at = budget
    for n in range(LEAST, len(ended)):
        if rule(ended[:n], budget - ended[n - 1][0]):
            at = ended[n - 1][0]
            break
    return Stop(saved=1 - at / budget, lost=100 * (incumbent(row, budget)[1] - incumbent(row, at)[1]))
