"""What a misspelt word may have meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
