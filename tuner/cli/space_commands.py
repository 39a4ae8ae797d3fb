"""`tune spaces`: what may be tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.printing import console, printable, say
from tuner.cli.schema_command import schema
from tuner.cli.space_options import OPTIONS, SpaceOptions

if TYPE_CHECKING:
    from search_spaces import SearchSpace, SpaceError

TOPOLOGY, SET, FIX = OPTIONS[1:]
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group(invoke_without_command=True)
@as_json_option
@click.pass_context
def spaces(ctx: click.Context, *, as_json: bool) -> None:
    """List the spaces of the library; show one, or check files."""
    if ctx.invoked_subcommand is None:
        _list(as_json=as_json)


spaces.add_command(schema)


@spaces.command()
@click.argument("space", required=False)
@TOPOLOGY
@SET
@FIX
@as_json_option
def show(
    space: str | None, topology: str | None, to_set: tuple[str, ...], to_fix: tuple[str, ...], *, as_json: bool
) -> None:
    """Show a space's parameters, limits, rules and presets. SPACE is a name of the library or a YAML file."""
    from tuner.cli.space_tables import print_space, space_document
    from tuner.errors import UsageError

    if space is None and topology is None:
        raise UsageError("name a space, or give a --topology. Spaces of the library: tune spaces")
    loaded = SpaceOptions(space=space, topology=topology, to_set=to_set, to_fix=to_fix).load()
    if as_json:
        click.echo(json.dumps(space_document(loaded), indent=2))
    else:
        print_space(loaded, console())


@spaces.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@as_json_option
def check(files: tuple[str, ...], *, as_json: bool) -> None:
    """Check space files and say all that is wrong with them, with the lines. Exit code 2 where anything is."""
    from search_spaces import SearchSpace, SpaceError

    found: list[tuple[str, SearchSpace | SpaceError]] = []
    for file in files:
        try:
            found.append((file, SearchSpace.load(file)))
        except SpaceError as error:
            found.append((file, error))
    if as_json:
        click.echo(json.dumps([_checked(file, each) for file, each in found], indent=2))
    else:
        for file, each in found:
            _say_checked(file, each)
    if any(isinstance(each, SpaceError) for _, each in found):
        raise SystemExit(2)  # all has been said, and click drops the code of an exit of its own


def _say_checked(file: str, found: SearchSpace | SpaceError) -> None:
    from search_spaces import SpaceError
    from tuner.cli.space_tables import count_text

    if isinstance(found, SpaceError):
        say(str(found), keep="\n")
        return
    n = len(found.parameters())
    presets = ", ".join(found.presets) or "none"
    click.echo(f"{printable(file)}: a good space: {n} parameters, {count_text(found)}, presets: {presets}.")


def _checked(file: str, found: SearchSpace | SpaceError) -> dict[str, Any]:
    from search_spaces import SpaceError

    if isinstance(found, SpaceError):
        problems = [
            {"source": each.source, "line": each.line, "column": each.column, "path": each.path, "text": each.text}
            for each in found.problems
        ]
        return {"file": file, "good": False, "problems": problems}
    return {"file": file, "good": True, "problems": [], **_overview(found)}


def _overview(space: SearchSpace) -> dict[str, Any]:
    return {
        "name": space.name,
        "description": space.description,
        "parameters": len(space.parameters()),
        "size": space.size().configurations,
        "presets": list(space.presets),
    }


def _list(*, as_json: bool) -> None:
    from rich.text import Text

    from search_spaces import SearchSpace, library
    from tuner.cli.space_tables import plain_table
    from tuner.cli.wording import size_text

    rows = [_overview(SearchSpace.load(name)) for name in library()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = plain_table("space", "para-\nmeters", "configu-\nrations", "presets", "")
    for position, justify in enumerate(("left", "right", "right", "right", "left")):
        table.columns[position].justify = justify  # type: ignore[assignment]
        table.columns[position].no_wrap = justify == "right" or position == 0
    for row in rows:
        figures = str(row["parameters"]), size_text(row["size"]), str(len(row["presets"]))
        table.add_row(row["name"], *figures, Text(printable(row["description"])))
    out = console()
    out.print(table)
    out.print("More of one: tune spaces show NAME. Write your own: copy one and give its path to --space.")
