"""Partial values filled up to a configuration, and everything that can be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from search_spaces.domains import Choice, Domain, Parameter, Value
from search_spaces.problems import START, Place, suggestion
from search_spaces.walk import Reachable, configure, reachable
from search_spaces.wording import flow, label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.configuration import Configuration
    from search_spaces.nodes import Tree


NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One value that cannot be used."""

    parameter: str
    text: str
    place: Place
    """Where the parameter stands in the file; the file's start where there is no such parameter."""


def fill_in(
    tree: Tree, values: Mapping[str, object], base: Mapping[str, Value] = NOTHING
) -> tuple[Configuration, tuple[Mistake, ...]]:
    """The configuration with the values that can be used, and for the rest those of `base`, or defaults. And what is
    wrong with the values that cannot be used.
    """
    known = {entry.parameter.name: entry for entry in reachable(tree)}
    mistakes, usable = [], {}
    for name, value in values.items():
        if (fixed := tree.fixed_value(name)) is not None:
            if label(value) != fixed:
                text = f"is fixed to {flow(fixed)}. Got {flow(value)}"
                mistakes.append(Mistake(parameter=name, text=text, place=START))
            continue
        if name not in known:
            mistakes.append(Mistake(parameter=name, text=f"no such parameter.{suggestion(name, known)}", place=START))
            continue
        try:
            usable[name] = accept(known[name].parameter.domain, value)
        except ValueError as error:
            mistakes.append(Mistake(parameter=name, text=str(error), place=known[name].place))

    def choose(parameter: Parameter) -> Value:
        return usable.get(parameter.name, base.get(parameter.name, parameter.default))

    configuration = configure(tree, choose)
    mistakes += [_idle(known[name]) for name in usable if name not in configuration.values]
    return configuration, tuple(mistakes)


def accept(domain: Domain, value: object) -> Value:
    """The value as the domain writes it; lists and null, as a file has them, by their labels. ValueError otherwise."""
    return domain.accept(label(value) if isinstance(domain, Choice) else value)


def _idle(entry: Reachable) -> Mistake:
    reason = " and ".join(entry.needs) or "something else uses it"
    text = f"has no effect here: it is used where {reason}"
    return Mistake(parameter=entry.parameter.name, text=text, place=entry.place)
