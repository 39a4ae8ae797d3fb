"""A space's parameters as Optuna's rows know them: domains as distributions, configurations as trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as Row

from search_spaces import Bool, Choice, Domain, Float, Int
from tuner import crashing
from tuner.trial import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import optuna

    from search_spaces import Chooser, Configuration, Parameter, SearchSpace, Value


KEPT = ("constraints", "completed_rung_", "NSGAIISampler:generation")
"""What Optuna's samplers and pruners noted with a trial and read of others, whatever the space: what it broke, how it
stood where successive halving compares, which generation it was. CMA-ES's notes would name another space's axes.
"""


def distribution(domain: Domain) -> BaseDistribution:
    match domain:
        case Choice(options=options):
            return CategoricalDistribution(options)
        case Bool():
            return CategoricalDistribution((False, True))
        case Int(low=low, high=high, log=log, step=step):
            return IntDistribution(low, high, log=log, step=1 if log else step or 1)
        case Float(low=low, high=high, log=log, step=step):
            return FloatDistribution(low, high, log=log, step=step)


def chooser(trial: optuna.Trial) -> Chooser:
    """Asks the trial for each active parameter, under its own name. What it has already it keeps."""
    return lambda parameter: plain(cast("Value", _suggest(trial, parameter)))


def new_row(
    space: SearchSpace, configuration: Configuration, attributes: Mapping[str, Any], *, waiting: bool = False
) -> FrozenTrial:
    """A trial with the configuration's values, RUNNING or WAITING, to be put into a study whole."""
    domains = {parameter.name: parameter.domain for parameter in space.parameters()}
    return create_trial(
        state=Row.WAITING if waiting else Row.RUNNING,
        params=dict(configuration.values),
        distributions={name: distribution(domains[name]) for name in configuration.values},
        user_attrs=dict(attributes),
    )


def finished_row(
    space: SearchSpace, configuration: Configuration, row: FrozenTrial, attributes: Mapping[str, Any]
) -> FrozenTrial:
    """The finished row in a study of `space`, where its configuration has these values."""
    domains = {parameter.name: parameter.domain for parameter in space.parameters()}
    made = create_trial(
        state=row.state,
        values=row.values,
        params=dict(configuration.values),
        distributions={name: distribution(domains[name]) for name in configuration.values},
        user_attrs=dict(attributes),
        system_attrs={name: value for name, value in row.system_attrs.items() if name.startswith(KEPT)},
        intermediate_values=row.intermediate_values,
    )
    made.datetime_start, made.datetime_complete = row.datetime_start, row.datetime_complete
    return made


def _suggest(trial: optuna.Trial, parameter: Parameter) -> Any:
    crashing.here("before-value")
    match distribution(parameter.domain):
        case CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(parameter.name, choices)
        case IntDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_int(parameter.name, low, high, log=log, step=step)
        case FloatDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_float(parameter.name, low, high, log=log, step=step)
    raise AssertionError(parameter)
