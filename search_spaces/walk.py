"""The one walk over a space: only here is known what nesting, repeats and conditions mean for a configuration."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import Component, Configuration, Layer, Training
from search_spaces.domains import Chooser, Parameter, Value
from search_spaces.extent import extent
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
    Setting,
    TrainingNode,
    Tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from search_spaces.problems import Place

TAKEN_NAMES = frozenset({"input", "input_layer", "rescaling", "output"})
"""Names of Keras layers that whoever builds the model adds before and after ours."""


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """A parameter that some configuration has."""

    parameter: Parameter
    needs: tuple[str, ...]
    """What must hold for it to be active: `training.optimizer is sgd`. Empty: always active."""
    place: Place


def configure(tree: Tree, choose: Chooser) -> Configuration:
    """The configuration that the chooser's answers make. ValueError where one lies outside its domain."""

    def one(parameter: Parameter) -> tuple[Value, ...]:
        value = choose(parameter)
        try:
            return (parameter.domain.accept(value),)
        except ValueError as error:
            raise ValueError(f"{parameter.name}: {error}") from None

    walk = _Walk(tree=tree, branches=lambda parameter, _: one(parameter))
    layers = walk.layers()
    return Configuration(layers=layers, training=walk.training(), values=walk.values)


def reachable(tree: Tree) -> tuple[Reachable, ...]:
    """Every parameter that can become active, in file order: repeats at their longest, all branches."""

    def all_of_them(parameter: Parameter, structural: bool) -> tuple[Value, ...]:
        if not structural:
            return (parameter.default,)
        values = parameter.domain.values()
        return (max(values),) if all(isinstance(value, int) for value in values) else tuple(values)

    walk = _Walk(tree=tree, branches=all_of_them, draws_variables_once=False)
    walk.layers()
    walk.training()
    return tuple(walk.seen.values())


@dataclass(kw_only=True)
class _Walk:
    """One pass over the tree, and what it has met so far."""

    tree: Tree
    branches: Callable[[Parameter, bool], tuple[Value, ...]]
    """Values to follow for a parameter. A configuration follows one, the list of all parameters several."""
    draws_variables_once: bool = True
    values: dict[str, Value] = field(default_factory=dict)
    seen: dict[str, Reachable] = field(default_factory=dict)
    variables: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    placed: list[Layer] = field(default_factory=list)
    names: set[str] = field(default_factory=lambda: set(TAKEN_NAMES))

    def layers(self) -> tuple[Layer, ...]:
        self._place_all(self.tree.layers, "")
        return tuple(self.placed)

    def training(self) -> Training:
        node = self.tree.training
        return Training(
            optimizer=self._optimizer(node),
            batch_size=self._setting(node.batch_size, "training"),
            epochs=self._setting(node.epochs, "training"),
        )

    # --- layers ---

    def _place_all(self, nodes: tuple[Node, ...], prefix: str) -> None:
        for node in nodes:
            self._place(node, f"{prefix}.{node.name}" if prefix else node.name)

    def _place(self, node: Node, path: str) -> None:
        match node:
            case LayerNode():
                arguments = {setting.name: self._setting(setting, path) for setting in node.settings}
                self.placed.append(Layer(kind=node.kind, name=self._unique(path), path=path, arguments=arguments))
            case Group():
                self._place_all(node.body, path)
            case Repeat():
                self._repeat(node, path)
            case Optional():
                self._optional(node, path)
            case Alternatives():
                for option in self._values(node.draw, path, structural=True):
                    with self._where(node.draw, path, f"is {option}"):
                        self._place(node.options[option], f"{path}.{option}")

    def _repeat(self, node: Repeat, path: str) -> None:
        name = f"{path}.repeat"
        least = min(extent(node.count, self.tree.variables, 1))
        for count in self._values(node.count, name, structural=True):
            for index in range(count):
                self.indices.append(index)
                with self._where(node.count, name, f"is above {index}" if index >= least else ""):
                    self._place_all(node.body, f"{path}[{index}]")
                self.indices.pop()

    def _optional(self, node: Optional, path: str) -> None:
        name = f"{path}.optional"
        for present in self._values(node.present, name, structural=True):
            if present:
                with self._where(node.present, name, "is true"):
                    self._place_all(node.body, path)

    def _unique(self, path: str) -> str:
        stem = path.replace("[", "_").replace("]", "").replace(".", "_")
        name, number = stem, 1
        while name in self.names:
            number += 1
            name = f"{stem}_{number}"
        self.names.add(name)
        return name

    # --- training ---

    def _optimizer(self, node: TrainingNode) -> Component:
        path = "training.optimizer"
        if isinstance(node.optimizer, OptimizerNode):
            return self._one_optimizer(node.optimizer, path)
        for option in self._values(node.optimizer.draw, path, structural=True):
            with self._where(node.optimizer.draw, path, f"is {option}"):
                optimizer = self._one_optimizer(node.optimizer.options[option], path)
        return optimizer

    def _one_optimizer(self, node: OptimizerNode, path: str) -> Component:
        settings = {setting.name: self._setting(setting, f"{path}.{node.name}") for setting in node.settings}
        return Component(kind=node.kind, arguments=settings)

    # --- values ---

    def _setting(self, setting: Setting, path: str) -> Any:
        return setting.rule.plain(self._values(setting.expression, f"{path}.{setting.name}")[-1])

    def _values(self, expression: Expression, name: str, *, structural: bool = False) -> tuple[Any, ...]:
        match expression:
            case Literal():
                return (expression.value,)
            case Index():
                return (self.indices[-1],)
            case Draw():
                return self._drawn(expression, name, structural=structural)
            case Reference():
                return self._variable(expression.variable, structural=structural)

    def _variable(self, name: str, *, structural: bool) -> tuple[Any, ...]:
        if self.draws_variables_once and name in self.variables:
            return self.variables[name]
        self.variables[name] = self._values(self.tree.variables[name], f"variables.{name}", structural=structural)
        return self.variables[name]

    def _drawn(self, draw: Draw, name: str, *, structural: bool) -> tuple[Any, ...]:
        parameter = Parameter(name=name, domain=draw.domain, default=draw.default)
        self.seen.setdefault(
            name, Reachable(parameter=parameter, needs=tuple(filter(None, self.needs)), place=draw.place)
        )
        values = self.branches(parameter, structural)
        self.values[name] = values[-1]
        return tuple(draw.meaning(value) for value in values)

    @contextmanager
    def _where(self, expression: Expression, name: str, holds: str) -> Iterator[None]:
        """What is met inside is active only where the draw holds; nothing is noted of a value written out."""
        if isinstance(expression, Reference):
            name = f"variables.{expression.variable}"
        self.needs.append(f"{name} {holds}" if holds and name in self.seen else "")
        yield
        self.needs.pop()
