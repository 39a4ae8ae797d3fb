"""What a repair found and did, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


def sound(what: str, found: str) -> Finding:
    return Finding(what=what, standing=Standing.SOUND, found=found)


def mended(what: str, found: str, done: str) -> Finding:
    return Finding(what=what, standing=Standing.MENDED, found=found, done=done)


def broken(what: str, found: str, advice: str) -> Finding:
    return Finding(what=what, standing=Standing.BROKEN, found=found, done=advice)


def counted(n: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
