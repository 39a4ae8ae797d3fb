"""What a space is made of, part by part: what two spaces are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.expressions import text
from search_spaces.nodes import Formula, Index, Object, Reference
from search_spaces.walk import walk_over_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.domains import Parameter, Value
    from search_spaces.nodes import Tree


@dataclass(frozen=True, kw_only=True)
class Outline:
    """Each part by its dotted name in file order, repeats at their longest and all branches."""

    parameters: Mapping[str, Parameter]
    written_out: Mapping[str, Value]
    """Settings that are not drawn."""
    derived: Mapping[str, str]
    """Settings that come of others, as text: `$width * 2 ** $i`. And Keras's name of an object that is not drawn."""
    layers: Mapping[str, str]
    """Kinds of the layers, by path."""


def outline(tree: Tree) -> Outline:
    walk = walk_over_all(tree)
    return Outline(
        parameters={name: entry.parameter for name, entry in walk.seen.items()},
        written_out={name: value for name, value in walk.met.items() if name not in walk.seen},
        derived={name: _as_text(each) for name, each in walk.derived.items() if name not in walk.seen},
        layers={layer.path: layer.kind for layer in walk.layers},
    )


def _as_text(expression: Index | Reference | Formula | Object) -> str:
    match expression:
        case Index(name=name) | Reference(variable=name):
            return f"${name}"
        case Formula():
            return text(expression.expression)
        case Object():
            return expression.kind
