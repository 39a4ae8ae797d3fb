"""Optuna's samplers: a fresh one for each proposal, made from the study alone, so that a resumed search proposes what
an undisturbed one would have.

What a sampler has to remember it keeps in the study: CMA-ES its distribution, NSGA-II its generations, QMC how far it
is along its sequence. All but QMC are seeded by the plan's seed and the number of trials before, since one seed for all
would draw the same start-up trials at each resume. QMC's draws are points of one sequence, which its seed names.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.samplers import (
    BaseSampler,
    BruteForceSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.samplers._brute_force import _TreeNode
from optuna.trial import TrialState as Row

from tuner.trial import Reason, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import optuna
    from optuna.trial import FrozenTrial

    from tuner.trial import Trial

N_STARTUP = 8
"""Trained trials that are drawn at random before a model of them is asked."""

POPULATION = 16
"""Trials in a generation of NSGA-II. With Optuna's 50 the default of 50 trials would be one generation, all random."""

ASTRAY = {"gp": 3, "cmaes": 25}
"""Proposals in a row that were turned down, after which one is drawn at random. These two learn from complete trials
alone, so a Gaussian process would propose a model that is too large for ever, at some seconds each. For CMA-ES to draw
again is the usual way to keep to limits.
"""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a sampler is made from."""

    seed: int
    """Of the plan."""
    trials: Sequence[Trial]
    """All of the study so far."""
    always_active: frozenset[str] = frozenset()
    """Names of the parameters that every configuration of the space has."""

    @property
    def fresh(self) -> int:
        """The seed of this one proposal."""
        return int(np.random.SeedSequence((self.seed, len(self.trials))).generate_state(1)[0])

    @property
    def n_untrained(self) -> int:
        """Trials that Optuna counts as done, but that were turned down or failed before their first epoch."""
        return sum(_is_untrained(trial) for trial in self.trials)

    @property
    def turned_down_last(self) -> int:
        """Proposals turned down since the last that was not."""
        return sum(1 for _ in takewhile(lambda trial: trial.state is TrialState.TURNED_DOWN, reversed(self.trials)))


def _is_untrained(trial: Trial) -> bool:
    if trial.state is TrialState.TURNED_DOWN:
        return trial.reason != Reason.REPEAT  # which is told with the outcome of what it repeats
    return trial.state is TrialState.FAILED and trial.reason != Reason.CRASH and not trial.scored


def make_sampler(algorithm: str, situation: Situation) -> BaseSampler:
    """The sampler for the next proposal. Optuna's warnings are its caller's to silence."""
    if situation.turned_down_last >= ASTRAY.get(algorithm, np.inf):
        return _random(situation)
    return SAMPLERS[algorithm](situation)


def _tpe(situation: Situation) -> BaseSampler:
    return TPESampler(
        seed=situation.fresh,
        n_startup_trials=N_STARTUP + situation.n_untrained,
        # Without group, parameters of a branch that is not always taken fall outside the joint model.
        multivariate=True,
        group=True,
        # Counts running trials as poor, so two GPUs do not get twins.
        constant_liar=True,
    )


def _gp(situation: Situation) -> BaseSampler:
    return GPSampler(seed=situation.fresh, n_startup_trials=N_STARTUP, warn_independent_sampling=False)


class _CmaEs(CmaEsSampler):
    """Optuna's, but that it moves parameters which every configuration has, where Optuna's moves those that all trials
    so far had. Once one of these is missing in a trial, Optuna's raises, or draws at random from then on.
    """

    def __init__(self, always_active: frozenset[str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._always_active = always_active

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        common = super().infer_relative_search_space(study, trial)
        return {name: distribution for name, distribution in common.items() if name in self._always_active}


def _cmaes(situation: Situation) -> BaseSampler:
    return _CmaEs(
        situation.always_active,
        seed=situation.fresh,
        n_startup_trials=N_STARTUP,
        # Without margin, counts such as layers freeze at one value. Source: Hamano et al. 2022, CMA-ES with Margin.
        with_margin=True,
        warn_independent_sampling=False,
    )


def _random(situation: Situation) -> BaseSampler:
    return RandomSampler(seed=situation.fresh)


def _qmc(situation: Situation) -> BaseSampler:
    return QMCSampler(
        qmc_type="sobol",
        scramble=True,
        seed=situation.seed,
        # Draws the first trial, and parameters that the first trial did not have.
        independent_sampler=RandomSampler(seed=situation.fresh),
        warn_independent_sampling=False,
    )


def _nsga2(situation: Situation) -> BaseSampler:
    return NSGAIISampler(seed=situation.fresh, population_size=POPULATION)


class _BruteForce(BruteForceSampler):
    """Optuna's, but for its end: after its last trial it stops `Study.optimize`, which raises where that does not run.
    The engine asks `anything_left` instead.
    """

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: Row, values: Sequence[float] | None) -> None:
        pass


def anything_left(study: optuna.Study) -> bool:
    """Whether brute force has a configuration to propose that no trial of the study has or had."""
    seen = study.get_trials(deepcopy=False, states=(Row.COMPLETE, Row.PRUNED, Row.FAIL, Row.RUNNING))
    tree = _TreeNode()
    BruteForceSampler._populate_tree(tree, seen, {})  # noqa: SLF001, what its own after_trial asks
    return tree.is_any_expandable(exclude_running=True)


SAMPLERS: Mapping[str, Callable[[Situation], BaseSampler]] = {
    "tpe": _tpe,
    "gp": _gp,
    "cmaes": _cmaes,
    "random": _random,
    "qmc": _qmc,
    "nsga2": _nsga2,
    "brute-force": lambda situation: _BruteForce(seed=situation.fresh),
}
