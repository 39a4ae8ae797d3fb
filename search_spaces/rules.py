"""What an argument of Keras takes, said as a rule and checked without Keras."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from search_spaces.problems import suggestion
from search_spaces.wording import any_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Rule(Protocol):
    """One argument's rule. Rules are intervals and sets: a range keeps one if both its ends do."""

    def complaint(self, value: object) -> str | None:
        """`must be ... Got ...`, or None where the value is right."""

    def plain(self, value: Any) -> Any:
        """The value as Keras wants it: 1 becomes 1.0 where Keras insists on a float."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a layer, an optimizer, or another thing that a space names."""

    rule: Rule
    required: bool
    default: Any
    """As plain JSON; None also where the argument is required."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a thing that a space names takes."""

    class_name: str
    """Of Keras: `Conv2D`. Empty where the thing is ours."""
    arguments: Mapping[str, Argument]


@dataclass(frozen=True, kw_only=True)
class WholeNumber:
    low: int
    also: tuple[int, ...] = ()
    """Single values below low that Keras gives a meaning of their own (-1 groups: one per channel)."""

    def complaint(self, value: object) -> str | None:
        if _is_int(value) and (value >= self.low or value in self.also):
            return None
        kind = {0: "a whole number, 0 or more", 1: "a positive whole number"}.get(self.low)
        return f"must be {kind or f'a whole number, {self.low} or more'}. Got {shown(value)}"

    def plain(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class Number:
    low: float | None = None
    above: float | None = None
    high: float | None = None
    below: float | None = None

    def complaint(self, value: object) -> str | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and self._inside(value):
            return None
        return f"must be {self._describe()}. Got {shown(value)}"

    def _inside(self, value: float) -> bool:
        return (
            abs(value) <= sys.float_info.max  # neither NaN nor infinite, nor too large to be made a float
            and (self.low is None or value >= self.low)
            and (self.above is None or value > self.above)
            and (self.high is None or value <= self.high)
            and (self.below is None or value < self.below)
        )

    def _describe(self) -> str:
        ends = (("at least", self.low), ("above", self.above), ("at most", self.high), ("below", self.below))
        return " ".join(["a number", " and ".join(f"{word} {end:g}" for word, end in ends if end is not None)]).strip()

    def plain(self, value: Any) -> Any:
        return float(value)


@dataclass(frozen=True, kw_only=True)
class Flag:
    def complaint(self, value: object) -> str | None:
        return None if isinstance(value, bool) else f"must be true or false. Got {shown(value)}"

    def plain(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class Name:
    noun: str
    """`an activation`"""
    names: tuple[str, ...]

    def complaint(self, value: object) -> str | None:
        if isinstance(value, str) and value in self.names:
            return None
        if len(self.names) <= 5:  # noqa: PLR2004 - few enough to read
            return f"must be {any_of(self.names)}. Got {shown(value)}"
        hint = suggestion(value, self.names) if isinstance(value, str) else ""
        return f"must be {self.noun}. Got {shown(value)}.{hint or ' Known: ' + ', '.join(self.names)}"

    def plain(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class NameOrObject:
    """A name alone, or one of some names with arguments of its own: `{leaky_relu: {negative_slope: 0.1}}`."""

    name: Name
    objects: Mapping[str, Signature]

    def complaint(self, value: object) -> str | None:
        if not isinstance(value, dict):
            return self.name.complaint(value)
        if len(value) != 1 or not isinstance(arguments := next(iter(value.values())), dict):
            return f"must be {self.name.noun}, or {{one: {{its arguments}}}}. Got {shown(value)}"
        return self._object_complaint(next(iter(value)), arguments)

    def _object_complaint(self, kind: object, arguments: Mapping[str, object]) -> str | None:
        if not isinstance(kind, str) or kind not in self.objects:
            return f"must be {any_of(list(self.objects))} to take arguments. Got {shown(kind)}"
        known = self.objects[kind].arguments
        for name, value in arguments.items():
            if name not in known:
                return f"must not hold '{shown(name)}': {kind} has no such argument. Got {shown(arguments)}"
            if complaint := known[name].rule.complaint(value):
                return f"must be right in {kind}.{name}, which {complaint}"
        return None

    def plain(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((kind, arguments),) = value.items()
        known = self.objects[kind].arguments
        return {kind: {name: known[name].rule.plain(each) for name, each in arguments.items()}}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One whole number for both directions, or [height, width]."""

    low: int

    def complaint(self, value: object) -> str | None:
        numbers = value if isinstance(value, list | tuple) else [value, value]
        if len(numbers) == 2 and all(_is_int(number) and number >= self.low for number in numbers):  # noqa: PLR2004
            return None
        return f"must be a whole number from {self.low}, or a pair such as [3, 5]. Got {shown(value)}"

    def plain(self, value: Any) -> Any:
        return fresh(value)


@dataclass(frozen=True, kw_only=True)
class Margins:
    """One number for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]."""

    def complaint(self, value: object) -> str | None:
        sides = value if isinstance(value, list | tuple) else [value, value]
        if len(sides) == 2 and any(  # noqa: PLR2004
            all(Pair(low=0).complaint(side) is None and isinstance(side, list | tuple) == nested for side in sides)
            for nested in (False, True)
        ):
            return None
        return (
            "must be a whole number from 0, a pair such as [1, 2], or [[top, bottom], [left, right]]. "
            f"Got {shown(value)}"
        )

    def plain(self, value: Any) -> Any:
        return fresh(value)


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Axes of an image: 1 is height, 2 width, 3 channels."""

    def complaint(self, value: object) -> str | None:
        if isinstance(value, list) and value and all(_is_int(axis) and 1 <= axis <= 3 for axis in value):  # noqa: PLR2004
            return None
        return f"must be a list of axes, 1 (height) to 3 (channels), such as [1, 2]. Got {shown(value)}"

    def plain(self, value: Any) -> Any:
        return fresh(value)


@dataclass(frozen=True, kw_only=True)
class OrNull:
    """The rule, or null: Keras's None."""

    rule: Rule

    def complaint(self, value: object) -> str | None:
        return None if value is None else self.rule.complaint(value)

    def plain(self, value: Any) -> Any:
        return None if value is None else self.rule.plain(value)


def rule_from(
    entry: Mapping[str, Any],
    names: Mapping[str, tuple[str, ...]],
    objects: Mapping[str, Mapping[str, Signature]],
) -> Rule:
    """The rule that an entry of the table stands for; `names` and `objects` are the table's lists of them."""
    rule = _bare_rule(entry, names)
    if isinstance(rule, Name) and (known := objects.get(entry["of"])):
        rule = NameOrObject(name=rule, objects=known)
    return OrNull(rule=rule) if entry.get("null") else rule


def _bare_rule(entry: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> Rule:
    rules: dict[str, Callable[[], Rule]] = {
        "int": lambda: WholeNumber(low=entry["low"], also=tuple(entry.get("also", ()))),
        "float": lambda: Number(**{end: entry[end] for end in ("low", "above", "high", "below") if end in entry}),
        "bool": Flag,
        "name": lambda: Name(noun=entry["noun"], names=names[entry["of"]]),
        "pair": lambda: Pair(low=entry["low"]),
        "margins": Margins,
        "axes": Axes,
    }
    return rules[entry["type"]]()


def fresh(value: Any) -> Any:
    """The value with lists of its own: a configuration must not share them with the space."""
    return [fresh(entry) for entry in value] if isinstance(value, list | tuple) else value


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
