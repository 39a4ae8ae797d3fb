"""Any valid space, any draw: values in their domains, a round trip through JSON, and the model that Keras builds."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_spaces import Configuration, ModelSummary, SearchSpace, Unbuildable, summarize


def of(values: list[Any]) -> st.SearchStrategy[Any]:
    """One of the values, or a choice between some of them."""
    some = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique_by=str)
    return st.sampled_from(values) | some.map(lambda options: {"choice": options})


counts = st.integers(1, 8) | st.tuples(st.integers(1, 4), st.integers(4, 8)).map(lambda ends: {"int": list(ends)})
rates = st.just({"float": [0.0, 0.5]}) | st.just({"float": [0.1, 0.5], "step": 0.1, "default": 0.3}) | st.just(0.25)
flags = st.booleans() | st.just({"bool": None})
activations = of(["relu", "elu", None, "gelu"]) | st.just("$act")
padding = of(["same", "valid"])

image_layers = st.one_of(
    st.fixed_dictionaries(
        {"filters": counts, "kernel_size": of([1, 3, [1, 3]])},
        optional={"strides": of([1, 2]), "padding": padding, "activation": activations, "use_bias": flags},
    ).map(lambda arguments: {"conv2d": arguments}),
    st.fixed_dictionaries({"kernel_size": of([1, 2])}, optional={"depth_multiplier": counts}).map(
        lambda arguments: {"depthwise_conv2d": arguments}
    ),
    st.fixed_dictionaries({"pool_size": of([1, 2, [2, 1]])}, optional={"padding": padding}).map(
        lambda arguments: {"max_pooling2d": arguments}
    ),
    st.just("batch_normalization"),
    st.just({"group_normalization": {"groups": {"choice": [1, 2, -1]}}}),
    rates.map(lambda rate: {"spatial_dropout2d": {"rate": rate}}),
)
vector_layers = st.one_of(
    st.fixed_dictionaries({"units": counts | st.just("$width")}, optional={"activation": activations}).map(
        lambda arguments: {"dense": arguments}
    ),
    rates.map(lambda rate: {"dropout": {"rate": rate}}),
    st.just("layer_normalization"),
)


def blocks(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    body = st.lists(entries, min_size=1, max_size=2)
    repeat = st.integers(1, 2) | st.just({"int": [0, 2]}) | st.just("$depth")
    return st.one_of(
        st.builds(lambda count, layers: {"repeat": count, "layers": layers}, repeat, body),
        st.builds(lambda present, layers: {"optional": present, "layers": layers}, flags | st.just("$norm"), body),
        st.builds(lambda layers: {"name": "group", "layers": layers}, body),
        st.lists(entries, min_size=1, max_size=3).map(lambda options: {"choice": options}),
    )


def several(layers: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.recursive(layers, blocks, max_leaves=4), max_size=3)


def with_names_of_their_own(layers: list[Any]) -> list[Any]:
    """The layers with the names of groups made different: they must be, at one level."""
    for number, layer in enumerate(layers):
        if isinstance(layer, dict):
            with_names_of_their_own(layer.get("layers") or layer.get("choice") or [])
            layer.update({"name": f"group{number}"} if "name" in layer else {})
    return layers


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    ending = draw(st.sampled_from(["flatten", "global_max_pooling2d"]))
    drawn = [*draw(several(image_layers)), ending, *draw(several(vector_layers))]
    layers = with_names_of_their_own(json.loads(json.dumps(drawn)))
    text = json.dumps(layers)
    variables = {
        "act": {"choice": ["relu", "tanh"]},
        "width": {"int": [2, 64], "log": True},
        "depth": {"int": [0, 2]},
        "norm": {"bool": None},
    }
    content = {
        "name": "random",
        "variables": {name: domain for name, domain in variables.items() if f'"${name}"' in text},
        "layers": layers,
        "training": {"optimizer": draw(of_optimizers), "batch_size": draw(counts), "epochs": draw(counts)},
    }
    return SearchSpace.parse(json.dumps(content), "random.yaml")


of_optimizers = st.sampled_from(
    [
        "adam",
        {"sgd": {"nesterov": {"bool": None}}},
        {"choice": ["lion", {"adamw": {"weight_decay": {"float": [0, 1]}}}]},
    ]
)
checked = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(checked, max_examples=100)
@given(spaces(), st.integers(0, 2**32))
def test_any_draw_of_any_space_is_in_order(space: SearchSpace, seed: int) -> None:
    known = {parameter.name: parameter for parameter in space.parameters()}

    configuration = space.sample(random.Random(seed))

    assert all(known[name].domain.contains(value) for name, value in configuration.values.items())
    assert all(parameter.domain.contains(parameter.default) for parameter in known.values())
    assert Configuration.from_json(json.loads(json.dumps(configuration.to_json()))) == configuration
    assert space.check_values(configuration.values) == configuration
    assert len({layer.name for layer in configuration.layers}) == len(configuration.layers)
    assert len({layer.path for layer in configuration.layers}) == len(configuration.layers)
    assert (space.size().configurations is None) == any(parameter.domain.size() is None for parameter in known.values())


@settings(checked, max_examples=15, derandomize=True)
@given(spaces(), st.integers(0, 2**32), st.sampled_from([(28, 28, 1), (9, 7, 4), (2, 2, 2)]))
def test_any_draw_builds_in_keras_with_the_parameters_predicted_or_not_at_all(
    built: Any, space: SearchSpace, seed: int, image_shape: tuple[int, int, int]
) -> None:
    configuration = space.sample(random.Random(seed))

    assert parameters(lambda: predicted(configuration, image_shape), Unbuildable) == parameters(
        lambda: built(configuration, image_shape, 5).count_params(), ValueError
    )


def predicted(configuration: Configuration, image_shape: tuple[int, int, int]) -> int:
    summary: ModelSummary = summarize(configuration, image_shape, 5)
    return summary.parameters


def parameters(count: Any, refusal: type[Exception]) -> int | None:
    """None where it is refused."""
    try:
        return int(count())
    except refusal:
        return None
