"""Checks published files against their published sums, before they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.data.formats.reading import binary, refuse_web_page
from tuner.errors import DataError
from tuner.files import checksum

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.data.card import Card
    from tuner.data.formats.members import Members


def check_originals(members: Members, card: Card, *, variants: bool) -> str:
    """Raises DataError for a file that is not as published; where `variants` are welcome, says so instead."""
    differing = [path for path in members.files if _differs(path, card)]
    if not differing:
        return ""
    names = ", ".join(map(str, differing))
    if variants:
        return f"not {card.title} as published: other contents in {names}"
    raise DataError(f"{names}: wrong checksum: not the file of {card.title} as published. Delete it and try again")


def _differs(path: Path, card: Card) -> bool:
    known = card.files.get(path.name)
    if not known:
        return False
    with binary(path) as stream:
        refuse_web_page(stream.read(512), str(path))
    return checksum(path, "md5") != known
