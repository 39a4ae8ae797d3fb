"""Words for the terminal: consoles, and figures as a person reads them."""

from __future__ import annotations

import os
import re
import sys
import textwrap
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def printable(text: str, keep: str = "") -> str:
    """`text` without control and direction-changing characters, which a hostile name could carry."""
    return "".join(c if c in keep or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "?" for c in text)


def say(text: str, keep: str = "") -> None:
    """A line on standard error. Nobody reading it any more is no reason to stop working."""
    with suppress(OSError):
        sys.stderr.write(wrapped(printable(text, keep), _columns(sys.stderr)) + "\n")
        sys.stderr.flush()


COMMAND = re.compile(r"(?<=: )tune [^.,;:()]+")
"""In a sentence."""

LEAST_WIDTH = 20
"""Columns below which nothing is gained by wrapping."""


def wrapped(text: str, width: int | None) -> str:
    """`text` broken between its words for a terminal so wide. A command to type stays on one line, to be copied."""
    if width is None or width < LEAST_WIDTH:
        return text
    return "\n".join(line if line.startswith("tune ") else _folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    kept = COMMAND.sub(lambda found: found[0].replace(" ", "\0"), line)
    indent = " " * (len(line) - len(line.lstrip(" ")))
    rows = textwrap.wrap(
        kept, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )
    return "\n".join(rows).replace("\0", " ")


def _columns(file: TextIO) -> int | None:
    """Of the terminal that the file is; None where it is none."""
    try:
        return os.get_terminal_size(file.fileno()).columns if file.isatty() else None
    except (OSError, ValueError):  # it says no size, or is no file
        return None


WIDE = 160
"""Columns where nobody says: in a pipe no table need be cut."""


def console(file: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> Console:
    """A console on standard output, or on `file`. In a pipe as wide as COLUMNS says, and no line ends with spaces."""
    from rich.console import Console

    file = file or sys.stdout
    if file.isatty():
        return Console(file=file, highlight=False, soft_wrap=False, emoji=False)
    columns = environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) > 0 else WIDE
    return Console(file=cast("TextIO", _Stripped(file)), highlight=False, soft_wrap=False, width=width, emoji=False)


class _Stripped:
    """A file, but for spaces at the ends of lines: those that fill up the columns of a table."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        self._file.write(re.sub(r" +\n", "\n", text))
        return len(text)


def can_animate(environ: Mapping[str, str] = os.environ) -> bool:
    """Rich would animate wherever FORCE_COLOR is set, even into a pipe."""
    return sys.stderr.isatty() and not environ.get("CI") and environ.get("TERM") != "dumb"


MINUTE = 60


def span(seconds: float | None) -> str:
    """`52 s`, `4:12`, `1:04:12`."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def score(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
