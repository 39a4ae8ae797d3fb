"""Options that mean the same to `tune run` and `tune plan`."""

from __future__ import annotations

from pathlib import Path

import click

from tuner.cli.words import Number, OneOf, WholeNumber
from tuner.plan import AUTO, PRECISIONS

data = click.option("--data", type=click.Path(path_type=Path), help="Where the data set is: a folder or a file.")
epochs = click.option(
    "--epochs", type=WholeNumber(1), metavar="N", help="Epochs of a full trial.  [default: the space's]"
)
validation = click.option(
    "--validation",
    type=Number(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    default=0.15,
    help="Share of the training images that score the trials.",
)
precision = click.option(
    "--precision",
    type=OneOf((AUTO, *PRECISIONS)),
    default=AUTO,
    help="What layers compute in. auto is mixed where all GPUs have tensor cores for it.",
)
