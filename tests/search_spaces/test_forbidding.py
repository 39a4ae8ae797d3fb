"""`forbid`: what rules leave of a finite space, counted and enumerated."""

from __future__ import annotations

import pytest

from search_spaces import SearchSpace, Size, changes

FINITE = """\
name: finite
variables: {w: {choice: [1, 2, 3]}}
layers:
  - flatten
  - repeat: {int: [1, 3]}
    name: h
    layers: [{dense: {units: {choice: [4, 8]}, activation: {choice: [relu, elu]}}}]
  - optional: {bool}
    name: more
    layers: [{dense: {units: $w}}]
training: {optimizer: {choice: [adam, {sgd: {nesterov: {bool}}}]}, batch_size: 8, epochs: 1}
"""


@pytest.mark.parametrize(
    ("rules", "fixed"),
    [
        (["h[$i].dense.units == 8 and h[$i].dense.activation == elu"], []),
        (["h[0].dense.units == 8 and h[1].dense.units == 4"], []),
        (["h[$i].dense.units < h[$i + 1].dense.units"], []),
        (["$w > 1 and training.optimizer == sgd"], []),
        (["$w > 1 and training.optimizer == sgd", "h.repeat == 3"], ["more.optional=true"]),
        (["training.optimizer.sgd.nesterov"], ["h.dense.activation=elu"]),
        (["more.optional and h.repeat > 1"], ["h[0].dense.units=8"]),
        (["more.optional or training.optimizer == sgd"], ["variables.w=2"]),
    ],
)
def test_the_size_without_forbidden_ones_is_what_enumeration_finds(rules: list[str], fixed: list[str]) -> None:
    plain = SearchSpace.parse(FINITE, "s.yaml", changes([], fixed))
    text = FINITE + "forbid:\n" + "".join(f"  - {rule}\n" for rule in rules)

    space = SearchSpace.parse(text, "s.yaml", changes([], fixed))

    allowed = list(space.enumerate())
    everything = list(plain.enumerate())
    assert space.size() == Size(configurations=len(allowed), without_forbidden=True)
    assert 0 < len(allowed) < len(everything) == plain.size().configurations
    assert [each for each in everything if not space.forbidden(each)] == allowed


def test_a_rule_with_an_index_holds_for_each_repetition() -> None:
    space = SearchSpace.parse(FINITE + "forbid: ['h[$i].dense.units < h[$i + 1].dense.units']", "s.yaml")

    units = {
        tuple(value for name, value in each.values.items() if name.endswith("].dense.units"))
        for each in space.enumerate()
    }

    assert units == {(4,), (8,), (4, 4), (8, 4), (8, 8), (4, 4, 4), (8, 4, 4), (8, 8, 4), (8, 8, 8)}
