"""Optuna, asked and told."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from tuner.distributions import chooser
from tuner.engines import Exhausted, History, Idle, Proposal, Setting
from tuner.engines.optuna.checking import always_active, most_epochs
from tuner.engines.optuna.pruning import ends, make_pruner
from tuner.engines.optuna.samplers import Situation, anything_left, make_sampler
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    import optuna

    from tuner.trial import Epoch


class OptunaEngine:
    """One of Optuna's samplers with one of its pruners.

    Samplers see all trials. Under Hyperband Optuna would show them those of the same bracket alone, and so spend the
    start-up in each of them. It does so where the study itself has the pruner, which ours has not.
    Source for not doing so: Falkner et al. 2018, BOHB, whose model is one for all brackets.
    """

    goes_on = False

    def __init__(self, setting: Setting) -> None:
        self._space = setting.space
        self._plan = setting.plan
        self._pruner = make_pruner(setting.plan.pruner, most_epochs(setting.space, setting.plan.epochs))
        self._always_active = always_active(setting.space)
        self.knows_its_end = setting.plan.algorithm == "brute-force"

    def propose(self, history: History) -> Proposal | Idle | Exhausted:
        study, trials = history.optuna, history.trials()
        if self.knows_its_end and not anything_left(study):
            # One that runs may be lost and wait again, so the end has not come before it has ended.
            runs = any(trial.state is TrialState.RUNNING for trial in trials)
            return Idle() if runs else Exhausted(self._end())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on experimental arguments, and on what Sobol sequences are balanced for
            situation = Situation(seed=self._plan.seed, trials=trials, always_active=self._always_active)
            study.sampler = make_sampler(self._plan.algorithm, situation)
            trial = study.ask()
            return Proposal(configuration=self._space.configure(chooser(trial)), trial=trial)

    def judge(self, trial: optuna.Trial, curve: Sequence[Epoch]) -> str:
        poor = ends(self._pruner, trial, curve, seed=self._plan.seed)
        return "others did better after as many epochs" if poor else ""

    def _end(self) -> str:
        n = self._space.size().configurations
        return "all configurations of the space were tried" if n is None else f"all {n:,} configurations were tried"
