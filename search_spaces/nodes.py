"""A parsed space as a tree. Nothing here chooses, counts or checks; each node remembers its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.problems import START, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.domains import Domain, Value
    from search_spaces.expressions import Expr
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
    """`$i`: which repetition of the innermost repeat this is, or of the one that names its index so; 0 is the first."""

    name: str = "i"


@dataclass(frozen=True, kw_only=True)
class Formula:
    """`$width * 2 ** $i`"""

    expression: Expr
    variables: tuple[str, ...]
    """Names used, those of indices among them, in the order of the formula."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object of Keras with arguments of its own: `{l2: {l2: 0.001}}`."""

    name: str
    """Its part of the dotted path."""
    kind: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class ObjectChoice:
    """Names and objects, one of which is drawn by its name: `{choice: [relu, {leaky_relu: {...}}]}`."""

    draw: Draw
    options: Mapping[str, Literal | Object]


Expression = Literal | Draw | Reference | Index | Formula | Object | ObjectChoice


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One argument of a layer, an optimizer, or another thing with a name."""

    name: str
    expression: Expression
    rule: Rule
    """What it may be. Every value that the expression can take keeps it."""


# --- layers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A thing with a name and arguments: a layer; in the training an optimizer, a schedule, an augmentation."""

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
    index: str = "i"
    """What else `$i` is called inside."""


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


@dataclass(frozen=True, kw_only=True)
class Around:
    """A residual block: layers whose result is added to what went into them."""

    name: str
    body: tuple[Node, ...]
    shortcut: tuple[Node, ...] | None = None
    place: Place = START


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Several ways side by side, merged."""

    name: str
    branches: tuple[Node, ...]
    merge: Setting
    place: Place = START


Node = Leaf | Group | Repeat | Optional | Alternatives | Around | Fork


# --- training ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TrainingNode:
    optimizer: Leaf | Alternatives
    batch_size: Setting
    epochs: Setting
    parts: Mapping[str, Leaf | Alternatives] = field(default_factory=dict)
    """Schedule, loss and averaging, where the file names them."""
    settings: tuple[Setting, ...] = ()
    """Label smoothing and class weights, where the file names them."""
    early_stopping: tuple[Setting, ...] = ()
    augmentation: tuple[Node, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everything that a walk needs."""

    layers: tuple[Node, ...]
    training: TrainingNode
    variables: Mapping[str, Literal | Draw] = field(default_factory=dict)
    fixed: Mapping[str, Value] = field(default_factory=dict)
    """Parameters that are not drawn any more, by name; without indices where it holds for every repetition."""

    def fixed_value(self, name: str) -> Value | None:
        """The value that the parameter is fixed to; None where it is drawn. No drawn value is None."""
        return self.fixed.get(name, self.fixed.get(without_indices(name)))


def without_indices(name: str) -> str:
    """`conv.conv2d.filters` for `conv[2].conv2d.filters`."""
    return INDEX.sub("", name)


INDEX = re.compile(r"\[[0-9]+\]")
