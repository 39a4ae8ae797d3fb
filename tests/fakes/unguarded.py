"""`program.py` without a part of the guard in the storage's door, which its first argument names.

`opening`: it opens a study that another process writes to. `all`: and writes, whoever has taken it over meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from program import main
from sqlalchemy import Connection

from tuner.study import guard
from tuner.study.storage import begin


def let_in(*_: Any) -> None:
    """In the place of the check at opening."""


@contextmanager
def written(self: guard.Guard, _last: int) -> Iterator[Connection]:
    """In the place of the checks at each transaction."""
    with begin(self.engine, writing=True) as connection:
        yield connection


if __name__ == "__main__":
    guard._refuse_living = let_in
    if sys.argv[1] == "all":
        guard.Guard.transaction = written  # type: ignore[method-assign,assignment]
    sys.exit(main(sys.argv[2:]))
