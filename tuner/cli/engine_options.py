"""The options that say who proposes, and what is sought."""

from __future__ import annotations

import click

from tuner.cli.words import OneOf, WholeNumber
from tuner.engines.catalog import CARDS, PRUNERS, card
from tuner.errors import UsageError
from tuner.plan import ACCURACY, OBJECTIVES

ALGORITHMS = tuple(dict.fromkeys(each.name for card in CARDS.values() for each in card.algorithms))

engine = click.option(
    "--engine", type=OneOf(tuple(CARDS)), default="optuna", help="Whose proposals are trained. See: tune engines"
)
algorithm = click.option(
    "--algorithm", type=OneOf(ALGORITHMS), help="How the engine searches.  [default: the engine's first]"
)
pruner = click.option(
    "--pruner", type=OneOf(tuple(PRUNERS)), help="Ends poor trials early.  [default: the algorithm's first]"
)
objective = click.option(
    "--objective",
    "objectives",
    type=OneOf(tuple(OBJECTIVES)),
    multiple=True,
    default=(ACCURACY,),
    help="What is sought; several give a Pareto front.",
)
folds = click.option(
    "--folds", type=WholeNumber(2), metavar="K", help="Folds of grid-search-cv's cross-validation.  [default: 5]"
)


def check_used(context: click.Context) -> None:
    """Raises UsageError where an option was given that the engine has no use for."""
    engine = card(context.params["engine"])
    given = context.get_parameter_source("validation") is click.core.ParameterSource.COMMANDLINE
    if given and engine.folds is not None:
        raise UsageError(
            f"--validation is without effect: {engine.name} scores on folds. Leave it out, or give --folds."
        )
