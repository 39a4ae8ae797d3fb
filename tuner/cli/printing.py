"""Words for the terminal: consoles, and figures as a person reads them."""

from __future__ import annotations

import os
import sys
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def printable(text: str, keep: str = "") -> str:
    """`text` without control and direction-changing characters, which a hostile name could carry."""
    return "".join(c if c in keep or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "?" for c in text)


def say(text: str, keep: str = "") -> None:
    """A line on standard error. Nobody reading it any more is no reason to stop working."""
    with suppress(OSError):
        sys.stderr.write(printable(text, keep) + "\n")
        sys.stderr.flush()


def console(file: TextIO | None = None) -> Console:
    """A console on standard output, or on `file`. Wide enough in a pipe that no table is cut."""
    from rich.console import Console

    file = file or sys.stdout
    return Console(file=file, highlight=False, soft_wrap=False, width=None if file.isatty() else 160, emoji=False)


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
