"""`tune compare`: studies side by side, on the terminal and on a page. Reads them and holds no lock."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner.cli.study_commands import as_json_option
from tuner.cli.words import warn_of_damage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports import Comparison
    from tuner.study import Folder

LONGEST = 100
"""Characters of a comparison's folder."""


@click.command()
@click.argument("studies", nargs=-1, metavar="STUDY STUDY ...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where to write the page.  [default: a folder of its own, beside the studies]",
)
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@as_json_option
def compare(studies: tuple[str, ...], out: Path | None, *, open_it: bool, as_json: bool) -> None:
    """Set 2 to 8 studies side by side: how good their best is, and after how many trials and seconds they had it.

    Prints a table and writes a page with the curves of both. STUDY is a name, or the path of a study's folder. Works
    while studies run.
    """
    from tuner.comparing import make_comparison
    from tuner.study import Study

    folders = _folders(studies)
    for folder in folders:
        warn_of_damage(folder)
    comparison = make_comparison([Study.open(folder) for folder in folders], shlex.join(["tune", "compare", *studies]))
    page = _write(comparison, out.absolute() if out else default_folder([study.name for study in comparison.studies]))
    if as_json:
        from reports.comparing import document

        click.echo(json.dumps({**document(comparison), "page": str(page)}, indent=2, allow_nan=False))
    else:
        _print(comparison, page)
    if open_it:
        click.launch(page.as_uri())


def _folders(names: Sequence[str]) -> list[Folder]:
    """Those of the studies. Raises UsageError where they are too few, too many or not different."""
    from reports.comparison import MOST
    from tuner.errors import UsageError
    from tuner.study import find_study

    if not 2 <= len(names) <= MOST:  # noqa: PLR2004 - it takes two to compare
        raise UsageError(f"tune compare takes 2 to {MOST} studies. Got {len(names)}. See: tune studies")
    folders = [find_study(name) for name in names]
    paths = [folder.path.resolve() for folder in folders]
    twice = next((name for name, path in zip(names, paths, strict=True) if paths.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"each study may be named once. Got {twice!r} twice.")
    return folders


def default_folder(names: Sequence[str], environ: Mapping[str, str] = os.environ) -> Path:
    """`comparisons/a+b`, beside the studies. No study's name has a plus, so no two comparisons have one folder."""
    from tuner.study import studies_root

    whole = "+".join(names)
    name = "+".join(re.sub(r"[^A-Za-z0-9._-]", "_", each) for each in names)
    if name != whole or len(name) > LONGEST:
        digest = hashlib.sha256(whole.encode(errors="surrogateescape")).hexdigest()[:10]
        name = f"{name[: LONGEST - 11]}-{digest}"
    return studies_root(environ).parent / "comparisons" / name


def _write(comparison: Comparison, folder: Path) -> Path:
    from reports import write_comparison
    from tuner.errors import StudyError

    try:
        return write_comparison(comparison, folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise StudyError(
            f"{folder}: cannot be written to: {error.strerror}. Name another folder with --out FOLDER."
        ) from None


IN_TABLE = frozenset({"engine", "algorithm", "pruner", "trials asked for"})
"""Differences that the table shows anyway."""


def _print(comparison: Comparison, page: Path) -> None:
    from rich.text import Text

    from reports.comparability import differences
    from reports.sections.comparison import answer, paired, side_by_side
    from tuner.cli.comparison_table import print_table
    from tuner.cli.printing import console, printable

    out = console()
    if barrier := answer.barrier(comparison):
        out.print(Text(printable(barrier), "bold red"))
        out.print()
    print_table(side_by_side.table(comparison), out)
    for sentence in (*answer.sentences(comparison), *paired.sentences(comparison)):
        out.print(Text(printable(sentence)))
    if apart := [each for each in differences(comparison) if each.what not in IN_TABLE]:
        told = "; ".join(f"{each.what} ({', '.join(each.values)})" for each in apart)
        out.print(Text(printable(f"They also differ in {told}.")))
    for note in filter(None, (answer.optimism(comparison), answer.unfinished(comparison))):
        out.print(Text(printable(note), "dim"))
    click.echo(f"\npage  {page}")
