"""Optuna's own loop: a trial that fills in a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import optuna

from tuner.distributions import chooser

if TYPE_CHECKING:
    from search_spaces import Configuration, SearchSpace


def suggested(trial: optuna.Trial, space: SearchSpace) -> Configuration:
    """See `tuner.bridges.suggest`."""
    configuration = space.configure(chooser(trial))
    # Everything is suggested before: a trial pruned halfway would shrink the joint space of TPE for the whole study.
    if reason := space.forbidden(configuration):
        raise optuna.TrialPruned(reason)
    return configuration
