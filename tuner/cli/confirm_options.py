"""`--confirm` and `--repeats`: how many of the best trials are trained again, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tuner.cli.words import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = "  [default: what a third of the trials' time is enough for]"


def with_confirm_options(note: str = USUAL) -> Callable[[Any], Any]:
    """A decorator that adds the options. Both are None unless the command line says them."""
    options = (
        click.option(
            "--confirm",
            type=WholeNumber(0),
            metavar="K",
            help=f"Train the best K trials anew and choose the winner by their means; 0 trusts the search.{note}",
        ),
        click.option(
            "--repeats", type=WholeNumber(1), metavar="R", help=f"Train each of them under R fresh seeds.{note}"
        ),
    )

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
