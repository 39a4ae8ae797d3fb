"""How many configurations a space has: the same tree as the walk's, counted branch by branch instead of one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from typing import Any

from search_spaces.nodes import (
    Alternatives,
    Draw,
    Expression,
    Group,
    Index,
    LayerNode,
    Literal,
    Node,
    OptimizerNode,
    Optional,
    Reference,
    Repeat,
    TrainingNode,
    Tree,
)

Ways = Mapping[frozenset[str], int]
"""Number of draws by the set of variables used on the way: a variable is drawn once, and only where it is used."""

ONE_WAY: Ways = {frozenset(): 1}


class _Infinite(Exception):
    """A continuous range can be drawn."""


def size(tree: Tree) -> int | None:
    """Number of different draws, exactly; None where a continuous range makes it infinite."""
    try:
        return _size(tree)
    except _Infinite:
        return None


def _size(tree: Tree) -> int:
    # Variables that set a repeat or an optional block decide what else is drawn: count for each of their values.
    # A fixed variable that a draw does not use would count that draw once per value: weigh it back.
    deciding = [name for name in sorted(_deciding(tree.layers)) if isinstance(tree.variables[name], Draw)]
    total = Fraction(0)
    for fixed in _assignments(tree, deciding):
        for used, ways in _Counter(tree, fixed).all_ways().items():
            unused = prod(_domain_size(tree.variables[name]) for name in deciding if name not in used)
            free = prod(_domain_size(tree.variables[name]) for name in used if name not in fixed)
            total += Fraction(ways * free, unused)
    return int(total)


def _assignments(tree: Tree, names: list[str]) -> Iterator[dict[str, Any]]:
    draws = [tree.variables[name] for name in names]
    for values in itertools.product(*(draw.domain.values() for draw in draws if isinstance(draw, Draw))):
        yield dict(zip(names, values, strict=True))


def _domain_size(variable: Literal | Draw) -> int:
    if isinstance(variable, Literal):
        return 1
    size = variable.domain.size()
    if size is None:
        raise _Infinite
    return size


def _deciding(nodes: tuple[Node, ...]) -> set[str]:
    """Variables that decide how often something stands, or whether."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case LayerNode():
                pass
            case Group():
                found |= _deciding(node.body)
            case Repeat():
                found |= _variable(node.count) | _deciding(node.body)
            case Optional():
                found |= _variable(node.present) | _deciding(node.body)
            case Alternatives():
                found |= _deciding(tuple(node.options.values()))
    return found


def _variable(expression: Expression) -> set[str]:
    return {expression.variable} if isinstance(expression, Reference) else set()


class _Counter:
    """Counts with the deciding variables fixed."""

    def __init__(self, tree: Tree, fixed: Mapping[str, Any]) -> None:
        self.tree = tree
        self.fixed = fixed

    def all_ways(self) -> Ways:
        return _both(self._in_order(self.tree.layers), self._training(self.tree.training))

    def _in_order(self, nodes: tuple[Node, ...]) -> Ways:
        ways = ONE_WAY
        for node in nodes:
            ways = _both(ways, self._node(node))
        return ways

    def _node(self, node: Node) -> Ways:
        match node:
            case LayerNode():
                return self._all([setting.expression for setting in node.settings])
            case Group():
                return self._in_order(node.body)
            case Repeat():
                counts, used = self._deciders(node.count)
                return _both(used, _either([self._times(node.body, count) for count in counts]))
            case Optional():
                answers, used = self._deciders(node.present)
                return _both(used, _either([self._in_order(node.body) if yes else ONE_WAY for yes in answers]))
            case Alternatives():
                return _either([self._node(option) for option in node.options.values()])

    def _times(self, body: tuple[Node, ...], count: int) -> Ways:
        once, ways = self._in_order(body), ONE_WAY
        for _ in range(count):
            ways = _both(ways, once)
        return ways

    def _training(self, node: TrainingNode) -> Ways:
        plain = self._all([node.batch_size.expression, node.epochs.expression])
        return _both(plain, self._optimizer(node))

    def _optimizer(self, node: TrainingNode) -> Ways:
        if isinstance(node.optimizer, OptimizerNode):
            return self._all([setting.expression for setting in node.optimizer.settings])
        options = node.optimizer.options.values()
        return _either([self._all([setting.expression for setting in option.settings]) for option in options])

    def _all(self, expressions: list[Expression]) -> Ways:
        ways = ONE_WAY
        for expression in expressions:
            ways = _both(ways, self._value(expression))
        return ways

    def _value(self, expression: Expression) -> Ways:
        match expression:
            case Literal() | Index():
                return ONE_WAY
            case Draw():
                return {frozenset(): _domain_size(expression)}
            case Reference():
                return {frozenset({expression.variable}): 1}

    def _deciders(self, expression: Expression) -> tuple[list[Any], Ways]:
        """The values to count for, and the variable that they use."""
        match expression:
            case Literal():
                return [expression.value], ONE_WAY
            case Draw():
                return list(expression.domain.values()), ONE_WAY
            case Reference():
                variable = self.tree.variables[expression.variable]
                value = variable.value if isinstance(variable, Literal) else self.fixed[expression.variable]
                return [value], {frozenset({expression.variable}): 1}
            case Index():
                raise ValueError("$i decides no repeat and no optional block")


def _both(first: Ways, second: Ways) -> Ways:
    """Ways to do one and the other."""
    ways: dict[frozenset[str], int] = {}
    for (one, n_one), (other, n_other) in itertools.product(first.items(), second.items()):
        ways[one | other] = ways.get(one | other, 0) + n_one * n_other
    return ways


def _either(several: list[Ways]) -> Ways:
    """Ways to do just one of them."""
    ways: dict[frozenset[str], int] = {}
    for used, count in itertools.chain.from_iterable(entry.items() for entry in several):
        ways[used] = ways.get(used, 0) + count
    return ways
