"""Parameters of a repeat's repetitions, told in one row where they are alike."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.cli.wording import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_spaces import SearchSpace

INDEX = re.compile(r"\[(\d+)\]")
ABOVE = re.compile(r"(.*) is above (\d+)")


@dataclass(frozen=True, kw_only=True)
class Family:
    """One parameter, or those that differ in nothing but their indices."""

    name: str
    """`conv[0..3].conv2d.filters`."""
    values: str
    default: str
    where: str
    """What must hold for it to be active: `conv.repeat is above i`. Empty: it always is."""


def families(space: SearchSpace) -> list[Family]:
    """All parameters of the space, in the order of the file."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for each in space.parameters():
        key = INDEX.sub("[]", each.name), each.domain.describe(), value_text(each.default)
        same.setdefault(key, []).append(each.name)
    needs = space.needs()
    return [
        Family(name=common_name(names), values=values, default=default, where=_where(names, needs))
        for (_, values, default), members in same.items()
        for names in alike(members)
    ]


def alike(names: list[str]) -> Iterator[list[str]]:
    """All of them where their indices are every combination of unbroken ranges; else each alone."""
    indices = [_indices(name) for name in names]
    axes = [range(min(axis), max(axis) + 1) for axis in zip(*indices, strict=True)]
    if set(itertools.product(*axes)) == set(indices):
        yield names
    else:
        yield from ([name] for name in names)


def _indices(name: str) -> tuple[int, ...]:
    return tuple(int(index) for index in INDEX.findall(name))


def common_name(names: Sequence[str]) -> str:
    """`hidden[0..2].dense.units` for three that differ in their indices alone."""
    axes = iter(zip(*(_indices(name) for name in names), strict=True))

    def span(_: re.Match[str]) -> str:
        axis = next(axes)
        return f"[{min(axis)}]" if min(axis) == max(axis) else f"[{min(axis)}..{max(axis)}]"

    return INDEX.sub(span, names[0])


def _where(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> str:
    if len(names) == 1:
        return " and ".join(needs[names[0]])
    met = [_for_any_index(need, _indices(name)) for name in names for need in needs[name]]
    return " and ".join(dict.fromkeys(met))


def _for_any_index(need: str, indices: tuple[int, ...]) -> str:
    """`conv.repeat is above 2`, which repetition 2 needs, as `conv.repeat is above i`."""
    match = ABOVE.fullmatch(need)
    if match and int(match[2]) in indices:
        need = f"{match[1]} is above i"
    return INDEX.sub("[i]", need)
