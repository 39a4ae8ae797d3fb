"""A configuration of one space as another space makes it: what was tried in the one is then known in the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from search_spaces.configuration import Branches, Configuration, Layer, Residual, all_layers
from search_spaces.domains import Float, Int, Parameter, Value
from search_spaces.keras_table import keras_table
from search_spaces.nodes import without_indices
from search_spaces.outline import outline
from search_spaces.presets import accept
from search_spaces.walk import PLAIN, configure, met
from search_spaces.wording import flow, label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search_spaces.configuration import Component, Step
    from search_spaces.nodes import Tree
    from search_spaces.rules import Signature

MOST_ATTEMPTS = 100
"""Ways of filling in what the other space does not say, after which there is taken to be none."""
MOST_CANDIDATES = 12


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a space cannot make a configuration of another. As words: `have hidden.repeat = 3, which ...`."""

    verb: Literal["have", "lack", "break"]
    setting: str
    """Its name, a layer's path, or a rule."""
    value: Value | None = None
    """The configuration's; None where it has none, or is a layer."""
    why: str = ""
    """`which the new space does not reach`"""


def adopt(tree: Tree, other: Tree, values: Mapping[str, Value]) -> Configuration | Obstacle:
    """The configuration that `other` makes of the values, made by `tree`, with the values that it has there."""
    wanted = configure(other, lambda parameter: values[parameter.name])
    identity = _canonical(wanted).hash
    settings = {**settings_of(wanted), **met(other, wanted.values)}
    foreign = outline(tree).layers.keys() - _layers(wanted).keys()
    obstacle: Obstacle | None = None
    for made in _Maker(tree, settings, frozenset(foreign)).attempts():
        if isinstance(made, Obstacle):
            obstacle = obstacle or made
        elif _canonical(made).hash == identity:
            return made
        else:
            obstacle = obstacle or _between(wanted, made)
    assert obstacle is not None  # there is at least one attempt
    return obstacle


# --- making it --------------------------------------------------------------------------------------------------------

Way = list[tuple["Sequence[Value]", int]]
"""For each parameter that the settings do not name, in the order of the walk: what may be tried, and which of it is."""


@dataclass(frozen=True)
class _Maker:
    tree: Tree
    settings: Mapping[str, Value]
    """What the configuration shall have."""
    foreign: frozenset[str]
    """Paths of layers that it has not."""

    def attempts(self) -> Iterator[Configuration | Obstacle]:
        """With the settings where they are asked for. What they do not say is tried, alike for all repetitions."""
        way: Way = []
        for _ in range(MOST_ATTEMPTS):
            yield self._attempt(way)
            while way and way[-1][1] + 1 == len(way[-1][0]):
                way.pop()
            if not way:
                return
            candidates, index = way[-1]
            way[-1] = (candidates, index + 1)

    def _attempt(self, way: Way) -> Configuration | Obstacle:
        tried: dict[str, Value] = {}
        refused: list[Parameter] = []

        def choose(parameter: Parameter) -> Value:
            if parameter.name in self.settings:
                refused[:] = [parameter]
                value = accept(parameter.domain, self.settings[parameter.name])
                refused.clear()
                return value
            name = without_indices(parameter.name)
            if name not in tried:
                if len(tried) == len(way):
                    way.append((self._candidates(parameter), 0))
                candidates, index = way[len(tried)]
                tried[name] = candidates[index]
            return tried[name]

        try:
            return configure(self.tree, choose)
        except ValueError as error:
            return self._out_of_reach(refused, error)

    def _out_of_reach(self, refused: Sequence[Parameter], error: ValueError) -> Obstacle:
        if not refused:
            return Obstacle(verb="have", setting="values", why=f"of which the new space makes nothing: {error}")
        name = refused[0].name
        return Obstacle(verb="have", setting=name, value=self.settings[name], why="which the new space does not reach")

    def _candidates(self, parameter: Parameter) -> Sequence[Value]:
        """Values with which it may change nothing: its default, its ends or options, and what other settings have."""
        if any(parameter.name.startswith(f"{path}.") for path in self.foreign):
            return (parameter.default,)  # whatever it is, the layer must go
        domain = parameter.domain
        ends = (domain.low, domain.high) if isinstance(domain, Int | Float) else domain.values()
        others = [each for each in self.settings.values() if domain.contains(each)]
        found = {(type(each), each): each for each in (parameter.default, *ends, *others)}
        return tuple(found.values())[:MOST_CANDIDATES]


# --- comparing --------------------------------------------------------------------------------------------------------


def _canonical(configuration: Configuration) -> Configuration:
    """Without arguments that have Keras's own defaults, which to write out changes nothing."""
    training = configuration.training
    arguments = _without_defaults(keras_table().optimizers, training.optimizer)
    training = replace(training, optimizer=replace(training.optimizer, arguments=arguments))
    return replace(configuration, layers=_bare(configuration.layers), training=training)


def _bare(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(_bare_step(step) for step in steps)


def _bare_step(step: Step) -> Step:
    match step:
        case Layer():
            return replace(step, arguments=_without_defaults(keras_table().layers, step))
        case Residual():
            return replace(
                step, body=_bare(step.body), shortcut=None if step.shortcut is None else _bare(step.shortcut)
            )
        case Branches():
            return replace(step, branches=tuple(_bare(branch) for branch in step.branches))


def _without_defaults(table: Mapping[str, Signature], thing: Layer | Component) -> dict[str, Any]:
    defaults = _defaults(table, thing.kind)
    return {
        name: value
        for name, value in thing.arguments.items()
        if not (name in defaults and type(defaults[name]) is type(value) and defaults[name] == value)
    }


def _defaults(table: Mapping[str, Signature], kind: str) -> dict[str, Any]:
    known = table[kind].arguments if kind in table else {}
    return {name: argument.default for name, argument in known.items() if not argument.required}


def _between(wanted: Configuration, made: Configuration) -> Obstacle:
    """The first thing in which they differ."""
    old, new = _layers(wanted), _layers(made)
    for path, kind in old.items():
        if new.get(path) != kind:
            return Obstacle(verb="have", setting=path, why="a layer that the new space does not have")
    for path in new:
        if path not in old:
            return Obstacle(verb="lack", setting=path, why="a layer that the new space adds")
    before, after = settings_of(wanted), settings_of(made)
    for name, value in before.items():
        if name not in after:
            return Obstacle(verb="have", setting=name, value=value, why="which the new space does not have")
        if after[name] != value:
            return Obstacle(verb="have", setting=name, value=value, why=f"which is {flow(after[name])} now")
    return Obstacle(verb="have", setting="layers", why="which are put together differently now")


def _layers(configuration: Configuration) -> dict[str, str]:
    return {layer.path: layer.kind for layer in all_layers(configuration.layers)}


def settings_of(configuration: Configuration) -> dict[str, Value]:
    """Every argument by the name that a parameter in its place would have, Keras's defaults included."""
    table, found = keras_table(), dict[str, Value]()
    for layer in all_layers(configuration.layers):
        found |= _flat(layer.path, {**_defaults(table.layers, layer.kind), **layer.arguments})
    training = configuration.training
    parts = {"optimizer": training.optimizer, **{name: getattr(training, name) or PLAIN[name] for name in PLAIN}}
    for name, part in parts.items():
        defaults = _defaults(table.optimizers, part.kind) if name == "optimizer" else {}
        found[f"training.{name}"] = part.kind
        found |= _flat(f"training.{name}.{part.kind}", {**defaults, **part.arguments})
    for name in ("batch_size", "epochs", "label_smoothing", "class_weights"):
        found[f"training.{name}"] = getattr(training, name)
    stopping = training.early_stopping
    found |= _flat("training.early_stopping", stopping.to_json() if stopping else {"patience": None})
    for component in training.augmentation:
        found |= _flat(f"training.augmentation.{component.kind}", component.arguments)
    return found


def _flat(path: str, arguments: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in arguments.items():
        if isinstance(value, Mapping):  # an object of Keras: its name, and its arguments under it
            for kind, inner in value.items():
                found |= {f"{path}.{name}": kind} | _flat(f"{path}.{name}.{kind}", inner)
        else:
            found[f"{path}.{name}"] = label(value)
    return found
