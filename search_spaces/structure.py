"""Layers that fail in their order whatever the images: a convolution of a vector, an end that is still an image."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Literal as Either

from search_spaces.extent import NO_INDICES, extent
from search_spaces.nodes import (
    Alternatives,
    Around,
    Expression,
    Fork,
    Group,
    Leaf,
    Node,
    Optional,
    Repeat,
    Tree,
)
from search_spaces.problems import START, Place
from search_spaces.shapes import TO_A_VECTOR, keeps_image, needs_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Form = Either["image", "vector"]
Forms = frozenset[Form]
"""What may arrive at a layer, over all configurations."""

MOST_LAYERS = 1_000
"""Layers of the deepest configuration: ResNet-1001 has the record, and nested repeats multiply."""


def dead_ends(tree: Tree) -> Iterator[tuple[Place, str]]:
    """(place, what is wrong) for all that fails on images of any size, in some configuration."""
    deepest = _deepest(tree.layers, tree)
    if deepest > MOST_LAYERS:
        yield START, f"at most {MOST_LAYERS:,} layers. Got {deepest:,} with every repeat at its longest"
        return
    flow = _Flow(tree)
    after = flow.through(tree.layers, frozenset({"image"}))
    yield from flow.found.items()
    if "image" in after:
        always = "" if after == {"image"} else "can "
        where = Place(line=flow.last.line, column=flow.last.column, path="layers")
        yield where, f"the layers {always}end in an image; {TO_A_VECTOR}"


def _deepest(nodes: tuple[Node, ...], tree: Tree) -> int:
    return sum(_depth(node, tree) for node in nodes)


def _depth(node: Node, tree: Tree) -> int:
    match node:
        case Leaf():
            return 1
        case Group() | Optional():
            return _deepest(node.body, tree)
        case Repeat():
            return int(max(extent(node.count, tree.variables, NO_INDICES))) * _deepest(node.body, tree)
        case Alternatives():
            return max(_depth(option, tree) for option in node.options.values())
        case Around():
            return _deepest((*node.body, *(node.shortcut or ())), tree) + 1
        case Fork():
            return _deepest(node.branches, tree) + 1


class _Flow:
    """Follows image and vector through all branches at once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found: dict[Place, str] = {}
        self.last = START

    def through(self, nodes: tuple[Node, ...], arriving: Forms) -> Forms:
        for node in nodes:
            arriving = self._node(node, arriving)
        return arriving

    def _node(self, node: Node, arriving: Forms) -> Forms:
        match node:
            case Leaf():
                return self._layer(node, arriving)
            case Group():
                return self.through(node.body, arriving)
            case Optional():
                return self._times(node.body, arriving, {int(yes) for yes in self._extent(node.present)})
            case Repeat():
                return self._times(node.body, arriving, self._extent(node.count))
            case Alternatives():
                return frozenset().union(*(self._node(option, arriving) for option in node.options.values()))
            case Around():
                rule = "a residual block adds its result to what went in"
                return self._joined(node.place, rule, [node.body, node.shortcut or ()], arriving)
            case Fork():
                return self._joined(node.place, "branches are merged", [(each,) for each in node.branches], arriving)

    def _joined(self, place: Place, rule: str, ways: Sequence[tuple[Node, ...]], arriving: Forms) -> Forms:
        """What leaves a block that puts several ways together: of one form, as what leaves each of them must be."""
        together: Forms = frozenset()
        for form in arriving:
            leaving = frozenset[Form]().union(*(self.through(way, frozenset({form})) for way in ways))
            if len(leaving) > 1:
                self.found[place] = f"{rule}: all must be images or all vectors. Got both"
            together |= leaving
        return together

    def _extent(self, expression: Expression) -> set[int]:
        return {int(value) for value in extent(expression, self.tree.variables, NO_INDICES)}

    def _times(self, body: tuple[Node, ...], arriving: Forms, counts: set[int]) -> Forms:
        # Two forms, one of them for good: what the third round does not bring, no later one does.
        low, high = min(*counts, 3), min(max(counts), 3)
        leaving: Forms = frozenset()
        for finished in range(high + 1):
            leaving |= arriving if finished >= low else frozenset()
            arriving = self.through(body, arriving) if finished < high else arriving
        return leaving

    def _layer(self, node: Leaf, arriving: Forms) -> Forms:
        self.last = node.place
        if needs_image(node.kind) and "vector" in arriving:
            always = "is" if arriving == {"vector"} else "can be"
            self.found[node.place] = f"{node.kind} needs an image, but what arrives {always} a vector"
            return arriving
        return frozenset[Form]().union(*(self._after(node, form) for form in arriving))

    def _after(self, node: Leaf, form: Form) -> Forms:
        if form == "vector":
            return frozenset({"vector"})
        keepdims = next((setting.expression for setting in node.settings if setting.name == "keepdims"), None)
        options = self._extent(keepdims) if keepdims else {False}
        return frozenset("image" if keeps_image(node.kind, {"keepdims": kept}) else "vector" for kept in options)
