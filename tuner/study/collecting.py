"""Reading a study makes a million objects of which none is garbage: to look for some meanwhile takes a third of it."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector of cycles rests while the block runs."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


MANY = 1000
"""Trials from which on it is worth while."""


def settle(n_trials: int) -> None:
    """So many trials were read, and will stay: where they are many, no later look goes through them. It would take a
    tenth of a second for 10,000, and there are three soon after.
    """
    if n_trials > MANY and gc.isenabled():
        gc.freeze()
