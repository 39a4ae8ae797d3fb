"""Who proposes the next configuration and judges a running trial's curve. One engine is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna

    from search_spaces import Configuration, SearchSpace
    from tuner.plan import Plan


@dataclass(frozen=True)
class Proposal:
    trial: optuna.Trial
    """RUNNING in the study, with a value for every active parameter."""
    configuration: Configuration


class Engine(Protocol):
    """Proposes and judges. Same history and same seed, same answers."""

    def propose(self, study: optuna.Study) -> Proposal:
        """The next trial: the first that waits in the study's queue, or else a new one."""
        ...

    def judge(self, trial: optuna.Trial) -> str:
        """Why the trial should end after the epoch it reported last, one line; '' to let it go on."""
        ...


def _optuna(space: SearchSpace, plan: Plan) -> Engine:
    from tuner.engines.optuna_engine import OptunaEngine

    return OptunaEngine(space, seed=plan.seed, pruner=plan.pruner)


ENGINES: Mapping[str, Callable[[SearchSpace, Plan], Engine]] = {"optuna": _optuna}


def make_engine(space: SearchSpace, plan: Plan) -> Engine:
    """The engine that the plan names. Raises UsageError where this version has none of that name."""
    if plan.engine not in ENGINES:
        raise UsageError(f"unknown engine {plan.engine!r}. Known: {', '.join(ENGINES)}.")
    return ENGINES[plan.engine](space, plan)
