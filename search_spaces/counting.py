"""How many configurations a space has: the same tree as the walk's, counted branch by branch instead of one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from search_spaces.expressions import evaluate
from search_spaces.nodes import (
    Alternatives,
    Around,
    Draw,
    Expression,
    Fork,
    Formula,
    Group,
    Index,
    Leaf,
    Literal,
    Node,
    Object,
    ObjectChoice,
    Optional,
    Reference,
    Repeat,
    Setting,
    TrainingNode,
    Tree,
)
from search_spaces.walk import reachable, written_out

if TYPE_CHECKING:
    from search_spaces.domains import Domain, Value
    from search_spaces.forbidding import Forbids

Ways = Mapping[frozenset[str], int]
"""Number of draws by the parameters on the way that are counted at the end: variables, which are drawn once and only
where they are used, and those that decide.
"""

ONE_WAY: Ways = {frozenset(): 1}

MOST_CASES = 2_000
"""Combinations of the parameters that rules name. Beyond them forbidden configurations are counted with the rest."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of a space."""

    configurations: int | None
    """Different draws; None where they are infinite, or more work to count than they are worth."""
    finite: bool = True
    """Whether no continuous range makes them infinite."""
    without_forbidden: bool = True
    """Whether forbidden ones are not among them. They are where the rules name too many parameters to look at."""


def size(tree: Tree, forbids: Forbids) -> Size:
    """Number of different draws, exactly."""
    domains = {each.parameter.name: each.parameter.domain for each in reachable(tree)}
    sizes = {name: domain.size() for name, domain in domains.items()}
    if None in sizes.values():
        return Size(configurations=None, finite=False)
    counted = {name: n or 0 for name, n in sizes.items()}
    structural = {f"variables.{name}" for name in _structural((*tree.layers, *tree.training.augmentation))}
    if prod(counted.get(name, 1) for name in structural) > MOST_CASES:
        return Size(configurations=None)
    settings = written_out(tree)
    there = {*counted, *settings}
    ruled = {name for name in forbids.parameters() if name in there or tree.fixed_value(name) is not None}
    feasible = prod(counted.get(name, 1) for name in ruled | structural) <= MOST_CASES
    deciding = sorted(structural | (ruled if feasible else set()))
    total = Fraction(0)
    for case in _cases(tree, deciding, domains, settings):
        for used, ways in _Counter(tree, case).all_ways().items():
            if feasible and forbids.broken({name: case[name] for name in used if name in case}):
                continue
            # A deciding parameter that a draw does not use would count that draw once per value: weigh it back.
            unused = prod(counted.get(name, 1) for name in deciding if name not in used)
            free = prod(counted.get(name, 1) for name in used if name not in case)
            total += Fraction(ways * free, unused)
    return Size(configurations=int(total), without_forbidden=feasible)


def _cases(
    tree: Tree, deciding: Sequence[str], domains: Mapping[str, Domain], settings: Mapping[str, Value]
) -> Iterator[dict[str, Value]]:
    """Every combination of values of the deciding parameters."""
    columns: dict[str, Sequence[Value]] = {}
    for name in deciding:
        fixed = tree.fixed_value(name)
        if fixed is not None:
            columns[name] = [fixed]
        elif name in domains:
            columns[name] = domains[name].values()
        elif name in settings:
            columns[name] = [settings[name]]
    for values in itertools.product(*columns.values()):
        yield dict(zip(columns, values, strict=True))


def _structural(nodes: Sequence[Node]) -> set[str]:
    """Variables that decide how often something stands, or whether."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case Leaf():
                pass
            case Group():
                found |= _structural(node.body)
            case Repeat():
                found |= _variables(node.count) | _structural(node.body)
            case Optional():
                found |= _variables(node.present) | _structural(node.body)
            case Alternatives():
                found |= _structural(tuple(node.options.values()))
            case Around():
                found |= _structural((*node.body, *(node.shortcut or ())))
            case Fork():
                found |= _structural(node.branches)
    return found


def _variables(expression: Expression) -> set[str]:
    match expression:
        case Reference():
            return {expression.variable}
        case Formula():
            return set(expression.variables)
        case _:
            return set()


class _Counter:
    """Counts with the values of the deciding parameters given."""

    def __init__(self, tree: Tree, case: Mapping[str, Value]) -> None:
        self.tree = tree
        self.case = case

    def all_ways(self) -> Ways:
        return _both(self._in_order(self.tree.layers, ""), self._training(self.tree.training))

    # --- layers ---

    def _in_order(self, nodes: Sequence[Node], prefix: str) -> Ways:
        ways = ONE_WAY
        for node in nodes:
            ways = _both(ways, self._node(node, f"{prefix}.{node.name}" if prefix else node.name))
        return ways

    def _node(self, node: Node, path: str) -> Ways:
        match node:
            case Leaf():
                return self._settings(node.settings, path)
            case Group():
                return self._in_order(node.body, path)
            case Repeat():
                counts, used = self._decider(node.count, f"{path}.repeat")
                return _both(used, _either(self._times(node.body, path, counts)))
            case Optional():
                answers, used = self._decider(node.present, f"{path}.optional")
                return _both(used, _either([self._in_order(node.body, path) if yes else ONE_WAY for yes in answers]))
            case Alternatives():
                return self._alternatives(node, path)
            case Around():
                way = self._in_order(node.shortcut or (), f"{path}.shortcut")
                return _both(self._in_order(node.body, path), way)
            case Fork():
                return _both(self._in_order(node.branches, path), self._settings((node.merge,), path))

    def _times(self, body: Sequence[Node], path: str, counts: Sequence[int]) -> list[Ways]:
        """For each of the counts, the ways to draw the body as often."""
        ways, found = ONE_WAY, {0: ONE_WAY}
        for index in range(max(counts, default=0)):
            ways = _both(ways, self._in_order(body, f"{path}[{index}]"))
            found[index + 1] = ways
        return [found[count] for count in counts]

    def _alternatives(self, node: Alternatives, path: str) -> Ways:
        options, used = self._decider(node.draw, path)
        return _both(used, _either([self._in_order((node.options[option],), path) for option in options]))

    # --- training ---

    def _training(self, node: TrainingNode) -> Ways:
        path = "training"
        ways = self._settings((node.batch_size, node.epochs, *node.settings), path)
        ways = _both(ways, self._part(node.optimizer, f"{path}.optimizer"))
        for name, part in node.parts.items():
            ways = _both(ways, self._part(part, f"{path}.{name}"))
        ways = _both(ways, self._settings(node.early_stopping, f"{path}.early_stopping"))
        return _both(ways, self._in_order(node.augmentation, f"{path}.augmentation"))

    def _part(self, node: Leaf | Alternatives, path: str) -> Ways:
        if isinstance(node, Leaf):
            return _both(self._written_out(path), self._in_order((node,), path))
        return self._alternatives(node, path)

    # --- values ---

    def _settings(self, settings: Sequence[Setting], path: str) -> Ways:
        ways = ONE_WAY
        for setting in settings:
            ways = _both(ways, self._value(setting.expression, f"{path}.{setting.name}"))
        return ways

    def _value(self, expression: Expression, name: str) -> Ways:
        match expression:
            case Literal():
                return self._written_out(name)
            case Index():
                return ONE_WAY
            case Draw():
                return self._ways(expression, name)
            case Reference() | Formula():
                return self._used(_variables(expression))
            case Object():
                return self._settings(expression.settings, f"{name}.{expression.name}")
            case ObjectChoice():
                options, used = self._decider(expression.draw, name)
                return _both(used, _either([self._value(expression.options[option], name) for option in options]))

    def _ways(self, draw: Draw, name: str) -> Ways:
        """Ways to draw any of its values."""
        if name in self.case:
            return {frozenset({name}): 1}
        return ONE_WAY if self.tree.fixed_value(name) is not None else {frozenset(): draw.domain.size() or 0}

    def _written_out(self, name: str) -> Ways:
        return {frozenset({name}): 1} if name in self.case else ONE_WAY

    def _used(self, variables: set[str]) -> Ways:
        drawn = [name for name in variables if isinstance(self.tree.variables.get(name), Draw)]  # else an index
        return {frozenset(f"variables.{name}" for name in drawn): 1}

    def _decider(self, expression: Expression, name: str) -> tuple[Sequence[Any], Ways]:
        """The values to count one by one, and what is used to come by them."""
        match expression:
            case Literal():
                return [expression.value], self._written_out(name)
            case Draw():
                one = self.case.get(name, self.tree.fixed_value(name))
                values = expression.domain.values() if one is None else [one]
                return [expression.meaning(value) for value in values], self._written_out(name)
            case Reference():
                return [self._variable(expression.variable)], self._used({expression.variable})
            case Formula():
                named = {each: self._variable(each) for each in expression.variables}
                return [evaluate(expression.expression, named)], self._used(set(expression.variables))
            case _:
                raise ValueError("neither $i nor an object decides a repeat or an optional block")

    def _variable(self, name: str) -> Any:
        variable = self.tree.variables[name]
        return variable.value if isinstance(variable, Literal) else variable.meaning(self.case[f"variables.{name}"])


def _both(first: Ways, second: Ways) -> Ways:
    """Ways to do one and the other."""
    ways: dict[frozenset[str], int] = {}
    for (one, n_one), (other, n_other) in itertools.product(first.items(), second.items()):
        ways[one | other] = ways.get(one | other, 0) + n_one * n_other
    return ways


def _either(several: Sequence[Ways]) -> Ways:
    """Ways to do just one of them."""
    ways: dict[frozenset[str], int] = {}
    for used, count in itertools.chain.from_iterable(entry.items() for entry in several):
        ways[used] = ways.get(used, 0) + count
    return ways
