"""What one parameter may be: its domain, its default, and how values are checked, counted and drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from search_spaces.wording import any_of, shown

if TYPE_CHECKING:
    import random

Value = bool | int | float | str
"""A drawn value. A choice between subtrees is drawn by its key; a list or null in a choice by its label."""

LARGEST_GRID = 1_000_000
"""Steps that a stepped range may have: more is a slip of the pen, and would be listed in memory."""
LARGEST_INT = 2**53
"""Whole numbers beyond it do not survive a trip through a float, which is how samplers hold them."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of a few values. `relu`, `[3, 5]` and `null` stand side by side; the last two as labels."""

    options: tuple[Value, ...]
    """At least one, no two of them equal."""

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError("a choice needs at least one option. Got none")
        for index, option in enumerate(self.options):
            if isinstance(option, float) and not math.isfinite(option):
                raise ValueError(f"options must be finite. Got {option}")
            # 1, 1.0 and true are equal in Python, and so to every sampler that looks an option up.
            if option in self.options[:index]:
                raise ValueError(f"options must differ. Got {shown(option)} twice")

    def accept(self, value: object) -> Value:
        """The option that the value equals; ValueError where it equals none."""
        for option in self.options:
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return option
        if isinstance(value, float):  # as with ranges: a trial keeps twelve digits, a file may have more
            for option in self.options:
                if isinstance(option, float) and math.isclose(option, value, rel_tol=1e-9):
                    return option
        raise ValueError(f"must be {self.describe()}. Got {shown(value)}")

    def contains(self, value: object) -> bool:
        return _accepts(self, value)

    def size(self) -> int | None:
        return len(self.options)

    def values(self) -> Sequence[Value]:
        return self.options

    def sample(self, rng: random.Random) -> Value:
        return rng.choice(self.options)

    def middle(self) -> Value:
        """The first option: whoever writes a choice puts the usual value first."""
        return self.options[0]

    def describe(self) -> str:
        return any_of([shown(option) for option in self.options])


@dataclass(frozen=True, kw_only=True)
class Bool:
    """True or false."""

    def accept(self, value: object) -> bool:
        """The value; ValueError where it is neither true nor false."""
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false. Got {shown(value)}")  # noqa: TRY004 - a value, not a type, to its callers
        return value

    def contains(self, value: object) -> bool:
        return _accepts(self, value)

    def size(self) -> int | None:
        return 2

    def values(self) -> Sequence[Value]:
        return (False, True)

    def sample(self, rng: random.Random) -> Value:
        return rng.random() < 0.5  # noqa: PLR2004 - a fair coin

    def middle(self) -> Value:
        """False: an option is off until somebody asks for it."""
        return False

    def describe(self) -> str:
        return "true or false"


@dataclass(frozen=True, kw_only=True)
class Int:
    """A whole number between two ends, both included."""

    low: int
    high: int
    log: bool = False
    """Drawn evenly over orders of magnitude."""
    step: int = 1
    """Distance between neighbours, counted from low; high is one of them."""

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, log=self.log)
        if max(abs(self.low), abs(self.high)) > LARGEST_INT:
            raise ValueError(f"whole numbers must stay within 2**53. Got {self.low} and {self.high}")
        if not self.step > 0:
            raise ValueError(f"step must be positive. Got {self.step}")
        if self.log and self.step != 1:
            raise ValueError(f"log and step exclude each other. Got step {self.step} with log")
        if (self.high - self.low) % self.step:
            raise ValueError(f"step must divide the range. Got {self.low} to {self.high} in steps of {self.step}")

    def accept(self, value: object) -> int:
        """The value; ValueError where it is no whole number of the range."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number, {self.describe()}. Got {shown(value)}")  # noqa: TRY004 - see Bool
        if value not in self.values():
            raise ValueError(f"must be {self.describe()}. Got {value}")
        return value

    def contains(self, value: object) -> bool:
        return _accepts(self, value)

    def size(self) -> int | None:
        return len(self.values())

    def values(self) -> Sequence[int]:
        return range(self.low, self.high + 1, self.step)

    def sample(self, rng: random.Random) -> Value:
        if not self.log:
            return rng.choice(self.values())
        # Half a unit at both ends gives the ends the same share as their neighbours, as Optuna does.
        drawn = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(drawn), self.low), self.high)

    def middle(self) -> Value:
        """The middle of the range (geometric if log), as in ConfigSpace: the ends are where networks fail."""
        if self.log:
            return min(max(round(math.sqrt(self.low * self.high)), self.low), self.high)
        return self.values()[(len(self.values()) - 1) // 2]

    def describe(self) -> str:
        return _range_text(self.low, self.high, log=self.log, step=None if self.step == 1 else self.step)


@dataclass(frozen=True, kw_only=True)
class Float:
    """A number between two ends, both included."""

    low: float
    high: float
    log: bool = False
    """Drawn evenly over orders of magnitude."""
    step: float | None = None
    """Distance between neighbours, counted from low; high is one of them. None is continuous."""

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, log=self.log)
        if self.step is None:
            return
        if not (math.isfinite(self.step) and self.step > 0):
            raise ValueError(f"step must be positive. Got {self.step:g}")
        if self.log:
            raise ValueError(f"log and step exclude each other. Got step {self.step:g} with log")
        if (self.high - self.low) / self.step > LARGEST_GRID:
            raise ValueError(f"a range has at most {LARGEST_GRID:,} steps. Got steps of {self.step:g}")
        # In decimals as written: 0.5 is not a whole number of binary 0.05s.
        if (_exact(self.high) - _exact(self.low)) % _exact(self.step):
            raise ValueError(f"step must divide the range. Got {self.low:g} to {self.high:g} in steps of {self.step:g}")

    def accept(self, value: object) -> float:
        """The value as the range writes it: the nearest step, the nearer end where only rounding is between.

        Samplers add steps in binary and meet 0.15000000000000002; a file says 0.15. Raises ValueError elsewhere.
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"must be a number, {self.describe()}. Got {shown(value)}")  # noqa: TRY004 - see Bool
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not (self.low - slack <= value <= self.high + slack):
            raise ValueError(f"must be {self.describe()}. Got {shown(value)}")
        nearest = min(max(float(value), self.low), self.high) if self.step is None else self._nearest_step(value)
        if not abs(nearest - value) <= slack:
            raise ValueError(f"must be {self.describe()}. Got {shown(value)}")
        return nearest

    def _nearest_step(self, value: float) -> float:
        step = _exact(self.step or 1.0)
        return float(_exact(self.low) + step * round((_exact(value) - _exact(self.low)) / step))

    def contains(self, value: object) -> bool:
        return _accepts(self, value)

    def size(self) -> int | None:
        if self.low == self.high:
            return 1
        return None if self.step is None else len(self.values())

    def values(self) -> Sequence[float]:
        """Every value, rising. ValueError where they cannot be counted."""
        if self.low == self.high:
            return (self.low,)
        if self.step is None:
            raise ValueError(f"a continuous range has no list of values. Got {self.describe()}")
        low, step = _exact(self.low), _exact(self.step)
        return tuple(float(low + step * index) for index in range(int((_exact(self.high) - low) / step) + 1))

    def sample(self, rng: random.Random) -> Value:
        if self.step is not None:
            return rng.choice(self.values())
        if self.log:
            drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
            return min(max(drawn, self.low), self.high)
        return rng.uniform(self.low, self.high)

    def middle(self) -> Value:
        """The middle of the range (geometric if log) to three digits, as in ConfigSpace."""
        if self.size() is not None:
            return self.values()[(len(self.values()) - 1) // 2]
        middle = math.sqrt(self.low) * math.sqrt(self.high) if self.log else self.low + (self.high - self.low) / 2
        return min(max(float(f"{middle:.3g}"), self.low), self.high)

    def describe(self) -> str:
        return _range_text(self.low, self.high, log=self.log, step=self.step)


Domain = Choice | Int | Float | Bool


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One knob."""

    name: str
    """Dotted: `conv[2].conv2d.filters`, `training.optimizer.sgd.momentum`, `variables.act`."""
    domain: Domain
    default: Value
    """Lies in the domain."""


Chooser = Callable[[Parameter], Value]
"""Called once for each active parameter, in the order of the walk. Answers with a value of its domain."""


def _accepts(domain: Domain, value: object) -> bool:
    try:
        domain.accept(value)
    except ValueError:
        return False
    return True


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _check_range(low: float, high: float, *, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"both ends must be finite. Got {low} and {high}")
    if not low <= high:
        raise ValueError(f"low must not exceed high. Got {low} and {high}")
    if not math.isfinite(high - low):
        raise ValueError(f"the range is too wide. Got {low} and {high}")
    if log and not low > 0:
        raise ValueError(f"log needs a low above 0. Got {low}")


def _range_text(low: float, high: float, *, log: bool, step: float | None) -> str:
    suffix = ", log" if log else f", step {step}" if step is not None else ""
    return f"{low} to {high}{suffix}"
