"""Differences between two spaces as lines, those of a repeat's repetitions told as one where they are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.cli.families import INDEX, alike, common_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_spaces import Difference


def difference_lines(found: Sequence[Difference]) -> list[str]:
    """`~ hidden[0..1].dense.units: 8 to 64, log -> 8 to 128, log (wider)`"""
    families: dict[tuple[str, str, str], list[Difference]] = {}
    for each in found:
        families.setdefault((each.sign, INDEX.sub("[]", each.name), each.text), []).append(each)
    return [
        f"{sign} {common_name(names)}: {text}"
        for (sign, _, text), members in families.items()
        for names in alike([each.name for each in members])
    ]
