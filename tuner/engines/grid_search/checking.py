"""What scikit-learn's searches cannot do, found by looking at a space, not by listing it. Imports nothing of theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from search_spaces import Choice, SpaceError
from tuner.carrying import EARLY_STOPPING, PLATEAU, settings_of
from tuner.engines.finite import unlistable
from tuner.engines.grid_search.grids import MOST_CONFIGURATIONS, NOT_CARRIED
from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from search_spaces import Chooser, Configuration, Problem, SearchSpace, Value
    from tuner.plan import Plan

WITHOUT: Mapping[str, str] = {
    EARLY_STOPPING: "--set training.early_stopping.patience=null",
    PLATEAU: "--set training.schedule=constant",
}
"""What to type so that a setting of NOT_CARRIED is not used."""

MOST_NAMED = 3
"""Parameters that are named where there are too many configurations."""


def check(space: SearchSpace, plan: Plan) -> None:
    """Raises SpaceError with all that is in a grid's way, each with its line; UsageError where it is too large."""
    problems = [*unlistable(space, plan.engine, MOST_CONFIGURATIONS), *_not_carried(space)]
    if problems:
        raise SpaceError(problems)
    n = space.size().configurations
    if n is None or n > MOST_CONFIGURATIONS:
        got = "more than can be counted" if n is None else f"{n:,}"
        raise UsageError(
            f"{plan.engine} lists at most {MOST_CONFIGURATIONS:,} configurations. Space '{space.name}' has {got}. "
            f"{_widest(space)}"
        )


def check_images(labels: NDArray[np.integer], plan: Plan) -> None:
    """Raises UsageError where the images are too few for the folds. `labels`, (n,): of all that trials may see."""
    counts = np.unique(labels, return_counts=True)[1]
    n_folds, fewest = plan.folds or 0, 2 * (plan.folds or 0) * len(counts)
    if counts.min() < n_folds:
        raise UsageError(f"--folds must not exceed the images of the rarest class, {counts.min()}. Got {n_folds}.")
    if plan.algorithm == "halving" and len(labels) < fewest:
        raise UsageError(
            f"halving begins with 2 images of each of {len(counts)} classes for each of {n_folds} folds, so it takes "
            f"at least {fewest}. Got {len(labels)}: raise --limit or lower --folds."
        )


def _not_carried(space: SearchSpace) -> Iterator[Problem]:
    used = {setting for each in _trainings(space) for setting in settings_of(each.training)}
    for setting, reason in NOT_CARRIED.items():
        if setting in used:
            names = [n for n in _names(space) if n.startswith(setting) or setting.startswith(n)]
            text = f"grid-search-cv cannot carry {setting}: {reason}. Leave it out: {WITHOUT[setting]}"
            yield space.problem(next(iter(names), setting), text)


def _names(space: SearchSpace) -> Iterator[str]:
    return (each.name for each in space.parameters())


def _trainings(space: SearchSpace) -> Iterator[Configuration]:
    """Configurations that have, together, all of NOT_CARRIED that any has: no two parameters decide of one."""
    yield space.default()
    for decisive in space.parameters():
        if decisive.name.startswith(("training.", "variables.")) and isinstance(decisive.domain, Choice):
            for value in decisive.domain.options:
                yield space.configure(_defaults_but({decisive.name: value}))


def _defaults_but(values: Mapping[str, Value]) -> Chooser:
    return lambda parameter: values.get(parameter.name, parameter.default)


def _widest(space: SearchSpace) -> str:
    wide = sorted(space.parameters(), key=lambda each: -(each.domain.size() or 0))[:MOST_NAMED]
    named = ", ".join(f"{each.name} {each.domain.size()}" for each in wide)
    return (
        f"Most values have {named}: give them fewer with --set, or keep one, "
        f"e.g. --fix {wide[0].name}={json.dumps(wide[0].default)}."
    )
