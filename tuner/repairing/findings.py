"""What a repair found and did, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPELT = 12
"""Runs of numbers that are written out."""


class Standing(StrEnum):
    """How something stands after the repair."""

    SOUND = "sound"
    """Nothing was amiss."""
    MENDED = "mended"
    """Something was, and is not any more; in a dry run, would not be any more."""
    BROKEN = "broken"
    """Something is, and cannot be mended here."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    what: str
    """`database`, `checkpoints`, ..."""
    standing: Standing
    found: str
    done: str = ""
    loss: str = ""
    """What it cost, in words; empty where nothing is known that it did."""
    lost: tuple[int, ...] = ()
    """Numbers of the trials that it cost."""
    n_existed: int = 0
    """Trials that there were, as far as anything shows."""


def sound(what: str, found: str) -> Finding:
    return Finding(what=what, standing=Standing.SOUND, found=found)


def mended(what: str, found: str, done: str) -> Finding:
    return Finding(what=what, standing=Standing.MENDED, found=found, done=done)


def broken(what: str, found: str, advice: str) -> Finding:
    return Finding(what=what, standing=Standing.BROKEN, found=found, done=advice)


def counted(n: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def lost_text(lost: Iterable[int], n_existed: int, *, dry_run: bool = False, at_least: bool = False) -> str:
    """`trials 3 and 6 to 39 are lost, 35 of 40`; empty where none is."""
    numbers = sorted(set(lost))
    if not numbers:
        return ""
    verb = "would be" if dry_run else "is" if len(numbers) == 1 else "are"
    known = "at least " if at_least else ""
    return f"{known}{spelt(numbers)} {verb} lost, {len(numbers):,} of {n_existed:,}"


def spelt(numbers: Sequence[int]) -> str:
    """`trial 3`, `trials 3 and 6 to 39`; the numbers in their order."""
    return f"trial{'' if len(numbers) == 1 else 's'} {_in_runs(numbers)}"


def _in_runs(numbers: Sequence[int]) -> str:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    words = [word for first, last in runs[:SPELT] for word in _run(first, last)]
    if len(runs) > SPELT:
        return f"{', '.join(words)}, ..."
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _run(first: int, last: int) -> list[str]:
    return [f"{first} to {last}"] if last - first > 1 else [str(number) for number in range(first, last + 1)]
