"""A configuration is plain JSON, says enough, and is known by its hash."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import Component, Configuration, Layer, SearchSpace, Training, library


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(library()), st.integers(0, 2**32))
def test_any_draw_lies_in_its_domains_and_survives_json(name: str, seed: int) -> None:
    space = LOADED[name]
    known = {parameter.name: parameter for parameter in space.parameters()}

    configuration = space.sample(random.Random(seed))

    assert all(known[parameter].domain.contains(value) for parameter, value in configuration.values.items())
    again = Configuration.from_json(json.loads(json.dumps(configuration.to_json())))
    assert again == configuration
    assert again.hash == configuration.hash
    assert list(again.values) == list(configuration.values)
    assert space.check_values(configuration.values) == configuration


LOADED = {name: SearchSpace.load(name) for name in library()}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(library()), st.integers(0, 2**32))
def test_what_is_inactive_is_absent(name: str, seed: int) -> None:
    values = LOADED[name].sample(random.Random(seed)).values

    repeats = {key.removesuffix(".repeat"): n for key, n in values.items() if key.endswith(".repeat")}
    assert all(not key.startswith(f"{each}[{i}]") for key in values for each, n in repeats.items() for i in range(n, 9))
    drawn = {key.split(".")[2] for key in values if key.startswith("training.optimizer.")}
    assert "training.optimizer" not in values or drawn <= {values["training.optimizer"]}


def test_the_hash_knows_layers_and_training_and_nothing_else() -> None:
    configuration = LOADED["mlp_v1"].default()
    drawn_otherwise = Configuration(layers=configuration.layers, training=configuration.training, values={"x": 1})
    other = LOADED["mlp_v1"].check_values({"training.batch_size": 64})

    assert drawn_otherwise.hash == configuration.hash
    assert other.hash != configuration.hash
    assert len(configuration.hash) == 64


def test_the_hash_does_not_change_between_versions() -> None:
    configuration = Configuration(
        layers=(
            Layer(kind="flatten", name="flatten", path="flatten"),
            Layer(kind="dense", name="dense", path="dense", arguments={"units": 8, "activation": "relu"}),
        ),
        training=Training(optimizer=Component(kind="adam", arguments={"learning_rate": 1e-3}), batch_size=32, epochs=2),
    )

    assert configuration.hash == "103e90156f599e0a9b040430abbe8a5bbdb7000f6660e69633870efe1940e635"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.pop("training"), "not a configuration"),
        (lambda content: content["layers"].append("flatten"), "not a configuration"),
        (lambda content: content["layers"][0].update(kind="lambda"), "not something that a space may name"),
        (lambda content: content["layers"][1]["arguments"].update(function="f"), "dense has no argument 'function'"),
        (lambda content: content["layers"][1]["arguments"].update(units=0), "dense.units must be a positive whole"),
        (lambda content: content["training"].update(batch_size=0), "batch_size must be a positive whole number"),
        (lambda content: content["training"].update(epochs=True), "epochs must be a positive whole number"),
        (lambda content: content["training"]["optimizer"].update(kind="evil"), "Got 'evil'"),
        (lambda content: content["training"]["optimizer"]["arguments"].update(learning_rate=10**400), "above 0"),
        (lambda content: content["values"].update(x=None), "a drawn value is plain"),
    ],
)
def test_json_that_is_no_configuration_is_refused(change: Any, message: str) -> None:
    content = json.loads(json.dumps(LOADED["mlp_v1"].default().to_json()))
    change(content)

    with pytest.raises(ValueError, match=message):
        Configuration.from_json(content)
