"""When each parameter of a space is active, as conditions on the parameters before it: found by walking the space.

KerasTuner knows one kind of condition, "all of these parents have one of these values". Most parameters fit it. One
that does not, such as a variable that two unrelated blocks use, is called always active, which is never wrong: it is
drawn then even where nothing uses it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces import Bool, Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_spaces import Chooser, Configuration, Parameter, SearchSpace, Value

N_RANDOM = 200
"""Walks beyond those that change one value at a time. They find what two values decide together."""

MOST_VALUES = 1_000
"""Of a range that decides what is active. A longer one is no condition."""

ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A parameter, and what must hold for it to be asked for."""

    parameter: Parameter
    conditions: Mapping[str, tuple[Value, ...]]
    """Parent -> its values. All parents must be active with one of them."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One configuration and the parameters that it was asked for."""

    parameters: Mapping[str, Parameter]
    configuration: Configuration

    @property
    def values(self) -> Mapping[str, Value]:
        return self.configuration.values


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Walks that differ in one parameter's value, and in what this value decides."""

    parameter: Parameter
    walks: Sequence[Walk]
    """All values where they decide what is active; the ends of a range where they do not."""

    def decides(self, name: str) -> bool:
        return len({name in walk.values for walk in self.walks}) > 1


@dataclass(frozen=True, kw_only=True)
class Exploration:
    probes: Sequence[Probe]
    """Each parameter is active in some, and each option of a choice chosen in some."""
    walks: Sequence[Walk]
    """Theirs, and some at random."""


def explore(space: SearchSpace) -> Exploration:
    """What is seen of the space from configurations that between them have every parameter."""
    probes: list[Probe] = []
    walks: list[Walk] = []
    covered: set[str] = set()
    base: Mapping[str, Value] = {}
    while True:
        walk = _walk(space, _answering(base))
        around = [_probe(space, walk, parameter) for parameter in walk.parameters.values()]
        probes += around
        walks += [walk, *(each for probe in around for each in probe.walks)]
        covered |= walk.values.keys()
        newest = max(walks, key=lambda walk: len(walk.values.keys() - covered))
        if newest.values.keys() <= covered:
            break
        base = newest.values
    rng = random.Random(0)
    walks += [_walk(space, lambda parameter: parameter.domain.sample(rng)) for _ in range(N_RANDOM)]
    return Exploration(probes=probes, walks=walks)


def activities(space: SearchSpace, seen: Exploration) -> tuple[Activity, ...]:
    """Every parameter of the space, in file order, so that parents come before what hangs on them."""
    return tuple(Activity(parameter=each, conditions=_conditions(each.name, seen)) for each in space.parameters())


def _probe(space: SearchSpace, walk: Walk, parameter: Parameter) -> Probe:
    def walked(values: Iterable[Value]) -> list[Walk]:
        return [_walk(space, _answering({**walk.values, parameter.name: value})) for value in values]

    ends = _ends(parameter)
    walks = [walk, *walked(ends)]
    # The values between the ends of a range are worth a walk each only where they decide what is active.
    if len({frozenset(each.values) for each in walks}) > 1:
        walks += walked(value for value in _all(parameter) if value not in ends)
    return Probe(parameter=parameter, walks=walks)


def _conditions(name: str, seen: Exploration) -> Mapping[str, tuple[Value, ...]]:
    having = [walk for walk in seen.walks if name in walk.values]
    conditions: dict[str, tuple[Value, ...]] = {}
    for parent in {probe.parameter.name: probe.parameter for probe in seen.probes if probe.decides(name)}.values():
        met = {walk.values.get(parent.name, ABSENT) for walk in having}
        if met < set(_all(parent)):
            conditions[parent.name] = tuple(value for value in _all(parent) if value in met)
    # Where the conditions hold and the parameter is not there, they are not what decides, and might be too narrow.
    without = [walk for walk in seen.walks if name not in walk.values]
    return {} if any(_hold(conditions, walk) for walk in without) else conditions


def _hold(conditions: Mapping[str, tuple[Value, ...]], walk: Walk) -> bool:
    return all(walk.values.get(parent, ABSENT) in values for parent, values in conditions.items())


def _ends(parameter: Parameter) -> Sequence[Value]:
    match parameter.domain:
        case Choice() | Bool():
            return parameter.domain.values()
        case domain:
            return (domain.low, domain.high)


def _all(parameter: Parameter) -> Sequence[Value]:
    size = parameter.domain.size()
    return parameter.domain.values() if size is not None and size <= MOST_VALUES else ()


def _answering(wanted: Mapping[str, Value]) -> Chooser:
    return lambda parameter: wanted.get(parameter.name, parameter.default)


def _walk(space: SearchSpace, choose: Chooser) -> Walk:
    asked: dict[str, Parameter] = {}

    def noting(parameter: Parameter) -> Value:
        asked[parameter.name] = parameter
        return choose(parameter)

    return Walk(configuration=space.configure(noting), parameters=asked)
