"""A terminal that is closed under a run: what is said to it from then on is lost, and fails nothing."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuner.events import Event


class Terminal:
    """The descriptors that are a terminal now."""

    def __init__(self, descriptors: Sequence[int] = (1, 2)) -> None:
        self._descriptors = [descriptor for descriptor in descriptors if os.isatty(descriptor)]

    def let_go(self) -> bool:
        """Whether it is closed; then its descriptors lead nowhere from now on."""
        closed = [descriptor for descriptor in self._descriptors if not os.isatty(descriptor)]
        for descriptor in closed:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        return bool(closed)

    def guard(self, show: Callable[[Event], None]) -> Callable[[Event], None]:
        """`show`, but for what could not be said because somebody has closed the terminal."""

        def shown(event: Event) -> None:
            try:
                show(event)
            except OSError as error:
                if error.errno != errno.EIO or not self.let_go():
                    raise

        return shown
