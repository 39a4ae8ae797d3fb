"""A user's own guess as a configuration: values of a file or a preset, those given beside it, and defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces import Problem, SpaceError, label, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from search_spaces import Configuration, SearchSpace, Value

INDEX = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True, kw_only=True)
class Base:
    """Values that a guess begins with."""

    name: str = ""
    """For errors: a file's name, or `--preset published`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    implied: Mapping[str, Value] = field(default_factory=dict)
    """What the file says of settings that it did not draw, for those that this study's space draws."""


def configuration_of(space: SearchSpace, given: Mapping[str, Any], base: Base) -> Configuration:
    """The base, then what is given, then defaults. What the given values make inactive in the base is left out.

    A name without its indices stands for all repetitions that there are. Raises SpaceError with all that does not fit
    the space, and the file or option that it stands in.
    """

    def option(name: str) -> tuple[str, str]:
        return f"--set {name}", ""

    start = _start(space, base, given).values
    spread = _spread(space, given)
    exact = {name: value for name, value in given.items() if name not in map(_bare, spread)}
    first = _checked(space, exact, start, option)
    active = {_bare(name) for name in spread if name in first.values}
    # Of a name that none has, all are tried, so that the error says what they need.
    repeated = {name: value for name, value in spread.items() if name in first.values or _bare(name) not in active}
    return _checked(space, {**repeated, **exact}, start, option)


def _start(space: SearchSpace, base: Base, given: Mapping[str, Any]) -> Configuration:
    """What the base comes to. What does not fit in it is passed over where another value is given."""

    def place(name: str) -> tuple[str, str]:
        return base.name, name

    domains = {parameter.name: parameter.domain for parameter in space.parameters()}

    def fits(name: str, value: object) -> bool:
        return name in domains and domains[name].contains(label(value))

    replaced = {name for name in {**base.values, **base.implied} if given.keys() & {name, _bare(name)}}
    values = {name: value for name, value in base.values.items() if name not in replaced or fits(name, value)}
    implied = {name: value for name, value in base.implied.items() if name not in base.values and fits(name, value)}
    start = _checked(space, values, implied, place)
    settled = {*replaced, *base.values, *implied}
    unfit = {name: base.implied[name] for name in start.values if name in base.implied and name not in settled}
    return _checked(space, {**unfit, **values}, implied, place)


def _spread(space: SearchSpace, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the parameters that are meant by names without indices."""
    names = [parameter.name for parameter in space.parameters()]
    return {name: given[_bare(name)] for name in names if _bare(name) != name and _bare(name) in given}


def _bare(name: str) -> str:
    return INDEX.sub("", name)


def _checked(
    space: SearchSpace, values: Mapping[str, Any], base: Mapping[str, Any], place: Callable[[str], tuple[str, str]]
) -> Configuration:
    """`place` says by name where a value stands: a source and a path."""
    written_out = space.outline().written_out
    wrong = {
        name: f"is not searched here: it is {shown(written_out[name])}. Got {shown(value)}"
        for name, value in values.items()
        if name in written_out and label(value) != written_out[name]
    }
    try:
        configuration = space.check_values({n: v for n, v in values.items() if n not in written_out}, base)
    except SpaceError as error:
        wrong |= {problem.path: problem.text for problem in error.problems}
    if wrong:
        raise SpaceError(_problem(*place(name), text) for name, text in wrong.items())
    return configuration


def _problem(source: str, path: str, text: str) -> Problem:
    return Problem(source=source, line=1, column=1, path=path, text=text)
