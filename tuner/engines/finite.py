"""Domains that cannot be listed, for algorithms that go through all configurations of a space."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from search_spaces import Float, Int

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search_spaces import Parameter, Problem, SearchSpace


def unlistable(space: SearchSpace, who: str, most: int) -> Iterator[Problem]:
    """One problem, with its line and what to type, for each setting that is continuous or has more than `most` values.

    What stands in a repeat is one setting. `who` cannot do with them: `brute-force`.
    """
    found = {_without_indices(each.name): each for each in space.parameters() if not _can_be_listed(each, most)}
    for name, parameter in found.items():
        text = f"{who} needs finite domains: give it a step or choices, e.g. --set '{name}={_three(parameter)}'"
        yield space.problem(name, text)


def _without_indices(name: str) -> str:
    return re.sub(r"\[[0-9]+\]", "", name)


def _can_be_listed(parameter: Parameter, most: int) -> bool:
    if isinstance(parameter.domain, Float) and parameter.domain.step is None:
        return False
    size = parameter.domain.size()
    return size is not None and size <= most


def _three(parameter: Parameter) -> str:
    """Three values of a range, as choices: its ends and what is usual."""
    domain = parameter.domain
    assert isinstance(domain, Float | Int)
    low, high = float(domain.low), float(domain.high)
    usual = parameter.default if low < float(parameter.default) < high else domain.middle()
    return f"{{choice: [{', '.join(dict.fromkeys(f'{value:g}' for value in (low, float(usual), high)))}]}}"
