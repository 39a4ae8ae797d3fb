"""What KerasTuner cannot express, found without importing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import Int
from tuner.engines.keras_tuner.activity import explore
from tuner.errors import UsageError

if TYPE_CHECKING:
    from search_spaces import Parameter, SearchSpace
    from tuner.plan import Plan

MOST_LISTED = 100_000
"""Whole numbers of a range that KerasTuner's grid may hold in memory, which it does for each proposal."""


def check(space: SearchSpace, plan: Plan) -> None:
    """Raises UsageError."""
    if plan.algorithm == "hyperband" and plan.epochs is None:
        _check_epochs(space)
    if plan.algorithm == "grid":
        _check_ranges(space)


def _check_epochs(space: SearchSpace) -> None:
    """Hyperband gives epochs itself, up to one number for all trials."""
    deciding: dict[str, Parameter] = {}
    for probe in explore(space).probes:
        if len({walk.configuration.training.epochs for walk in probe.walks}) > 1:
            deciding[probe.parameter.name] = probe.parameter
    if deciding:
        fixed = " ".join(f"--fix {each.name}={each.default}" for each in deciding.values())
        raise UsageError(
            f"hyperband decides itself how long a trial trains, but {_named(deciding)} would be searched too. "
            f"Type: {fixed}, or the most that a trial may have: --epochs {space.default().training.epochs}."
        )


def _check_ranges(space: SearchSpace) -> None:
    long = {
        each.name: each
        for each in space.parameters()
        if isinstance(each.domain, Int) and not each.domain.log and len(each.domain.values()) > MOST_LISTED
    }
    if long:
        raise UsageError(
            f"KerasTuner's grid lists every whole number of a range, at most {MOST_LISTED:,}. "
            f"Give a step, or log: true, to {_named(long)}."
        )


def _named(parameters: dict[str, Parameter]) -> str:
    return ", ".join(f"{name} ({each.domain.describe()})" for name, each in parameters.items())
