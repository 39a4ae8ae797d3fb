"""Words of a command line: what a misspelt one may have meant, what to type for a study, what of it is damaged."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.study import Folder


def check_dataset(word: str, verbs: Sequence[str] = ()) -> None:
    """Raises UsageError where `word` is no data set, with the data set or the verb that it looks like."""
    from tuner import data

    known = data.names()
    if word in known:
        return
    close = get_close_matches(word, [*known, *verbs], n=1)
    hint = ""
    if close:
        hint = f" Did you mean {close[0]}?" if close[0] in known else f" Did you mean: tune {close[0]}?"
    raise UsageError(f"unknown data set or verb {word!r}.{hint} Data sets: {', '.join(known)}.")


class WholeNumber(click.IntRange):
    """`'x' is not a valid whole number.`"""

    name = "whole number"


class Number(click.FloatRange):
    name = "number"


class OneOf(click.Choice[str]):
    """A choice among words that says which of them a misspelt one may have meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        parts = [each for each in self.choices if str(value) in each.split("_")]
        close = parts or get_close_matches(str(value), self.choices, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return super().get_invalid_choice_message(value, ctx) + hint


def called(folder: Folder) -> str:
    """How the study is named on a command line: by its name among the studies, else by its path."""
    return folder.called


def warn_of_damage(folder: Folder) -> None:
    """Says where the study's retrained winner is damaged: it is left out of what is told, as if it were not there."""
    from tuner.cli.printing import say
    from tuner.files import damage

    if why := damage(folder.best):
        say(f"tune: {folder.best} is damaged and left out: {why}. To train it again: tune resume {called(folder)}")
