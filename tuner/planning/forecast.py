"""What a search of a space on a data set would meet and cost, told before anything is trained."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from tuner.planning.cases import Case, Hindrance, Setting, look_at
from tuner.planning.duration import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS = 200
"""Random configurations, from which shares and the cost of a search are told."""


@dataclass(frozen=True, kw_only=True)
class Hindered:
    """Random configurations that one kind of hindrance keeps from being trained."""

    hindrance: Hindrance
    n: int
    example: str
    """The sentence met most often among them."""


@dataclass(frozen=True, kw_only=True)
class Draws:
    """What random configurations, forbidden ones included, have in common."""

    n: int
    n_trainable: int
    hindered: tuple[Hindered, ...]
    """Most frequent first."""
    trial: Span | None
    """Of those that can be trained, on average; None where there are none, or times are not estimated."""
    memory: int | None
    """Bytes: the most that one of them takes. None likewise."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    default: Case
    presets: tuple[Case, ...]
    samples: tuple[Case, ...]
    draws: Draws
    trials: int
    search: Span | None
    """Seconds of so many trials of the average cost, none of them ended early; None where it is not estimated."""

    @property
    def cases(self) -> tuple[Case, ...]:
        return (self.default, *self.presets, *self.samples)

    @property
    def problem(self) -> str:
        """Why nothing that was looked at can be trained; '' where something can."""
        if self.draws.n_trainable or any(case.hindrance is None for case in self.cases):
            return ""
        return self.default.problem


def forecast(setting: Setting, *, samples: int, trials: int, seed: int) -> Forecast:
    """The forecast. The samples are the first of the random configurations that the shares are taken from."""
    rng = random.Random(seed)
    space = setting.space
    drawn = [
        look_at(f"sample {number}", space.configure(lambda parameter: parameter.domain.sample(rng)), setting)
        for number in range(1, max(DRAWS, samples) + 1)
    ]
    draws = draws_of(drawn)
    return Forecast(
        default=look_at("default", space.default(), setting),
        presets=tuple(look_at(name, space.preset(name), setting) for name in space.presets),
        samples=tuple(drawn[:samples]),
        draws=draws,
        trials=trials,
        search=draws.trial * -(-trials // setting.at_once) if draws.trial else None,
    )


def draws_of(cases: Sequence[Case]) -> Draws:
    """What the cases have in common."""
    trainable = [case for case in cases if case.hindrance is None]
    costs = [case.cost for case in trainable if case.cost is not None]
    return Draws(
        n=len(cases),
        n_trainable=len(trainable),
        hindered=_hindered(cases),
        trial=_mean([cost.trial for cost in costs]) if costs else None,
        memory=max((cost.memory for cost in costs), default=None),
    )


def _mean(spans: Sequence[Span]) -> Span:
    return Span(low=fmean(span.low for span in spans), high=fmean(span.high for span in spans))


def _hindered(cases: Sequence[Case]) -> tuple[Hindered, ...]:
    kinds = Counter(case.hindrance for case in cases if case.hindrance is not None)
    return tuple(
        Hindered(
            hindrance=kind,
            n=n,
            example=Counter(case.problem for case in cases if case.hindrance is kind).most_common(1)[0][0],
        )
        for kind, n in kinds.most_common()
    )
