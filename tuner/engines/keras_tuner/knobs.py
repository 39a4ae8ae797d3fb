"""Parameters as KerasTuner's hyperparameters, and their values back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras_tuner

from search_spaces import Bool, Choice, Domain, Float, Int, Parameter, Value
from tuner.trial import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuner.engines.keras_tuner.activity import Activity


def declared(activities: Iterable[Activity]) -> keras_tuner.HyperParameters:
    """All of them with their conditions, in the form in which KerasTuner keeps a space.

    `conditional_scope` makes the same conditions, but only of parents that hang on each other, and KerasTuner builds a
    model for each scope that it meets before it searches.
    """
    domains: dict[str, Domain] = {}
    space = []
    for each in activities:
        domains[each.parameter.name] = each.parameter.domain
        kind, arguments = _declared(each.parameter)
        conditions = [
            {"class_name": "Parent", "config": {"name": parent, "values": _offers(domains[parent], values)}}
            for parent, values in each.conditions.items()
        ]
        config = {"name": each.parameter.name, "conditions": conditions, **arguments}
        space.append({"class_name": kind, "config": config})
    return keras_tuner.HyperParameters.from_config({"space": space, "values": {}})


def read(parameter: Parameter, offer: Any) -> Value:
    """The value of the domain that KerasTuner's value stands for."""
    if (table := _table(parameter.domain)) is not None:
        return table[offer]
    if isinstance(parameter.domain, Int):
        # Its Gaussian process can propose one more than the most of a range that has no step.
        return parameter.domain.accept(min(offer, parameter.domain.high))
    return parameter.domain.accept(offer)


def offer(parameter: Parameter, value: Value) -> Any:
    """KerasTuner's value for a trial's value: `read` backwards."""
    table = _table(parameter.domain)
    return value if table is None else next(each for each, meant in table.items() if plain(meant) == value)


def _declared(parameter: Parameter) -> tuple[str, dict[str, Any]]:
    """KerasTuner's name of the kind, and its arguments."""
    if (table := _table(parameter.domain)) is not None:
        (default,) = _offers(parameter.domain, (parameter.default,))
        return "Choice", {"values": list(table), "default": default}
    arguments: dict[str, Any] = {"default": parameter.default}
    match parameter.domain:
        case Bool():
            return "Boolean", arguments
        case Int(low=low, high=high, log=log, step=step):
            # A step of a range that is log would multiply.
            return "Int", {
                "min_value": low,
                "max_value": high,
                "step": None if log else step,
                **arguments,
                **_scale(log),
            }
        case Float(low=low, high=high, log=log):
            return "Float", {"min_value": low, "max_value": high, **arguments, **_scale(log)}
    raise AssertionError(parameter)


def _scale(log: bool) -> dict[str, str]:
    return {"sampling": "log" if log else "linear"}


def _table(domain: Domain) -> Mapping[Any, Value] | None:
    """What KerasTuner offers -> the value meant, where it is offered one by one; None where it knows the range.

    Its choices hold values of one type. A stepped float is a choice, since its own loses the highest by rounding.
    """
    match domain:
        case Choice(options=options):
            types = {type(option) for option in options}
            if types == {int, float}:
                return {float(option): option for option in options}
            if len(types) == 1 and bool not in types:
                return {option: option for option in options}
            return {repr(option): option for option in options}
        case Float() if domain.size() is not None:
            return {value: value for value in domain.values()}
        case _:
            return None


def _offers(domain: Domain, values: tuple[Value, ...]) -> list[Any]:
    table = _table(domain)
    return list(values) if table is None else [offer for offer, value in table.items() if value in values]
