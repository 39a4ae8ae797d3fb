"""Conditions that are found by walking: never too narrow, and exact where KerasTuner can say them."""

from __future__ import annotations

import random

import pytest

from search_spaces import SearchSpace, library
from tuner.engines.keras_tuner.activity import Activity, activities, explore

SHARED = """
name: shared
variables: {act: {choice: [relu, elu]}, depth: {int: [0, 2]}, more: {int: [0, 2]}}
layers:
  - flatten
  - optional: {bool}
    name: extra
    layers: [{dense: {units: 4, activation: $act}}]
  - repeat: $depth + $more
    name: hidden
    layers: [{dense: {units: {choice: [2, 4]}}}]
training:
  optimizer: {choice: [{adam: {learning_rate: 0.1}}, {sgd: {learning_rate: 0.1, nesterov: {bool}}}]}
  batch_size: {choice: [32, 64]}
  epochs: 1
"""
BOTH_USE_ACT = SHARED.replace("{units: {choice: [2, 4]}}", "{units: 4, activation: $act}")


def by_name(space: SearchSpace) -> dict[str, Activity]:
    return {each.parameter.name: each for each in activities(space, explore(space))}


@pytest.mark.parametrize("name", ["nested", *library()])
def test_what_is_asked_is_what_the_conditions_say(name: str, nested: SearchSpace) -> None:
    space = nested if name == "nested" else SearchSpace.load(name)
    found = by_name(space)
    rng = random.Random(1)
    for _ in range(100):
        values = space.configure(lambda parameter: parameter.domain.sample(rng)).values
        holding = {
            each
            for each, activity in found.items()
            if all(values.get(parent) in good for parent, good in activity.conditions.items())
        }
        assert holding == values.keys()


def test_conditions_name_parents_and_their_values(nested: SearchSpace) -> None:
    found = by_name(nested)
    assert found["conv[0].conv2d.filters"].conditions == {}
    assert found["conv[1].conv2d.filters"].conditions == {"conv.repeat": (2, 3)}
    assert found["conv[2].norm.batch_normalization.momentum"].conditions == {
        "conv.repeat": (3,),
        "conv[2].norm.optional": (True,),
    }
    assert found["variables.rate"].conditions == {"pool": ("deep",)}


def test_a_variable_that_two_unrelated_blocks_use_is_always_active() -> None:
    found = by_name(SearchSpace.parse(BOTH_USE_ACT, "shared.yaml"))
    assert found["variables.act"].conditions == {}
    assert found["training.optimizer.sgd.nesterov"].conditions == {"training.optimizer": ("sgd",)}


def test_what_two_counts_decide_together_is_conditional_only_where_both_are_needed() -> None:
    found = by_name(SearchSpace.parse(SHARED, "shared.yaml"))
    assert [found[f"hidden[{index}].dense.units"].conditions for index in range(4)] == [
        {},
        {},
        {},
        {"variables.depth": (2,), "variables.more": (2,)},
    ]
    assert found["variables.act"].conditions == {"extra.optional": (True,)}
