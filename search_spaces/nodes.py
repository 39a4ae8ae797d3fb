"""A parsed space as a tree. Nothing here chooses, counts or checks; each node remembers its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.problems import START, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.domains import Domain, Value
    from search_spaces.rules import Rule

# --- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Literal:
    """A value written out."""

    value: Any
    """Plain JSON."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A value to be drawn where it stands."""

    domain: Domain
    default: Value
    meanings: Mapping[str, Any] = field(default_factory=dict)
    """What a label of a choice stands for: `[3, 5]` as a text for the list, `null` for None."""
    place: Place = START

    def meaning(self, value: Value) -> Any:
        return self.meanings.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`$act`: the value of a variable, drawn where it is first used."""

    variable: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """`$i`: which repetition of the innermost repeat this is; 0 is the first."""


Expression = Literal | Draw | Reference | Index


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One argument of a layer or an optimizer."""

    name: str
    expression: Expression
    rule: Rule
    """What Keras wants there. Every value that the expression can take keeps it."""


# --- layers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LayerNode:
    name: str
    """Its part of the dotted path, unique among its neighbours."""
    kind: str
    settings: tuple[Setting, ...] = ()
    place: Place = START


@dataclass(frozen=True, kw_only=True)
class Group:
    """Layers one after another under one name."""

    name: str
    body: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """The same layers several times over, each time with draws of their own."""

    name: str
    count: Expression
    body: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Optional:
    """Layers that are there or not."""

    name: str
    present: Expression
    body: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Alternatives:
    """One of several subtrees, drawn by its name."""

    name: str
    draw: Draw
    """A Choice of the options' names."""
    options: Mapping[str, Node]


Node = LayerNode | Group | Repeat | Optional | Alternatives


# --- training ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OptimizerNode:
    name: str
    kind: str
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OptimizerAlternatives:
    draw: Draw
    """A Choice of the options' names."""
    options: Mapping[str, OptimizerNode]


@dataclass(frozen=True, kw_only=True)
class TrainingNode:
    optimizer: OptimizerNode | OptimizerAlternatives
    batch_size: Setting
    epochs: Setting


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everything that a walk needs."""

    layers: tuple[Node, ...]
    training: TrainingNode
    variables: Mapping[str, Literal | Draw] = field(default_factory=dict)
