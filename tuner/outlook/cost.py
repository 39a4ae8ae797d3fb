"""How long more trials will take. Held to simulated searches: docs/decisions/0012-the-outlook.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tuner.trial import FINISHED, TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tuner.trial import Trial

SIMULATIONS = 4_000

RECENT = 20
"""Trials that the cost is told from, the last ones: what a search proposes changes while it learns."""
ENOUGH = 3

DRIFT = 1.2
"""How far the mean cost of a trial may move yet: standard deviation of its logarithm, times the root of the trials."""

LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Search time that the trials to come will take, as the devices at work have been so far."""

    seconds: float
    """The middle."""
    low: float
    high: float
    """80 % interval, seconds."""
    n_trials: int
    """The last finished trials of the study's own, which it was told from."""
    n_pruned: int
    n_failed: int
    """Of these."""
    n_devices: int
    """That they ran on."""


def cost(trials: Sequence[Trial], *, more: int, seed: int = 0) -> Cost | None:
    """What `more` finished trials will cost; None where there are too few to tell. Trials carried over do not count:
    another search paid for them.
    """
    own = sorted(
        (trial for trial in trials if trial.state in FINISHED and not trial.carried),
        key=lambda trial: (trial.finished_after or 0.0, trial.number),
    )
    if len(own) < ENOUGH:
        return None
    recent = own[-RECENT:]
    totals = _totals(np.array(_steps(own)[-RECENT:]), more, DRIFT / len(own) ** 0.5, np.random.default_rng(seed))
    low, middle, high = np.quantile(totals, (LOW, 0.5, HIGH))
    return Cost(
        seconds=float(middle),
        low=float(low),
        high=float(high),
        n_trials=len(recent),
        n_pruned=sum(trial.state is TrialState.PRUNED for trial in recent),
        n_failed=sum(trial.state is TrialState.FAILED for trial in recent),
        n_devices=max(1, len({trial.device for trial in recent})),
    )


def _steps(own: Sequence[Trial]) -> list[float]:
    """Seconds of search time from each trial's end to the next one's. In them are waiting, what devices do side by
    side, and what pruned and failed trials took. Where no end was noted, the seconds of the training itself.
    """
    ends = [trial.finished_after for trial in own]
    known = [end for end in ends if end is not None]
    if len(known) < len(own):
        return [trial.seconds for trial in own]
    return [later - earlier for earlier, later in pairwise([0.0, *known])]


def _totals(steps: NDArray[np.float64], more: int, drift: float, random: np.random.Generator) -> NDArray[np.float64]:
    """(SIMULATIONS,), seconds: each draws `more` of the steps, by weights that are themselves drawn, since the steps
    are a sample. Source: Rubin 1981, The Bayesian bootstrap.
    """
    weights = random.dirichlet(np.ones(len(steps)), SIMULATIONS)
    drawn = random.multinomial(more, weights) @ steps
    return np.asarray(drawn * np.exp(drift * random.standard_normal(SIMULATIONS)))
