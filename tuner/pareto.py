"""The Pareto front: trials that are the best of what several objectives can have together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.plan import OBJECTIVES
from tuner.trial import TrialState, eligible, objective_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuner.trial import Trial

Costs = tuple[float, ...]
"""One for each objective, less being better."""


def front(trials: list[Trial], objectives: Sequence[str]) -> list[Trial]:
    """Complete trials that no other dominates: is as good in all objectives and better in one. Best score first.

    Trials that are equal in all objectives do not dominate each other, so all of them are there. Those of which one
    was not measured are not.
    """
    if len(objectives) == 1:  # without a look at each pair
        scored = [trial for trial in eligible(trials) if has_all(trial, objectives)]
        most = max((trial.score for trial in scored if trial.score is not None), default=None)
        return [trial for trial in scored if trial.score == most]
    costs = {trial.number: _costs(trial, objectives) for trial in eligible(trials) if has_all(trial, objectives)}
    best = [
        trial for trial in trials if trial.number in costs and not _is_dominated(costs[trial.number], costs.values())
    ]
    return sorted(best, key=lambda trial: (costs[trial.number], trial.number))


def has_all(trial: Trial, objectives: Sequence[str]) -> bool:
    """Whether it is complete, with a value in each objective."""
    measured = all(name in trial.measures for name in objectives[1:])
    return trial.state is TrialState.COMPLETE and trial.score is not None and measured


def _costs(trial: Trial, objectives: Sequence[str]) -> Costs:
    values = objective_values(trial, objectives)
    return tuple(
        -value if OBJECTIVES[name] == "maximize" else value for name, value in zip(objectives, values, strict=True)
    )


def _is_dominated(costs: Costs, others: Iterable[Costs]) -> bool:
    return any(other != costs and all(a <= b for a, b in zip(other, costs, strict=True)) for other in others)
