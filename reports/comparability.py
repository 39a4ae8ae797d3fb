"""In what studies differ, and whether their scores compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports.comparison import ComparedStudy, Comparison

NONE = "-"
"""Stands for what a study has no word of."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    what: str
    values: tuple[str, ...]
    """One for each study."""


def barriers(comparison: Comparison) -> tuple[Difference, ...]:
    """What keeps the scores from being compared."""
    return _differences([study.basis for study in comparison.studies])


def differences(comparison: Comparison) -> tuple[Difference, ...]:
    """What else differs: it is what one compares studies for, or what they ran on."""
    return _differences([study.settings for study in comparison.studies])


def comparable(comparison: Comparison) -> bool:
    return not barriers(comparison)


def common(comparison: Comparison) -> dict[str, str]:
    """What all of them have alike."""
    first, *others = [{**study.basis, **study.settings} for study in comparison.studies]
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def alike(comparison: Comparison) -> tuple[ComparedStudy, ...]:
    """The most studies whose scores compare with one another; the first of equally many."""
    groups: dict[tuple[tuple[str, str], ...], list[ComparedStudy]] = {}
    for study in comparison.studies:
        groups.setdefault(tuple(sorted(study.basis.items())), []).append(study)
    most = max(map(len, groups.values()))
    return next(tuple(group) for group in groups.values() if len(group) == most)


def _differences(sides: Sequence[Mapping[str, str]]) -> tuple[Difference, ...]:
    names = dict.fromkeys(name for side in sides for name in side)
    rows = [Difference(what=name, values=tuple(side.get(name, NONE) for side in sides)) for name in names]
    return tuple(row for row in rows if len(set(row.values)) > 1)
