"""Data sets by name: what is known, and what a misspelt name probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tuner.data.sets import CARDS
from tuner.errors import UsageError

if TYPE_CHECKING:
    from tuner.data.card import Card

LONGEST = 64
"""Characters of an unknown name that are compared and shown."""


def names() -> tuple[str, ...]:
    return tuple(card.name for card in CARDS)


def describe(name: str) -> Card:
    """The card of a data set. Raises UsageError with a suggestion for a name not in the table."""
    for card in CARDS:
        if card.name == name:
            return card
    name = name[:LONGEST]
    near = difflib.get_close_matches(name.lower(), names(), n=1, cutoff=0.6)
    suggestion = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(f"unknown data set {name!r}.{suggestion} Known: {', '.join(names())}")
