"""The options of `tune run` that a study has for good: `tune resume` says so where one is given."""

from __future__ import annotations

import click

from tuner.cli.run_command import run

MOVED = "--data is the study's own. Where its data set has moved, give the command that began it, with the new --data."


class Continuing(click.Command):
    """A command that goes on with a study."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name not in {option for parameter in run.params for option in parameter.opts}:
                raise
            raise click.UsageError(fixed_text(error.option_name), ctx) from None


def fixed_text(option: str) -> str:
    """Why a study that goes on does not take the option."""
    if option == "--data":
        return MOVED
    return f"{option} belongs to the study and cannot change. For another, begin a new study: name it with --study."
