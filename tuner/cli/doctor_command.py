"""`tune doctor`: a look at this machine, for a person who wonders why."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner.cli.doctor_devices import BAD, GOOD, NOTE, cpu_findings, gpu_findings
from tuner.cli.printing import console, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.cli.doctor_devices import Finding


@click.command()
@click.option("--measure", is_flag=True, help="First train with each split of the cores, to know which is the fastest.")
def doctor(*, measure: bool) -> None:
    """Look at this machine: versions, devices, folders, data sets, and who owns the command `tune`.

    Without GPUs, a search divides the cores among its workers in the way that was measured to be the fastest here.
    --measure does that in a minute or two, more on many cores, and keeps the figures for all searches to come.
    """
    from tuner.cli.doctor_devices import measure_and_keep

    if measure:
        measure_and_keep()
    _print_findings()


def _print_findings() -> None:
    from rich.table import Table
    from rich.text import Text

    from tuner.cli.doctor_devices import print_rates

    grid = Table.grid(padding=(0, 2))
    amiss = False
    for verdict, what, text in _findings():
        amiss |= verdict == BAD
        grid.add_row(verdict, what, Text(printable(text)))
    out = console()
    out.print(grid)
    print_rates(out)
    if amiss:
        from tuner.errors import SetupError

        raise SetupError("something is amiss on this machine, see above.")


def _findings() -> Iterator[Finding]:
    yield from _packages()
    yield from gpu_findings()
    yield from cpu_findings()
    yield from _folders()
    yield from _data_sets()
    yield _command()


def _packages() -> Iterator[Finding]:
    from tuner.machine import hardware, versions

    for name, version in versions().items():
        yield (BAD if version == "not installed" else GOOD), name, version
    yield GOOD, "sqlite", f"{sqlite3.sqlite_version}, rollback journal with synchronous=EXTRA"
    for name, value in hardware().items():
        yield GOOD, name, value


def _folders() -> Iterator[Finding]:
    from tuner.data import cache_folder
    from tuner.study import studies_root

    for what, folder in (("studies", studies_root()), ("data", cache_folder(os.environ))):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / 2**30
        good = os.access(there, os.W_OK)
        yield (GOOD if good else BAD), what, f"{folder} ({free:.0f} GiB free{'' if good else ', cannot be written to'})"


def _data_sets() -> Iterator[Finding]:
    from tuner.data import NotFoundError, find, names
    from tuner.errors import TuneError

    for name in names():
        try:
            yield GOOD, name, find(name, download=False).source
        except NotFoundError:
            yield NOTE, name, f"not on this machine; get it with: tune data fetch {name}"
        except TuneError as error:
            yield BAD, name, str(error).splitlines()[0]


def _command() -> Finding:
    """Ray and torchtune install a script `tune` too, and pip overwrites without a word."""
    from importlib.metadata import distributions

    mine = Path(sys.executable).parent
    script = shutil.which("tune", path=str(mine)) or shutil.which("tune")
    rivals = [
        each.metadata["Name"]
        for each in distributions()
        if each.metadata["Name"] != "kerastune" and any(entry.name == "tune" for entry in each.entry_points)
    ]
    if script is None:
        return NOTE, "tune", "is not on the PATH; kerastune and python -m tuner are the same program"
    owner = "ours" if "tuner.cli" in Path(script).read_text(encoding="utf-8", errors="replace") else "another program's"
    rival = f"; {', '.join(rivals)} installs one too, kerastune is always ours" if rivals else ""
    return (GOOD if owner == "ours" else NOTE), "tune", f"{script} is {owner}{rival}"
