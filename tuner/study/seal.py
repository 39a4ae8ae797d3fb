"""Sums over what a study keeps for good, stored with it: SQLite has none, so that a flipped digit is a sound row."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SEAL = "tune:seal"
"""The system attribute that has the sum of a trial that has ended, or of each attribute of a study."""

Cell = tuple[Any, ...]
"""The kind of a row, what names it, what it holds: as stored, not as meant, so that nothing is lost in translation."""


def sum_of(cells: Iterable[Cell]) -> str:
    """Sixteen hexadecimal digits, whatever the order of the cells."""
    return hashlib.sha256(repr(sorted(cells)).encode()).hexdigest()[:16]


def cells_of_trial(
    *,
    number: int,
    state: str,
    params: Iterable[tuple[str, float, str]],
    values: Iterable[tuple[int, float | None, str]],
    steps: Iterable[tuple[int, float | None, str]],
    user: Iterable[tuple[str, str]],
    system: Iterable[tuple[str, str]],
) -> list[Cell]:
    """All that a trial is but its dates: its number, and the cells of its rows in the tables by those names."""
    rows = {"param": params, "value": values, "step": steps, "user": user, "system": system}
    return [("trial", number, state), *((kind, *row) for kind, found in rows.items() for row in found)]


def sums_of_attributes(texts: Mapping[str, str]) -> dict[str, str]:
    """One each, so that what another program adds breaks none."""
    return {name: sum_of([("attribute", name, text)]) for name, text in texts.items()}


def check_trial(number: int, seals: Sequence[str], cells: Iterable[Cell]) -> None:
    """Raises ValueError where the trial is not what was written when it ended. `seals` has the JSON of its one sum."""
    (seal,) = seals
    if json.loads(seal) != sum_of(cells):
        raise ValueError(f"trial {number} is not what was written")


def check_attributes(texts: Mapping[str, str], sums: Mapping[str, Any]) -> None:
    """Raises ValueError where one of a study's attributes is not what was written."""
    if missing := sorted(set(sums) - set(texts)):
        raise ValueError(f"its attribute {missing[0]!r} is missing")
    for name, found in sums_of_attributes(texts).items():
        if sums.get(name, found) != found:
            raise ValueError(f"its attribute {name!r} is not what was written")
