"""Words of a command line: what a misspelt one may have meant, and what to type for a study."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

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


def called(folder: Folder) -> str:
    """How the study is named on a command line: by its name among the studies, else by its path."""
    from tuner.study import studies_root

    return folder.name if folder.path.parent == studies_root() else shlex.quote(str(folder.path))
