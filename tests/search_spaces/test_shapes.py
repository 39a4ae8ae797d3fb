"""Shapes and weights are held to the installed Keras, layer by layer, on real tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_spaces.keras_table import keras_table, object_class
from search_spaces.rules import (
    Axes,
    Flag,
    Margins,
    Name,
    NameOrObject,
    Number,
    OrNull,
    Pair,
    Rule,
    Signature,
    WholeNumber,
)
from search_spaces.shapes import effect_of, keeps_image, needs_image


def values_of(rule: Rule) -> st.SearchStrategy[Any]:
    """Small values that keep the rule."""
    match rule:
        case OrNull():
            return st.none() | values_of(rule.rule)
        case WholeNumber():
            return st.integers(rule.low, rule.low + 5) | st.sampled_from([rule.low, *rule.also])
        case Number():
            return st.sampled_from([value for value in (0.0, 0.1, 0.9) if rule.complaint(value) is None])
        case Flag():
            return st.booleans()
        case Name():
            return st.sampled_from(rule.names)
        case NameOrObject():
            objects = [
                objects_of(kind, signature)
                for kind, signature in rule.objects.items()
                if rule.name.noun != "an activation"  # with arguments it is a layer of its own
            ]
            return st.one_of(values_of(rule.name), *objects)
        case Pair():
            return st.integers(rule.low, 4) | st.lists(st.integers(rule.low, 4), min_size=2, max_size=2)
        case Margins():
            sides = st.lists(st.integers(0, 3), min_size=2, max_size=2)
            return st.integers(0, 3) | sides | st.lists(sides, min_size=2, max_size=2)
        case Axes():
            return st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True)
    raise AssertionError(rule)


def objects_of(kind: str, signature: Signature) -> st.SearchStrategy[Any]:
    """An object of Keras with all its arguments."""
    values = {name: values_of(argument.rule) for name, argument in signature.arguments.items()}
    return st.fixed_dictionaries(values).map(lambda arguments: {kind: arguments})


def as_keras_takes_it(name: str, value: Any) -> Any:
    import keras

    if not isinstance(value, dict):
        return value
    ((kind, arguments),) = value.items()
    family, class_name = object_class(name, kind)
    return getattr(getattr(keras, family), class_name)(**arguments)


@st.composite
def arguments_of(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    known = keras_table().layers[kind].arguments
    optional = [name for name, argument in known.items() if not argument.required]
    shape_makers = [name for name in optional if not name.endswith(("_initializer", "_regularizer", "_constraint"))]
    named = draw(st.lists(st.sampled_from(shape_makers), unique=True)) if shape_makers else []
    others = draw(st.lists(st.sampled_from(optional), unique=True, max_size=1)) if optional else []
    required = [name for name, argument in known.items() if argument.required]
    return {name: known[name].rule.plain(draw(values_of(known[name].rule))) for name in {*required, *named, *others}}


shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6)) | st.tuples(st.integers(1, 12))


def by_keras(kind: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """(shape, weights) on a real tensor; None where Keras or TensorFlow refuses."""
    import keras

    try:
        for_keras = {name: as_keras_takes_it(name, value) for name, value in arguments.items()}
        layer = getattr(keras.layers, keras_table().layers[kind].class_name)(**for_keras)
        symbolic = tuple(layer(keras.Input(shape)).shape[1:])
        grouped = arguments.get("groups", 1) != 1  # a grouped convolution is compiled, half a second each time
        real = symbolic if grouped else tuple(layer(np.zeros((2, *shape), "float32")).shape[1:])
    except Exception:  # noqa: BLE001 - of many kinds, and all mean that it cannot be built
        return None
    assert symbolic == real
    return real, layer.count_params()


def by_us(kind: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    defaults = {name: argument.default for name, argument in keras_table().layers[kind].arguments.items()}
    try:
        return effect_of(kind, defaults | arguments, shape)
    except ValueError:
        return None


@pytest.mark.parametrize("kind", keras_table().layers)
def test_a_layer_has_the_shape_and_weights_that_keras_gives_it(kind: str) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(arguments_of(kind), shapes)
    def check(arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
        assert by_us(kind, arguments, shape) == by_keras(kind, arguments, shape)

    check()


@pytest.mark.parametrize("kind", keras_table().layers)
def test_whether_a_layer_takes_and_leaves_an_image_agrees_with_its_shapes(kind: str) -> None:
    known = keras_table().layers[kind].arguments
    needed = {"filters": 4, "kernel_size": 1, "units": 4, "rate": 0.1, "stddev": 0.1, "pool_size": 2}
    arguments = {name: needed.get(name, argument.default) for name, argument in known.items()}
    arguments |= {"activation": "relu"} if kind == "activation" else {}
    arguments |= {"groups": 2} if kind == "group_normalization" else {}

    after = by_us(kind, arguments, (8, 8, 4))

    assert after is not None
    assert keeps_image(kind, arguments) == (len(after[0]) == 3)
    assert needs_image(kind) == (by_us(kind, arguments, (4,)) is None)
