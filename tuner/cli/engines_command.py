"""`tune engines`: who can propose, how, and what it takes."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.printing import console
from tuner.engines.catalog import CARDS, OPTUNA, PRUNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.engines.catalog import Algorithm, Card


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def engines(*, as_json: bool) -> None:
    """List engines and algorithms, what each can do and what extra it needs."""
    if as_json:
        click.echo(json.dumps([_document(card) for card in CARDS.values()], indent=2))
    else:
        _print()


def _print() -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    for card in CARDS.values():
        out.print(Text.assemble((f"--engine {card.name}", "bold"), f"  {card.line}"))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("--algorithm", "what it does", "--pruner", "remarks"):
            table.add_column(heading)
        for each in card.algorithms:
            table.add_row(each.name, each.line, each.pruners[0], Text("; ".join(_remarks(each))))
        out.print(table)
    out.print(Text("--pruner", style="bold"))
    grid = Table.grid(padding=(0, 2))
    for name, line in PRUNERS.items():
        grid.add_row(f" {name}", line)
    out.print(grid)
    out.print()
    out.print(
        f"The first engine and each engine's first algorithm are the defaults, and so are the pruners shown. Only "
        f"{OPTUNA.name} takes others.",
        soft_wrap=False,
    )


def _remarks(each: Algorithm) -> Iterator[str]:
    if each.several_objectives:
        yield "several objectives"
    if each.finite:
        yield "finite spaces only"
    if each.needs and find_spec(each.needs) is None:
        yield f"pip install 'kerastune[{each.extra}]'"


def _document(card: Card) -> dict[str, Any]:
    return {
        "engine": card.name,
        "library": card.library,
        "does": card.line,
        "folds": card.folds,
        "algorithms": [
            {
                "algorithm": each.name,
                "does": each.line,
                "pruners": list(each.pruners),
                "several_objectives": each.several_objectives,
                "finite_spaces_only": each.finite,
                "presets_first": each.presets_first,
                "extra": each.extra or None,
                "installed": not each.needs or find_spec(each.needs) is not None,
            }
            for each in card.algorithms
        ],
    }
