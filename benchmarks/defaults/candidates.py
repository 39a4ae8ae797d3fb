"""What is compared: samplers, pruners, and in what order trials are begun and gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler

from benchmarks.defaults.order import Step, halving_with_promotion, one_after_another, screened
from benchmarks.defaults.pruners import HopelessPruner, OnSingleEpochs
from tuner.engines.optuna import pruning, samplers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.defaults.replay import Replay
    from tuner.engines.optuna.samplers import Situation

Sampler = "Callable[[Situation], BaseSampler]"
Pruner = "Callable[[int], BasePruner]"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    sampler: str = "random"
    pruner: str = "none"
    order: str = "one after another"
    presets_first: bool = False

    @property
    def name(self) -> str:
        words = [self.sampler, self.pruner, self.order if self.order != "one after another" else ""]
        return " + ".join(filter(None, [*words, "preset" if self.presets_first else ""]))

    def steps(self, replay: Replay) -> Iterator[Step]:
        return ORDERS[self.order](replay)


def register(candidate: Candidate) -> None:
    """Gives the engine's tables of samplers and pruners a line for the candidate, under its name."""
    tables: Any = samplers.SAMPLERS, pruning.PRUNERS
    tables[0][candidate.name] = SAMPLERS[candidate.sampler]
    tables[1][candidate.name] = PRUNERS[candidate.pruner]


def _tpe(n_startup: int, *, multivariate: bool = True, group: bool = True) -> Callable[[Situation], BaseSampler]:
    def make(situation: Situation) -> BaseSampler:
        return TPESampler(
            seed=situation.fresh,
            n_startup_trials=n_startup + situation.n_untrained,
            multivariate=multivariate,
            group=group,
            constant_liar=True,
        )

    return make


def _gp(situation: Situation) -> BaseSampler:
    return GPSampler(seed=situation.fresh, n_startup_trials=8, warn_independent_sampling=False)


def _cmaes(situation: Situation) -> BaseSampler:
    return CmaEsSampler(seed=situation.fresh, n_startup_trials=8, with_margin=True, warn_independent_sampling=False)


SAMPLERS: Mapping[str, Callable[[Situation], BaseSampler]] = {
    "random": lambda situation: RandomSampler(seed=situation.fresh),
    **{f"tpe {n}": _tpe(n) for n in (5, 8, 10, 16)},
    "tpe 8 joint": _tpe(8, group=False),
    "tpe 8 apart": _tpe(8, multivariate=False, group=False),
    "gp 8": _gp,
    "cmaes 8": _cmaes,
}
"""With the trials that are drawn at random before a model is asked."""


def _asha(first: int, factor: int) -> Callable[[int], BasePruner]:
    return lambda _: SuccessiveHalvingPruner(min_resource=first, reduction_factor=factor)


def _hyperband(first: int, factor: int) -> Callable[[int], BasePruner]:
    return lambda epochs: HyperbandPruner(min_resource=first, max_resource=epochs, reduction_factor=factor)


def _percentile(percentile: float, warmup: int, n_startup: int = 5) -> Callable[[int], BasePruner]:
    return lambda _: PercentilePruner(percentile, n_startup_trials=n_startup, n_warmup_steps=warmup)


def _median(warmup: int) -> Callable[[int], BasePruner]:
    return lambda _: MedianPruner(n_startup_trials=5, n_warmup_steps=warmup)


FIRST_RUNGS, FACTORS = (1, 2, 3, 4, 5), (2, 3, 4)

PRUNERS: Mapping[str, Callable[[int], BasePruner]] = {
    "none": lambda _: NopPruner(),
    **{f"median {warmup}": _median(warmup) for warmup in (0, 3, 5)},
    # The better quarter goes on, from the third epoch on.
    "quarter 3": _percentile(25.0, 3),
    "patient 3": lambda _: PatientPruner(_median(4)(0), patience=3),
    **{f"asha {first}/{factor}": _asha(first, factor) for first in FIRST_RUNGS for factor in FACTORS},
    **{f"asha {first}/3 last": (lambda _, first=first: OnSingleEpochs(_asha(first, 3)(0))) for first in FIRST_RUNGS},
    "hyperband 1/3": _hyperband(1, 3),
    "hyperband 4/3": _hyperband(4, 3),
    **{f"hopeless {share}": (lambda _, share=share: HopelessPruner(share / 100)) for share in (50, 75, 90, 100)},
}
"""`asha 4/3`: of three that reach epoch 4, 12, 36, one goes on; `last` compares them by that epoch alone, not by the
best until then.
"""

ORDERS: Mapping[str, Callable[[Any], Iterator[Step]]] = {
    "one after another": one_after_another,
    **{
        f"promotion {first}/{factor}": (lambda replay, f=first, r=factor: halving_with_promotion(replay, f, r))
        for first, factor in ((1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4), (3, 3), (4, 2), (4, 3))
    },
    **{
        f"screen {n}x{epochs}": (lambda replay, n=n, e=epochs: screened(replay, n, e))
        for n, epochs in ((10, 1), (10, 2), (20, 1), (20, 2), (20, 3))
    },
}
"""`promotion 2/3`: every trial waits at epoch 2, the best third goes on to 6, of these the best third to 18, and so
on. `screen 20x1`: 20 trials wait at epoch 1, the best quarter goes on to the end; then one after another.
"""
