"""`tune data`: what there is to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tuner.cli.printing import can_animate, console, printable

data_option = click.option("--data", type=click.Path(path_type=Path), help="Where the data set is: a folder or a file.")


@click.group(invoke_without_command=True)
@click.pass_context
def data(ctx: click.Context) -> None:
    """List the data sets; show one, or fetch it ahead."""
    if ctx.invoked_subcommand is None:
        _list()


@data.command()
@click.argument("name")
@data_option
def show(name: str, data: Path | None) -> None:
    """Show a data set: classes, sizes, images per class, where it was found."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    import tuner.data

    found = tuner.data.find(name, data=data)
    counts = tuner.data.class_counts(found.train()[1], len(found.class_names))
    card = tuner.data.describe(name)
    out = console()
    out.print(Text.assemble((found.title, "bold"), f"  {card.description}"))
    shape = " x ".join(str(side) for side in found.image_shape)
    out.print(f"{found.n_train:,} training and {found.n_test:,} test images of {shape}")
    for what, value in (("source", found.source), ("kept in", found.folder), ("fingerprint", found.fingerprint)):
        click.echo(f"{what:12} {printable(str(value))}")
    click.echo(f"{'licence':12} {printable(card.licence)}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("class", "training images", ""):
        table.add_column(heading, justify="right" if "images" in heading else "left")
    for class_name, n in zip(found.class_names, counts, strict=True):
        table.add_row(Text(printable(class_name)), f"{n:,}", "█" * round(30 * n / max(counts)))
    out.print(table)


@data.command()
@click.argument("name")
@data_option
def fetch(name: str, data: Path | None) -> None:
    """Find or download a data set, verify and prepare it, so that later runs need no network."""
    import tuner.data

    progress = _Bar() if can_animate() else _Lines()
    found = tuner.data.fetch(name, data=data, progress=progress)
    click.echo(f"{found.title} is ready: {found.n_train:,} + {found.n_test:,} images, from {printable(found.source)}")


class _Lines:
    """Says each file once."""

    def __init__(self) -> None:
        self._file = ""

    def __call__(self, file: str, done: int, total: int) -> None:
        if file != self._file:
            self._file = file
            click.echo(f"downloading {printable(file)}", err=True)


class _Bar:
    """A line that is written over."""

    def __call__(self, file: str, done: int, total: int) -> None:
        share = f"{done / total:4.0%} of {total / 2**20:.1f} MiB" if total else f"{done / 2**20:.1f} MiB"
        ending = "\n" if total and done >= total else ""
        sys.stderr.write(f"\rdownloading {printable(file)}  {share}{ending}")
        sys.stderr.flush()


def _list() -> None:
    from rich import box
    from rich.table import Table

    from tuner.data import describe, names

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("data set", "images", "size", "classes", ""):
        table.add_column(heading, justify="left" if heading in {"data set", ""} else "right")
    for name in names():
        card = describe(name)
        shape = " x ".join(str(side) for side in card.image_shape)
        table.add_row(name, f"{card.n_train:,} + {card.n_test:,}", shape, str(card.n_classes), card.description)
    console().print(table)
    click.echo("More of one: tune data show NAME. Download ahead: tune data fetch NAME.")
