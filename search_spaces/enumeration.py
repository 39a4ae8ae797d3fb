"""All configurations of a finite space, one after another: backtracking over the walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.walk import configure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search_spaces.configuration import Configuration
    from search_spaces.domains import Parameter, Value
    from search_spaces.nodes import Tree


def enumerate_configurations(tree: Tree) -> Iterator[Configuration]:
    """Every configuration, the parameter that is asked for last changing first. Its domains must be finite."""
    way: list[tuple[Sequence[Value], int]] = []
    """For each parameter asked for so far: its values, and which of them is tried."""
    while True:
        asked = 0

        def choose(parameter: Parameter) -> Value:
            nonlocal asked
            if asked == len(way):
                way.append((parameter.domain.values(), 0))
            values, index = way[asked]
            asked += 1
            return values[index]

        yield configure(tree, choose)
        while way and way[-1][1] + 1 == len(way[-1][0]):
            way.pop()
        if not way:
            return
        values, index = way[-1]
        way[-1] = (values, index + 1)
