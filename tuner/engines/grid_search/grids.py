"""A finite space as scikit-learn writes one: products of values, which together are its configurations, each once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tuner.carrying import EARLY_STOPPING, PLATEAU, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_spaces import SearchSpace, Value

PREFIX = "model__"
"""What scikeras takes any name after, dots and brackets included."""

ITERATION = "iter"
"""Under which the engine notes with a trial the round of successive halving that it belongs to."""

MOST_CONFIGURATIONS = 100_000
"""Of a grid. All are listed before the first is trained, which takes half a minute for as many."""

UNWATCHED = "it watches validation images, and scikit-learn shows a classifier none"
NOT_CARRIED = {EARLY_STOPPING: UNWATCHED, PLATEAU: UNWATCHED}


def grid(space: SearchSpace) -> list[dict[str, list[Value]]]:
    """Products of values, by parameter name with the prefix. A parameter that is not active in one is not in it.

    Raises ValueError where they would be endless or too many, or the space has settings that are not carried.
    """
    endless = [f"`{each.name}`" for each in space.parameters() if each.domain.size() is None]
    if endless:
        raise ValueError(f"grid-search-cv needs finite domains: give {', '.join(endless)} a step or choices")
    n = space.size().configurations
    if n is None or not n <= MOST_CONFIGURATIONS:
        got = "more than can be counted" if n is None else f"{n:,}"
        raise ValueError(f"a grid has at most {MOST_CONFIGURATIONS:,} configurations. Got {got}: fix some parameters")
    structures: dict[tuple[str, ...], list[tuple[Value, ...]]] = {}
    for each in space.enumerate():
        refuse([each], NOT_CARRIED)
        structures.setdefault(tuple(each.values), []).append(tuple(each.values.values()))
    return [
        {f"{PREFIX}{name}": list(values) for name, values in zip(names, columns, strict=True)}
        for names, rows in structures.items()
        for columns in products(rows)
    ]


def products(rows: Sequence[tuple[Value, ...]]) -> Iterator[tuple[Sequence[Value], ...]]:
    """Products that hold each of the rows once and nothing else. The rows differ and are in lexical order."""
    columns = [tuple(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    if math.prod(map(len, columns)) == len(rows):
        yield tuple(columns)
        return
    # A set of rows is a product where no column matters to the rest: here at least one does.
    splits = [(index, _groups(rows, index)) for index in range(len(columns))]
    index, groups = min((split for split in splits if len(split[1]) > 1), key=lambda split: len(split[1]))
    for rest, values in groups.items():
        for others in products(rest):
            yield (*others[:index], values, *others[index:])


def _groups(rows: Sequence[tuple[Value, ...]], index: int) -> Mapping[tuple[tuple[Value, ...], ...], list[Value]]:
    """The rows without that column -> the values of the column that they all go with."""
    rests: dict[Value, list[tuple[Value, ...]]] = {}
    for row in rows:
        rests.setdefault(row[index], []).append((*row[:index], *row[index + 1 :]))
    groups: dict[tuple[tuple[Value, ...], ...], list[Value]] = {}
    for value, rest in rests.items():
        groups.setdefault(tuple(rest), []).append(value)
    return groups
