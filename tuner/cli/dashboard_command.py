"""`tune dashboard`: optuna-dashboard on a snapshot of a study, in this machine's browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from tuner.cli.words import WholeNumber


@click.command()
@click.argument("study")
@click.option(
    "--port", type=WholeNumber(0, 65535), metavar="N", default=0, help="Port on 127.0.0.1.  [default: a free one]"
)
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
def dashboard(study: str, port: int, *, open_it: bool) -> None:
    """Look at a study with optuna-dashboard. Works while it runs, and cannot change it."""
    from tuner.dashboard import HERE, guarded, serve, server
    from tuner.study import Study, find_study

    folder = find_study(study)
    opened = Study.open(folder)  # says what is wrong with it, if anything is
    with tempfile.TemporaryDirectory(prefix="tune-dashboard-") as scratch:
        guard = guarded(folder, Path(scratch) / "study.db")
        with server(guard, port) as listening:
            address = f"http://{HERE}:{listening.server_port}/dashboard/studies/{opened.row}"
            click.echo(address)
            click.echo("Ctrl-C ends it.", err=True)
            if open_it:
                click.launch(address)
            serve(listening)
            click.echo(err=True)
