"""How long a training takes on a CPU, given the machine's speed.

Fitted to the processor time of the trainings that `memory` names, on 2 cores of an AMD EPYC of 56 billion multiply-adds
and 44 GB a second each: the estimates were 0.83 to 1.20 times the measured, standard deviation of the logarithm 0.09.
How far two cores shorten it was taken from the 7 trials of two undisturbed searches on the same machine
(benchmarks/main_job.md): their median epochs took the estimated processor time divided by 1.20 to 1.76, standard
deviation of the logarithm 0.14. Augmentation is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.planning.memory import FLOAT

if TYPE_CHECKING:
    from tuner.planning.speed import Speed
    from tuner.planning.work import Work

EPOCH = 0.08
"""Seconds between epochs: a new iterator, the checkpoint, the database."""
STEP_OF_A_LAYER = 34e-6
"""Seconds that a step takes for each layer, however small."""
START = 0.7
START_OF_A_LAYER = 0.12
"""Seconds until the graphs are traced."""

WAYS = 3
"""Multiply-adds of a step for each on the way forward: the gradients of inputs and of weights cost as much again."""
PRODUCTS = 1.02
"""Time of a multiply-add in a training against one in the measured matrix product."""
PASSES = 14
"""Times that each activation goes through memory on each of the ways."""
WEIGHT_PASSES = 21
"""Times that weights, gradients and what the optimizer keeps go through memory in a step."""

SPEED_UP = 0.6
"""n cores are as quick as n**0.6 of one: 1.5 of two. Measured with two."""
SPEED_UP_SURE_WITHIN = 0.15
"""Of that exponent, beyond the two cores that it was measured with."""
FACTOR = 1.32
"""Two standard deviations of the logarithm of undisturbed epochs against estimates: 2 x 0.14."""
MEASURED_CORES = 2


@dataclass(frozen=True, kw_only=True)
class Span:
    """Seconds, from the likely least to the likely most."""

    low: float
    high: float

    def __add__(self, other: Span) -> Span:
        return Span(low=self.low + other.low, high=self.high + other.high)

    def __mul__(self, times: float) -> Span:
        return Span(low=self.low * times, high=self.high * times)


def epoch_seconds(work: Work, speed: Speed) -> Span:
    """Time of one epoch, its validation included."""
    single = EPOCH + work.steps * work.n_layers * STEP_OF_A_LAYER
    middle = single + _shared(work, speed) / speed.cores**SPEED_UP
    more_cores = max(speed.cores / MEASURED_CORES, 1.0) ** SPEED_UP_SURE_WITHIN
    return Span(low=middle / FACTOR / more_cores, high=middle * FACTOR * more_cores)


def trial_seconds(work: Work, speed: Speed) -> Span:
    """Time of all epochs and of the start before the first."""
    start = START + START_OF_A_LAYER * work.n_layers
    return epoch_seconds(work, speed) * work.epochs + Span(low=start / FACTOR, high=start * FACTOR)


def _shared(work: Work, speed: Speed) -> float:
    """Seconds of one core in the part of an epoch that all cores share."""
    # Validation images go one of the three ways.
    images = WAYS * work.n_train + work.n_validation
    products = PRODUCTS * images * work.multiply_adds / speed.multiply_adds
    activations = PASSES * images * work.activations * FLOAT / speed.bytes
    weights = WEIGHT_PASSES * work.steps * work.parameters * (2 + work.slots) * FLOAT / speed.bytes
    return products + activations + weights
