"""`tune spaces`: what may be tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tuner.cli.printing import console, printable

if TYPE_CHECKING:
    from search_spaces import SearchSpace


@click.group(invoke_without_command=True)
@click.pass_context
def spaces(ctx: click.Context) -> None:
    """List the spaces of the library; show or check one."""
    if ctx.invoked_subcommand is None:
        _list()


@spaces.command()
@click.argument("space")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(space: str, *, as_json: bool) -> None:
    """Show a space's parameters, limits and presets. SPACE is a name of the library or a YAML file."""
    from search_spaces import SearchSpace

    loaded = SearchSpace.load(space)
    if as_json:
        click.echo(json.dumps(_plain(loaded), indent=2))
    else:
        _print(loaded)


@spaces.command()
@click.argument("file")
def check(file: str) -> None:
    """Check a space file and say all that is wrong with it, with its lines."""
    from search_spaces import SearchSpace

    loaded = SearchSpace.load(file)
    n = len(loaded.parameters())
    click.echo(f"{printable(file)}: a good space: {n} parameters, {_size(loaded)}, presets: {_names(loaded)}.")


def _list() -> None:
    from rich import box
    from rich.table import Table

    from search_spaces import SearchSpace, library

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("space", "parameters", "presets", ""):
        table.add_column(heading, justify="right" if heading == "parameters" else "left")
    for name in library():
        loaded = SearchSpace.load(name)
        table.add_row(name, str(len(loaded.parameters())), _names(loaded), loaded.description)
    console().print(table)
    click.echo("More of one: tune spaces show NAME. Write your own: copy one and give its path to --space.")


def _names(space: SearchSpace) -> str:
    return ", ".join(space.presets) or "none"


def _size(space: SearchSpace) -> str:
    size = space.size().configurations
    return "infinitely many configurations" if size is None else f"{size:,} configurations"


def _plain(space: SearchSpace) -> dict[str, object]:
    return {
        "name": space.name,
        "description": space.description,
        "source": space.source,
        "size": space.size().configurations,
        "limits": {"parameters": space.limits.parameters},
        "parameters": [
            {"name": each.name, "domain": each.domain.describe(), "default": each.default}
            for each in space.parameters()
        ],
        "presets": {
            name: {"values": dict(preset.values), "published": dict(preset.published)}
            for name, preset in space.presets.items()
        },
    }


def _print(space: SearchSpace) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    out.print(Text.assemble((space.name, "bold"), f"  {printable(space.description)}"))
    limit = f", at most {space.limits.parameters:,} parameters" if space.limits.parameters else ""
    out.print(f"{len(space.parameters())} parameters, {_size(space)}{limit}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("parameter", "values", "default"):
        table.add_column(heading)
    for each in space.parameters():
        table.add_row(Text(each.name), Text(each.domain.describe()), Text(str(each.default)))
    out.print(table)
    for name, preset in space.presets.items():
        published = ", ".join(f"{what} {figure:,.10g}" for what, figure in preset.published.items())
        out.print(Text(f"preset '{name}'" + (f", published: {published}" if published else "")))
