"""`tune repair`: a study checked and mended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.printing import console, printable
from tuner.cli.words import called

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.repairing import Finding
    from tuner.study import Folder


@click.command()
@click.argument("study")
@click.option("--dry-run", is_flag=True, help="Say what is amiss and what would be done, and leave it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def repair(study: str, *, dry_run: bool, as_json: bool) -> None:
    """Check a study from end to end, and mend what is damaged.

    A damaged database is read into a new one, trial by trial; what cannot be read is taken from the newest good backup.
    What was damaged is kept, in the study's folder. Exit code 1: something is lost, or may be; the last line says what.
    """
    from tuner.errors import StudyError, TuneError
    from tuner.repairing import Standing
    from tuner.repairing import repair as mend
    from tuner.study.backups import find_remains

    folder = find_remains(study)
    findings = mend(folder, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(_document(folder, findings, dry_run=dry_run), indent=2))
    else:
        _print(folder, findings, dry_run=dry_run)
    losses = [each.loss for each in findings if each.loss]
    broken = [each for each in findings if each.standing is Standing.BROKEN]
    if broken:
        problems = [f"{each.what}: {each.done}" for each in broken]
        raise StudyError(f"{folder.path}: not mended: {'; '.join([*problems, *losses])}.")
    if losses:
        raise TuneError(f"{folder.path}: {'' if dry_run else 'mended, but '}{'; '.join(losses)}.")


def _document(folder: Folder, findings: Sequence[Finding], *, dry_run: bool) -> dict[str, Any]:
    from tuner.repairing import Standing

    return {
        "study": folder.name,
        "folder": str(folder.path),
        "dry_run": dry_run,
        "sound": all(each.standing is Standing.SOUND for each in findings),
        "findings": [
            {
                "what": each.what,
                "standing": each.standing.value,
                "found": each.found,
                "done": each.done,
                "loss": each.loss,
                "lost": list(each.lost),
                "existed": each.n_existed,
            }
            for each in findings
        ],
    }


MARKS = {"sound": ("✓", "green"), "mended": ("!", "yellow"), "broken": ("✗", "red")}


def _print(folder: Folder, findings: Sequence[Finding], *, dry_run: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from tuner.repairing import Standing

    table = Table.grid(padding=(0, 2, 0, 0))
    for each in findings:
        mark, colour = MARKS[each.standing.value]
        told = f"{each.found}: {each.done}" if each.done else each.found
        table.add_row(Text(mark, colour), Text(each.what), Text(printable(told)))
    console().print(table)
    standings = {each.standing for each in findings}
    if standings == {Standing.SOUND}:
        click.echo(f"{printable(folder.name)} is sound.")
    elif dry_run:
        click.echo("Nothing was touched. To mend it, give the same command without --dry-run.")
    elif Standing.BROKEN not in standings:
        click.echo(f"{printable(folder.name)} is mended. Go on with: tune resume {called(folder)}")
