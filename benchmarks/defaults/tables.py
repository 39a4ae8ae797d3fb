"""Recorded trainings of a library space as a problem. Each configuration of the table can be drawn once.

What is drawn at random takes the next of the table in an order of its own; what a model proposes takes the nearest
that is left, and the model is told of that one.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.defaults.problem import Curve
from search_spaces import Float, Int, SearchSpace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from search_spaces import Domain, Value


class Table:
    def __init__(self, path: Path, *, limit: int | None = None) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        self.facts = json.loads(lines[0])
        self.rows = [json.loads(line) for line in lines[1:]]
        self.name = self.facts["space"]
        self.space = SearchSpace.load(self.name)
        whole = [row for row in self.rows if (row["part"], row["seed"]) == (1, 0)]
        self.epochs = max(len(row["curve"]) for row in whole)
        self.curves = [_curve(number, row, self.epochs) for number, row in enumerate(whole)][:limit]
        self.held_out = [(row["held_out"] or 0) / 1e4 for row in whole]
        self.presets = [row["values"] for row in whole if not row["name"].startswith("draw ")]
        drawn = self.curves[len(self.presets) :]
        self.reference = np.sort([max(curve.scores, default=0.0) for curve in drawn])
        self.cost = float(np.median([curve.start + sum(curve.seconds) for curve in drawn]))
        self._domains = {parameter.name: parameter.domain for parameter in self.space.parameters()}
        self._left: list[int] = []

    def begin(self, seed: int) -> None:
        self._left = list(range(len(self.curves)))
        random.Random(seed).shuffle(self._left)

    def curve(self, values: Mapping[str, Value], *, at_random: bool) -> Curve | None:
        if not self._left:
            return None
        chosen = self._left[0] if at_random else min(self._left, key=lambda each: self._distance(values, each))
        self._left.remove(chosen)
        return self.curves[chosen]

    def _distance(self, values: Mapping[str, Value], key: int) -> float:
        """Gower's: the mean over all parameters of how far they lie apart in their ranges. One that the other has not
        is as far as can be.
        """
        other = self.curves[key].values
        names = {*values, *other}
        apart = [_apart(self._domains[name], values.get(name), other.get(name)) for name in names]
        return sum(apart) / len(apart)


def _apart(domain: Domain, one: Any, two: Any) -> float:
    if one is None or two is None or not isinstance(domain, Int | Float):
        return float(one != two)
    scale = np.log if domain.log else float
    width = scale(domain.high) - scale(domain.low)
    return abs(float(scale(one) - scale(two))) / float(width) if width else 0.0


def _curve(key: int, row: Mapping[str, Any], epochs: int) -> Curve:
    """Its epochs at their median cost: single ones were disturbed by what else the machine did."""
    seconds = [each / 1e3 for each in row["milliseconds"]]
    usual = float(np.median(seconds)) if seconds else 0.0
    return Curve(
        key=key,
        values=row["values"],
        scores=[each / 1e4 for each in row["curve"]],
        seconds=[usual] * len(seconds),
        start=max(seconds[0] - usual, 0.0) if seconds else 1.0,
        failed=len(seconds) < epochs,
    )
