"""What goes wrong with a study's database, told in one line with what to do."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import contextmanager
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.home import studies_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAMAGE = (LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError, RecursionError)
"""What reading a row raises whose bytes are not what was written."""


@contextmanager
def row_errors(path: Path) -> Iterator[None]:
    """What a damaged row of the database at `path` raises, as one StudyError that says so."""
    try:
        yield
    except DAMAGE as error:
        raise StudyError(f"{path}: damaged: a row cannot be read ({one_line(error)}). {repairing(path)}") from None


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """What SQLite raises over the database at `path`, as one StudyError that says why."""
    try:
        yield
    except DatabaseError as error:
        raise StudyError(f"{path}: {told(error, path)}") from None


def told(why: BaseException, path: Path) -> str:
    """What went wrong, and what to do."""
    code = getattr(why, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full. Free some space and give the same command again."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{one_line(why)}. {repairing(path)}"
    if code == sqlite3.SQLITE_IOERR:
        return f"{one_line(why)}: it may be failing, or a quota or a limit on the size of files be reached."
    return f"{one_line(why)}. Nothing was written over."


def repairing(path: Path) -> str:
    """What to type for the database at `path`."""
    folder = path.parent
    return f"Try: tune repair {folder.name if folder.parent == studies_root() else shlex.quote(str(folder))}"


def one_line(error: object) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
