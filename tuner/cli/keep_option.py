"""`--keep`: which finished trials keep their weights on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuner.plan import Keep


class KeepType(click.ParamType["Keep"]):
    """`best`, `top:5`, `all`, `none`."""

    name = "policy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Keep:
        from tuner.errors import UsageError
        from tuner.plan import Keep

        if isinstance(value, Keep):
            return value
        try:
            return Keep.parse(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


def keep_option(note: str = "", default: str | None = None) -> Callable[[Any], Any]:
    """The option. Where it has no default it is None unless the command line says it."""
    return click.option(
        "--keep",
        type=KeepType(),
        metavar="best|top:K|all|none",
        help=f"Finished trials that keep their weights on disk.{note}",
        default=default,
    )
