"""`tune clean`: room on the disk, or the end of a study."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.keep_option import keep_option
from tuner.cli.printing import console, printable, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tuner.cleaning import Waste
    from tuner.plan import Keep
    from tuner.study import Folder

ONE = {
    "checkpoints": "checkpoint",
    "empty folders": "empty folder",
    "backups but the newest": "backup but the newest",
    "backups": "backup",
    "logs": "log",
    "damaged files": "damaged file",
    "unfinished files": "unfinished file",
    "files of the study": "file of the study",
}
"""What one of them is called."""

MOST = 5
"""Things that could not be removed are named one by one."""


@click.command()
@click.argument("study", required=False)
@click.option("--all", "every", is_flag=True, help="Clean all studies.")
@keep_option("  [default: as the study's last run]")
@click.option("--delete", is_flag=True, help="Delete the whole study, with its trials, its model and its report.")
@click.option("--yes", is_flag=True, help="Delete it without asking.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def clean(
    study: str | None, *, every: bool, keep: Keep | None, delete: bool, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Free the disk of what a study needs no more: checkpoints, older backups, logs, damaged and unfinished files.

    Its trials, its retrained model, its report and its split are never touched, unless --delete asks for all.
    """
    from tuner.errors import UsageError

    if (study is None) != every:
        raise UsageError(f"name one study, or give --all. Got {'neither' if study is None else 'both'}.")
    if delete and (every or keep is not None):
        raise UsageError(f"--delete deletes one whole study: {'--all' if every else '--keep'} does not go with it.")
    if delete:
        assert study is not None
        _delete(study, yes=yes, dry_run=dry_run, as_json=as_json)
    elif study is not None:
        done = _cleaned(study, keep, dry_run=dry_run)
        _say([done], as_json=as_json, one=True)
        _refuse_stuck(done)
    else:
        _clean_all(keep, dry_run=dry_run, as_json=as_json)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What went, or would go."""

    folder: Folder
    found: Sequence[Waste]
    dry_run: bool
    whole: bool = False
    """Whether it is the whole study."""
    left: Sequence[Path] = ()
    """What of a deleted study's folder is not ours."""
    spared: Sequence[Path] = ()
    """Damaged databases that tell more than the study does."""
    stays: Mapping[Path, str] = field(default_factory=dict)
    """What should have gone and could not be removed -> why."""

    @property
    def size(self) -> int:
        return sum(each.size for each in self.found)


def _cleaned(name: str, keep: Keep | None, *, dry_run: bool) -> Cleaned:
    from tuner.cleaning import Cleared, clear, spared, waste
    from tuner.plan import Keep
    from tuner.study import Study, find_study, hold, is_held

    folder = find_study(name)
    with nullcontext() if dry_run else hold(folder.path, folder.name):
        study = Study.open(folder)
        policy = keep or Keep.parse(study.fact("run", {}).get("keep", "best"))
        spare = spared(study)
        found = waste(study, policy, spare, busy=dry_run and is_held(folder.path))
        cleared = Cleared(gone=found) if dry_run else clear(found)
    return Cleaned(folder=folder, found=cleared.gone, dry_run=dry_run, spared=spare, stays=cleared.stays)


def _clean_all(keep: Keep | None, *, dry_run: bool, as_json: bool) -> None:
    """All that can be cleaned; then the first error that one of them raised, if any."""
    from tuner.errors import TuneError
    from tuner.study import list_studies

    done: list[Cleaned] = []
    problems: list[TuneError] = []
    names = list_studies()
    for name in names:
        try:
            done.append(_cleaned(name, keep, dry_run=dry_run))
            _refuse_stuck(done[-1])
        except TuneError as error:
            problems.append(error)
    if done or as_json or not names:
        _say(done, as_json=as_json)
    for problem in problems[1:]:
        say(f"tune: {problem}")
    if problems:
        raise problems[0]


# --- a whole study ----------------------------------------------------------------------------------------------------


def _delete(name: str, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    from tuner.cleaning import Cleared, clear, close, everything, refuse_others
    from tuner.errors import TuneError
    from tuner.study import hold
    from tuner.study.backups import find_remains
    from tuner.study.belongings import strangers

    folder = find_remains(name)
    refuse_others(folder)
    with nullcontext() if dry_run else hold(folder.path, folder.name):
        found, left = everything(folder), strangers(folder)
        cleared = Cleared(gone=found)
        if not dry_run:
            if not yes and not _confirmed(folder, sum(each.size for each in found)):
                raise TuneError("nothing was deleted.")
            cleared = clear(found, in_order=True)
            left = left if cleared.stays else close(folder)
    done = Cleaned(folder=folder, found=cleared.gone, dry_run=dry_run, whole=True, left=left, stays=cleared.stays)
    _say([done], as_json=as_json, one=True)
    for path in left:
        say(f"left: {path}, which {_why_left(folder, path)}")
    _refuse_stuck(done)


def _why_left(folder: Folder, path: Path) -> str:
    if path != folder.path:
        return "is not of the study"
    return "another process uses again" if any(path.iterdir()) else "could not be removed"


def _confirmed(folder: Folder, size: int) -> bool:
    from tuner.errors import UsageError
    from tuner.planning.disk import bytes_text

    if not sys.stdin.isatty():
        raise UsageError("--delete asks first, and there is no terminal to ask on. Add --yes.")
    question = f"Delete study {folder.name} with its {_trials(folder)}model and report ({bytes_text(size)})?"
    return click.confirm(printable(question), err=True)


def _trials(folder: Folder) -> str:
    """`40 trials, `; empty where they cannot be read."""
    from tuner.cli.wording import plural
    from tuner.errors import StudyError
    from tuner.study import Study

    try:
        return f"{plural(Study.open(folder).n_finished(), 'finished trial')}, "
    except StudyError:
        return ""


# --- what is said -----------------------------------------------------------------------------------------------------


def _say(done: Sequence[Cleaned], *, as_json: bool, one: bool = False) -> None:
    if as_json:
        documents = [_document(each) for each in done]
        click.echo(json.dumps(documents[0] if one else documents, indent=2))
    elif done:
        for each in done:
            _print(each)
    else:
        click.echo("No studies.")
    for each in done:
        for path in each.spared:
            say(f"spared: {path}, of which more trials can be read than the study has. Remove it yourself.")
        for path, why in list(each.stays.items())[:MOST]:
            say(f"stays: {path}: {why}")
        if len(each.stays) > MOST:
            say(f"stays: {len(each.stays) - MOST} more")


def _refuse_stuck(done: Cleaned) -> None:
    """Raises SetupError where not all went that should."""
    from tuner.errors import SetupError

    if done.stays:
        n, what = len(done.stays), "is not deleted" if done.whole else "is not clean"
        raise SetupError(
            f"study '{done.folder.name}' {what}: {n} thing{'s' * (n != 1)} could not be removed. "
            "Mend that, and give the same command again."
        )


def _document(cleaned: Cleaned) -> dict[str, Any]:
    return {
        "study": cleaned.folder.name,
        "folder": str(cleaned.folder.path),
        "dry_run": cleaned.dry_run,
        "freed": cleaned.size,
        "removed": [
            {"what": each.what, "bytes": each.size, "paths": [str(path) for path in each.paths]}
            for each in cleaned.found
        ],
        "left": [str(path) for path in cleaned.left],
        "stays": [{"path": str(path), "why": why} for path, why in cleaned.stays.items()],
        "spared": [str(path) for path in cleaned.spared],
    }


def _print(cleaned: Cleaned) -> None:
    from rich.table import Table
    from rich.text import Text

    from tuner.planning.disk import bytes_text

    name = printable(cleaned.folder.name)
    if not cleaned.found and not cleaned.stays:
        click.echo(f"{name}: nothing to clean.")
        return
    verb = "delete" if cleaned.whole and not cleaned.stays else "free"
    click.echo(f"{name}: {f'would {verb}' if cleaned.dry_run else f'{verb}d'} {bytes_text(cleaned.size)}.")
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    table.add_column(justify="right")
    for each in cleaned.found:
        table.add_row(f"  {bytes_text(each.size)}", str(len(each.paths) or ""), Text(_called(each)))
    if cleaned.found:
        console().print(table)
    if cleaned.dry_run:
        click.echo("Nothing was touched. To do it, give the same command without --dry-run.")


def _called(waste: Waste) -> str:
    """After their number, which may be 0 where all of them stay in part."""
    if not waste.paths:
        return f"parts of {waste.what}"
    return ONE.get(waste.what, waste.what) if len(waste.paths) == 1 else waste.what
