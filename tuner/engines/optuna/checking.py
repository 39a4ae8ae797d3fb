"""What Optuna's algorithms cannot do with a space. Knows the space, and not Optuna."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import Bool, Choice, Float, Int, SpaceError
from tuner.engines.finite import unlistable
from tuner.errors import UsageError

if TYPE_CHECKING:
    from search_spaces import Parameter, SearchSpace, Value
    from tuner.plan import Plan

MOST_VALUES = 100_000
"""Of one parameter that brute force goes through: Optuna lists them in memory."""


def check_optuna(space: SearchSpace, plan: Plan) -> None:
    """Raises SpaceError or UsageError where the plan's algorithm cannot search the space."""
    if plan.algorithm == "brute-force" and (problems := list(unlistable(space, plan.algorithm, MOST_VALUES))):
        raise SpaceError(problems)
    if plan.algorithm == "cmaes" and not _has_numbers(space):
        raise UsageError(
            f"--algorithm cmaes moves numbers that all configurations have. Space '{space.name}' has none, only "
            "choices and what is not always there. Type --algorithm tpe."
        )


def most_epochs(space: SearchSpace, epochs: int | None) -> int:
    """The most epochs that a trial may have: `epochs`, or where that is None as many as the space has at most."""
    if epochs is not None:
        return epochs
    ends = (space.configure(lambda parameter, index=index: _ends(parameter)[index]) for index in (0, 1))  # type: ignore[misc]
    return max(configuration.training.epochs for configuration in (space.default(), *ends))


def always_active(space: SearchSpace) -> frozenset[str]:
    """Names of the parameters that every configuration has."""
    return frozenset(name for name, needs in space.needs().items() if not needs)


def _has_numbers(space: SearchSpace) -> bool:
    names = always_active(space)
    return any(_is_number(parameter) for parameter in space.parameters() if parameter.name in names)


def _is_number(parameter: Parameter) -> bool:
    return isinstance(parameter.domain, Int | Float) and parameter.domain.size() != 1


def _ends(parameter: Parameter) -> tuple[Value, Value]:
    """The lowest and the highest of numbers; the first and the last of what has no order."""
    match parameter.domain:
        case Choice(options=options):
            numbers = sorted(option for option in options if isinstance(option, int | float))
            return (numbers[0], numbers[-1]) if len(numbers) == len(options) else (options[0], options[-1])
        case Bool():
            return False, True
        case domain:
            return domain.low, domain.high
