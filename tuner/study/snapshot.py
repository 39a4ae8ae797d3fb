"""A copy of a study's database for other people's programs, which might write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tuner.study.copying import copy as copy_of
from tuner.study.trouble import sqlite_errors

if TYPE_CHECKING:
    from pathlib import Path


def take_snapshot(database: Path, copy: Path) -> None:
    """`copy` holds what `database` held at one moment, also while a search writes to it. Who reads `copy` reads on.

    Raises StudyError where the database cannot be read.
    """
    with (
        closing(copy_of(database)) as memory,
        sqlite_errors(database),
        closing(sqlite3.connect(copy, timeout=60)) as writing,
    ):
        memory.backup(writing)
