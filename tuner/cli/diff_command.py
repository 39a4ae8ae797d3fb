"""`tune diff`: in what two configurations, or two spaces, differ."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner.cli.study_commands import as_json_option

if TYPE_CHECKING:
    from search_spaces import SearchSpace
    from tuner.trial import Trial

SEPARATOR = ":"
"""Between a study and the number of a trial. No study's name has one."""


@click.command()
@click.argument("a")
@click.argument("b")
@as_json_option
def diff(a: str, b: str, *, as_json: bool) -> None:
    """Tell in what two configurations differ, parameter by parameter, or two spaces.

    A configuration is STUDY:NUMBER, a trial, or STUDY alone: its winner, or the best so far. A space is one of the
    library, or a file.
    """
    from tuner.errors import UsageError

    if _is_space(a) != _is_space(b):
        space, other = (a, b) if _is_space(a) else (b, a)
        raise UsageError(f"{space} is a space and {other} is not. Name two spaces, or two trials as STUDY:NUMBER.")
    if _is_space(a):
        from search_spaces import SearchSpace

        _spaces(SearchSpace.load(a), SearchSpace.load(b), as_json=as_json)
    else:
        _trials((a, _trial(a)), (b, _trial(b)), as_json=as_json)


def _is_space(word: str) -> bool:
    """A study of the same name as a space of the library can be named by its winner's number."""
    from search_spaces import library

    return word in library() or word.endswith((".yaml", ".yml")) or Path(word).is_file()


def _trial(word: str) -> Trial:
    """The one that the word names."""
    from tuner.confirmation import winner_of
    from tuner.errors import StudyError, UsageError
    from tuner.study import find_study, look

    name, separator, number = word.rpartition(SEPARATOR)
    if separator and not (number.isascii() and number.isdigit()):
        raise UsageError(f"a trial is named as STUDY:NUMBER. Got {word!r}.")
    study = look(find_study(name if separator else word))
    trials = study.trials()
    if not separator:
        best = winner_of(study, trials)
        if best is None:
            raise StudyError(f"no trial of study '{study.folder.name}' has a score yet.")
        return best
    if int(number[:9]) >= len(trials):
        last = f"its last is {len(trials) - 1}" if trials else "it has none"
        raise StudyError(f"study '{study.folder.name}' has no trial {number}: {last}.")
    return trials[int(number)]


def _trials(one: tuple[str, Trial], other: tuple[str, Trial], *, as_json: bool) -> None:
    from tuner.cli.configuration_table import differing, print_side_by_side
    from tuner.cli.printing import console
    from tuner.cli.study_commands import trial_document

    trials = [one[1], other[1]]
    values = [trial.values for trial in trials]
    if as_json:
        apart = [{"name": name, "a": values[0].get(name), "b": values[1].get(name)} for name in differing(values)]
        told = {"a": trial_document(trials[0]), "b": trial_document(trials[1]), "differences": apart}
        click.echo(json.dumps(told, indent=2))
        return
    names = [word if SEPARATOR in word else f"{word}{SEPARATOR}{trial.number}" for word, trial in (one, other)]
    print_side_by_side(names, trials, console())
    if not differing(values):
        click.echo("They have the same configuration.")


def _spaces(one: SearchSpace, other: SearchSpace, *, as_json: bool) -> None:
    from search_spaces import differences
    from tuner.cli.difference_text import difference_lines
    from tuner.cli.printing import printable

    found = differences(one, other)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    elif not found:
        click.echo("They make the same configurations.")
    else:
        for line in difference_lines(found):
            click.echo(printable(line))
