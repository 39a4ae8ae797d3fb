"""The one walk over a space: only here is known what nesting, repeats and conditions mean for a configuration."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import (
    Branches,
    Component,
    Configuration,
    EarlyStopping,
    Layer,
    Residual,
    Step,
    Training,
    all_layers,
)
from search_spaces.domains import Chooser, Parameter, Value
from search_spaces.expressions import evaluate, text
from search_spaces.extent import NO_INDICES, extent
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
    Tree,
)
from search_spaces.wording import free_name, label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from search_spaces.problems import Place

TAKEN_NAMES = frozenset({"input", "input_layer", "rescaling", "output", "pixels", "scale"})
"""Names of Keras layers that whoever builds the model adds before and after ours."""


PLAIN = {
    "schedule": Component(kind="constant", arguments={"warmup": 0.0}),
    "loss": Component(kind="categorical_crossentropy"),
    "averaging": Component(kind="none"),
}
"""What the training does where the space says nothing."""


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """A parameter that some configuration has."""

    parameter: Parameter
    needs: tuple[str, ...]
    """What must hold for it to be active: `training.optimizer is sgd`. Empty: always active."""
    place: Place


def configure(tree: Tree, choose: Chooser) -> Configuration:
    """The configuration that the chooser's answers make. ValueError where one lies outside its domain."""
    return _one_walk(tree, choose).configuration()


def met(tree: Tree, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Active parameters with their values on the walk with these answers, and settings fixed or written out."""
    walk = _one_walk(tree, lambda parameter: values[parameter.name])
    walk.configuration()
    return walk.met


def reachable(tree: Tree) -> tuple[Reachable, ...]:
    """Every parameter that can become active, in file order: repeats at their longest, all branches."""
    return tuple(walk_over_all(tree).seen.values())


def written_out(tree: Tree) -> Mapping[str, Value]:
    """Settings that are not drawn, with their values, by the names that parameters in their place would have."""
    walk = walk_over_all(tree)
    return {name: value for name, value in walk.met.items() if name not in walk.seen}


def walk_over_all(tree: Tree) -> Walk:
    """What there is to be met: repeats at their longest, all branches."""
    walk = Walk(tree=tree, branches=_all_branches, follows_all=True)
    walk.layers = tuple(all_layers(walk.configuration().layers))
    return walk


def _all_branches(parameter: Parameter, structural: bool) -> tuple[Value, ...]:
    if not structural:
        return (parameter.default,)
    values = parameter.domain.values()
    return (max(values),) if all(isinstance(value, int) for value in values) else tuple(values)


def _one_walk(tree: Tree, choose: Chooser) -> Walk:
    def one(parameter: Parameter, _structural: bool) -> tuple[Value, ...]:
        value = choose(parameter)
        try:
            return (parameter.domain.accept(value),)
        except ValueError as error:
            raise ValueError(f"{parameter.name}: {error}") from None

    return Walk(tree=tree, branches=one)


@dataclass(kw_only=True)
class Walk:
    """One pass over the tree, and what it has met so far. For this package's own eyes."""

    tree: Tree
    branches: Callable[[Parameter, bool], tuple[Value, ...]]
    """Values to follow for a parameter. A configuration follows one, the list of all parameters several."""
    follows_all: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    """What was drawn."""
    met: dict[str, Value] = field(default_factory=dict)
    """What was drawn, is fixed, or is written out."""
    layers: tuple[Layer, ...] = ()
    """Of a walk over all."""
    derived: dict[str, Index | Reference | Formula | Object] = field(default_factory=dict)
    """What is neither drawn nor one value."""
    seen: dict[str, Reachable] = field(default_factory=dict)
    variables: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)
    """`i`, and what else the repeats around call their index."""
    names: set[str] = field(default_factory=lambda: set(TAKEN_NAMES))

    def configuration(self) -> Configuration:
        layers = tuple(self._steps(self.tree.layers, ""))
        return Configuration(layers=layers, training=self._training(), values=self.values)

    # --- layers ---

    def _steps(self, nodes: Sequence[Node], prefix: str) -> Iterator[Step]:
        for node, path in self._flat(nodes, prefix):
            match node:
                case Leaf():
                    arguments = self._settings(node.settings, path)
                    yield Layer(kind=node.kind, name=self._unique(path), path=path, arguments=arguments)
                case Around():
                    name, body = self._unique(path), tuple(self._steps(node.body, path))
                    way = None if node.shortcut is None else tuple(self._steps(node.shortcut, f"{path}.shortcut"))
                    yield Residual(name=name, path=path, body=body, shortcut=way)
                case Fork():
                    name = self._unique(path)
                    branches = tuple(tuple(self._steps((branch,), path)) for branch in node.branches)
                    merge = self._setting(node.merge, path)
                    yield Branches(name=name, path=path, branches=branches, merge=merge)

    def _flat(self, nodes: Sequence[Node], prefix: str) -> Iterator[tuple[Leaf | Around | Fork, str]]:
        """The nodes with their paths, groups, repeats, optional blocks and choices unfolded."""
        for node in nodes:
            path = f"{prefix}.{node.name}" if prefix else node.name
            match node:
                case Group():
                    yield from self._flat(node.body, path)
                case Repeat():
                    yield from self._repeat(node, path)
                case Optional():
                    yield from self._optional(node, path)
                case Alternatives():
                    for option in self._values(node.draw, path, structural=True):
                        with self._where(node.draw, path, f"is {option}"):
                            yield from self._flat((node.options[option],), path)
                case Leaf() | Around() | Fork():
                    yield node, path

    def _repeat(self, node: Repeat, path: str) -> Iterator[tuple[Leaf | Around | Fork, str]]:
        name = f"{path}.repeat"
        least = min(extent(node.count, self.tree.variables, NO_INDICES))
        around = self.indices
        for count in self._values(node.count, name, structural=True):
            for index in range(count):
                self.indices = around | {"i": index, node.index: index}
                with self._where(node.count, name, f"is above {index}" if index >= least else ""):
                    yield from self._flat(node.body, f"{path}[{index}]")
        self.indices = around

    def _optional(self, node: Optional, path: str) -> Iterator[tuple[Leaf | Around | Fork, str]]:
        name = f"{path}.optional"
        for present in self._values(node.present, name, structural=True):
            if present:
                with self._where(node.present, name, "is true"):
                    yield from self._flat(node.body, path)

    def _unique(self, path: str) -> str:
        stem = path.replace("[", "_").replace("]", "").replace(".", "_")
        name = free_name(stem, self.names)
        self.names.add(name)
        return name

    # --- training ---

    def _training(self) -> Training:
        node, at = self.tree.training, "training"
        optimizer = self._component(node.optimizer, f"{at}.optimizer")
        settings = self._settings((node.batch_size, node.epochs, *node.settings), at)
        parts: dict[str, Any] = {name: self._component(part, f"{at}.{name}") for name, part in node.parts.items()}
        # What means the same as leaving it out is left out, so that equal trainings are equal.
        parts = {name: None if part == PLAIN[name] else part for name, part in parts.items()}
        return Training(
            optimizer=optimizer,
            augmentation=tuple(self._augmentation(node.augmentation, f"{at}.augmentation")),
            early_stopping=self._early_stopping(node.early_stopping, f"{at}.early_stopping"),
            **settings,
            **parts,
        )

    def _component(self, node: Leaf | Alternatives, path: str) -> Component:
        """The one that is named, or drawn. Its name, where it is alone, is part of the path nevertheless."""
        if isinstance(node, Leaf):
            self.met.setdefault(path, node.name)
            return Component(kind=node.kind, arguments=self._settings(node.settings, f"{path}.{node.name}"))
        for option in self._values(node.draw, path, structural=True):
            leaf = node.options[option]
            assert isinstance(leaf, Leaf)
            with self._where(node.draw, path, f"is {option}"):
                component = self._component(leaf, path)
        return component

    def _augmentation(self, nodes: Sequence[Node], path: str) -> Iterator[Component]:
        for node, where in self._flat(nodes, path):
            assert isinstance(node, Leaf)
            yield Component(kind=node.kind, arguments=self._settings(node.settings, where))

    def _early_stopping(self, settings: Sequence[Setting], path: str) -> EarlyStopping | None:
        values = self._settings(settings, path)
        return None if values.get("patience") is None else EarlyStopping(**values)

    # --- values ---

    def _settings(self, settings: Sequence[Setting], path: str) -> dict[str, Any]:
        return {setting.name: self._setting(setting, path) for setting in settings}

    def _setting(self, setting: Setting, path: str) -> Any:
        return setting.rule.plain(self._values(setting.expression, f"{path}.{setting.name}")[-1])

    def _values(self, expression: Expression, name: str, *, structural: bool = False) -> tuple[Any, ...]:
        match expression:
            case Literal():
                self.met.setdefault(name, label(expression.value))
                return (expression.value,)
            case Index():
                self.derived[name] = expression
                return (self.indices[expression.name],)
            case Draw():
                return self._drawn(expression, name, structural=structural)
            case Reference():
                self.derived[name] = expression
                return self._variable(expression.variable, structural=structural)
            case Formula():
                self.derived[name] = expression
                return self._formula(expression, structural=structural)
            case Object():
                self.derived[name] = expression
                return ({expression.kind: self._settings(expression.settings, f"{name}.{expression.name}")},)
            case ObjectChoice():
                return self._object_choice(expression, name)

    def _variable(self, name: str, *, structural: bool) -> tuple[Any, ...]:
        if not self.follows_all and name in self.variables:
            return self.variables[name]
        self.variables[name] = self._values(self.tree.variables[name], f"variables.{name}", structural=structural)
        return self.variables[name]

    def _formula(self, formula: Formula, *, structural: bool) -> tuple[Any, ...]:
        values = {
            name: self.indices[name] if name in self.indices else self._variable(name, structural=structural)[-1]
            for name in formula.variables
        }
        if self.follows_all and structural:
            return (max(extent(formula, self.tree.variables, NO_INDICES)),)
        return (evaluate(formula.expression, values),)

    def _object_choice(self, choice: ObjectChoice, name: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = ()
        for option in self._values(choice.draw, name, structural=True):
            with self._where(choice.draw, name, f"is {option}"):
                found = self._values(choice.options[option], name)
        return found

    def _drawn(self, draw: Draw, name: str, *, structural: bool) -> tuple[Any, ...]:
        fixed = self.tree.fixed_value(name)
        if fixed is not None:
            self.met[name] = fixed
            return (draw.meaning(fixed),)
        parameter = Parameter(name=name, domain=draw.domain, default=draw.default)
        needs = tuple(filter(None, self.needs))
        if name in self.seen:  # a variable used again: what must hold is what its uses have in common
            needs = tuple(need for need in self.seen[name].needs if need in needs)
        self.seen[name] = Reachable(parameter=parameter, needs=needs, place=draw.place)
        values = self.branches(parameter, structural)
        self.values[name] = self.met[name] = values[-1]
        return tuple(draw.meaning(value) for value in values)

    @contextmanager
    def _where(self, expression: Expression, name: str, holds: str) -> Iterator[None]:
        """What is met inside is active only where the draw holds; nothing is noted of a value written out."""
        match expression:
            case Reference():
                name = f"variables.{expression.variable}"
            case Formula():
                name = text(expression.expression)
        drawn = isinstance(expression, Formula) or name in self.seen
        self.needs.append(f"{name} {holds}" if holds and drawn else "")
        yield
        self.needs.pop()
