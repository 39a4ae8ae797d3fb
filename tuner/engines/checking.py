"""What an engine cannot express, said before anything is made."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from tuner.engines.catalog import Algorithm, card
from tuner.errors import SetupError, UsageError
from tuner.plan import ACCURACY, OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from search_spaces import SearchSpace
    from tuner.plan import Plan


def check_engine(space: SearchSpace, plan: Plan) -> None:
    """Raises UsageError, SpaceError or SetupError where the plan's engine cannot do what the plan or the space asks."""
    engine = card(plan.engine)
    algorithm = engine.algorithm(plan.algorithm)
    _check_extra(algorithm)
    _check_pruner(plan, algorithm)
    _check_objectives(plan, algorithm)
    if plan.folds is not None and engine.folds is None:
        raise UsageError(f"--folds is for --engine grid-search-cv: {plan.engine} scores on one validation split.")
    if plan.engine in CHECKS:
        CHECKS[plan.engine](space, plan)


def _check_optuna(space: SearchSpace, plan: Plan) -> None:
    from tuner.engines.optuna.checking import check_optuna

    check_optuna(space, plan)


def _check_grid(space: SearchSpace, plan: Plan) -> None:
    from tuner.engines.grid_search.checking import check

    check(space, plan)


def _check_keras_tuner(space: SearchSpace, plan: Plan) -> None:
    from tuner.engines.keras_tuner.checking import check

    check(space, plan)


CHECKS: Mapping[str, Callable[[SearchSpace, Plan], None]] = {
    "optuna": _check_optuna,
    "keras-tuner": _check_keras_tuner,
    "grid-search-cv": _check_grid,
}
"""What an engine alone knows of itself. Each raises as `check_engine` does."""


def _check_extra(algorithm: Algorithm) -> None:
    if algorithm.needs and find_spec(algorithm.needs) is None:
        raise SetupError(
            f"--algorithm {algorithm.name} needs {algorithm.needs}, which is not installed. "
            f"Type: pip install 'kerastune[{algorithm.extra}]'"
        )


def _check_pruner(plan: Plan, algorithm: Algorithm) -> None:
    if plan.pruner not in algorithm.pruners:
        raise UsageError(
            f"--pruner {plan.pruner} does not go with {plan.engine}'s {algorithm.name}. "
            f"It takes: {', '.join(algorithm.pruners)}."
        )


def _check_objectives(plan: Plan, algorithm: Algorithm) -> None:
    unknown = [name for name in plan.objectives if name not in OBJECTIVES]
    if unknown:
        raise UsageError(f"unknown objective {unknown[0]!r}. Known: {', '.join(OBJECTIVES)}.")
    if plan.objectives[0] != ACCURACY:
        raise UsageError(
            f"the first --objective must be {ACCURACY}: trials are pruned by its curve. Got {plan.objectives[0]}."
        )
    if len(set(plan.objectives)) < len(plan.objectives):
        raise UsageError(f"each --objective may be given once. Got {', '.join(plan.objectives)}.")
    if len(plan.objectives) > 1 and not algorithm.several_objectives:
        raise UsageError(f"{plan.engine}'s {algorithm.name} seeks one objective. Got {', '.join(plan.objectives)}.")
