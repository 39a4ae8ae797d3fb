"""What a misspelt word may have meant."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from tuner.errors import UsageError


def check_dataset(word: str) -> None:
    """Raises UsageError where `word` is no data set, with the data set or the verb that it looks like."""
    from tuner import data
    from tuner.cli.app import VERBS

    known = data.names()
    if word in known or os.sep in word or Path(word).exists():
        return
    close = get_close_matches(word, [*known, *VERBS], n=1)
    hint = ""
    if close:
        hint = f" Did you mean {close[0]}?" if close[0] in known else f" Did you mean: tune {close[0]}?"
    raise UsageError(f"unknown data set or verb {word!r}.{hint} Data sets: {', '.join(known)}.")
