"""What a terminal writes by itself where somebody types: a ^C in the midst of what is redrawn in place breaks it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL_MODES = 3
"""Where a terminal's attributes have them. Source: Python's library reference, termios.tcgetattr."""


@contextmanager
def without_control_echo(descriptor: int = 0) -> Iterator[None]:
    """Control characters are not shown in the block, where `descriptor` is a terminal that we have the use of."""
    shown = _show_control(descriptor, on=False)
    try:
        yield
    finally:
        if shown:
            _show_control(descriptor, on=True)


def _show_control(descriptor: int, *, on: bool) -> bool:
    """Whether it was the other way before."""
    if sys.platform == "win32":
        return False
    import termios

    try:
        # A process in the background that sets a terminal's modes is stopped for it.
        if not os.isatty(descriptor) or os.tcgetpgrp(descriptor) != os.getpgrp():
            return False
        modes = termios.tcgetattr(descriptor)
        if bool(modes[LOCAL_MODES] & termios.ECHOCTL) is on:
            return False
        modes[LOCAL_MODES] ^= termios.ECHOCTL
        termios.tcsetattr(descriptor, termios.TCSANOW, modes)
    except (OSError, termios.error):  # it was closed, or is nobody's
        return False
    return True
