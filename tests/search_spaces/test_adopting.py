"""What was tried in one space, found again in another."""

import json
import random
from typing import Any

import pytest
from spaces_at_random import content_of

from search_spaces import Configuration, Obstacle, SearchSpace, library

OLD = """
name: old
layers:
  - flatten
  - repeat: {int: [1, 3], default: 1}
    name: hidden
    layers:
      - dense: {units: {choice: [8, 16, 32]}, activation: relu}
training:
  optimizer: {choice: [adam, sgd: {learning_rate: {float: [0.001, 0.1], log: true, default: 0.01}}]}
  batch_size: {choice: [32, 64]}
  epochs: 3
"""
VALUES = {
    "hidden.repeat": 2,
    "hidden[0].dense.units": 16,
    "hidden[1].dense.units": 32,
    "training.optimizer": "sgd",
    "training.optimizer.sgd.learning_rate": 0.05,
    "training.batch_size": 64,
}


def space(*changed: tuple[str, str]) -> SearchSpace:
    text = OLD
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    return SearchSpace.parse(text, "new.yaml")


def adopted(*changed: tuple[str, str], values: dict[str, Any] = VALUES) -> dict[str, Any] | str:
    made = space(*changed).adopt(space(), values)
    if isinstance(made, Configuration):
        assert made.hash == space().check_values(values).hash
        return dict(made.values)
    said = "" if made.value is None else f" = {made.value}"
    return f"{made.verb} {made.setting}{said}, {made.why}".removesuffix(", ")


def test_a_wider_range_and_more_choices_keep_what_was_tried() -> None:
    assert adopted(("[1, 3]", "[0, 9]"), ("[8, 16, 32]", "[8, 16, 32, 64]"), ("0.1]", "1.0]")) == VALUES


def test_a_written_out_setting_that_is_searched_now_has_its_old_value() -> None:
    found = adopted(("activation: relu", "activation: {choice: [tanh, relu]}"), ("epochs: 3", "epochs: {int: [1, 9]}"))
    assert found == VALUES | {
        "hidden[0].dense.activation": "relu",
        "hidden[1].dense.activation": "relu",
        "training.epochs": 3,
    }


def test_a_parameter_that_is_written_out_now_keeps_trials_that_had_its_value() -> None:
    rest = {name: value for name, value in VALUES.items() if name != "training.batch_size"}
    assert adopted(("{choice: [32, 64]}", "64")) == rest
    assert adopted(("{choice: [32, 64]}", "32")) == "have training.batch_size = 64, which is 32 now"


def test_a_parameter_that_is_fixed_now_keeps_trials_that_had_its_value() -> None:
    assert "training.batch_size" not in adopted(("epochs: 3", "epochs: 3\nfix: {training.batch_size: 64}"))
    assert adopted(("epochs: 3", "epochs: 3\nfix: {training.batch_size: 32}")) == (
        "have training.batch_size = 64, which is 32 now"
    )


def test_what_lies_outside_the_new_domain_is_named_with_its_value() -> None:
    assert adopted(("[1, 3]", "[1, 1]")) == "have hidden.repeat = 2, which the new space does not reach"
    assert adopted(("[8, 16, 32]", "[8, 16]")) == (
        "have hidden[1].dense.units = 32, which the new space does not reach"
    )
    assert adopted(("adam, sgd", "adam, adamw: {}, rmsprop")) == (
        "have training.optimizer = sgd, which the new space does not reach"
    )


def test_layers_that_are_new_or_gone_make_other_models() -> None:
    dropout = "activation: relu}\n      - dropout: {rate: 0.5}"
    assert adopted(("activation: relu}", dropout)) == "lack hidden[0].dropout, a layer that the new space adds"
    assert adopted(("  - flatten\n", "  - flatten\n  - layer_normalization\n")) == (
        "lack layer_normalization, a layer that the new space adds"
    )
    made = space().adopt(space(("activation: relu}", dropout)), VALUES)
    assert isinstance(made, Obstacle)
    assert (made.verb, made.setting, made.why) == (
        "have", "hidden[0].dropout", "a layer that the new space does not have",
    )  # fmt: skip


def test_a_new_layer_that_may_be_left_out_is_left_out() -> None:
    new = "  - flatten\n  - {name: norm, optional: {bool: true}, layers: [layer_normalization]}\n"
    assert adopted(("  - flatten\n", new.replace("{bool: true}", "{choice: [true, false]}"))) == (
        {"norm.optional": False} | VALUES
    )


def test_a_new_parameter_has_the_value_with_which_it_changes_nothing() -> None:
    changed = ("activation: relu", "activation: relu, use_bias: {choice: [false, true]}")
    smoothing = ("epochs: 3", "epochs: 3\n  label_smoothing: {float: [0.0, 0.2], step: 0.1, default: 0.1}")
    schedule = ("training:\n", "training:\n  schedule: {choice: [cosine, constant]}\n")
    found = space(changed, smoothing, schedule).adopt(space(), VALUES)
    assert isinstance(found, Configuration)
    assert found.values == VALUES | {
        "hidden[0].dense.use_bias": True,  # Keras's default
        "hidden[1].dense.use_bias": True,
        "training.label_smoothing": 0.0,
        "training.schedule": "constant",
    }


def test_a_new_parameter_that_always_changes_something_is_named() -> None:
    changed = ("activation: relu", "activation: relu, use_bias: {choice: [false]}")
    assert adopted(changed) == "have hidden[0].dense.use_bias = True, which the new space does not reach"


def test_a_variable_takes_the_value_that_all_its_places_had() -> None:
    shared = ("layers:\n  - flatten", "variables: {act: {choice: [tanh, relu]}}\nlayers:\n  - flatten")
    found = adopted(shared, ("activation: relu", "activation: $act"))
    assert isinstance(found, dict)
    assert found == VALUES | {"variables.act": "relu"}


def test_what_a_formula_came_to_can_be_drawn_now() -> None:
    old = space(("{choice: [8, 16, 32]}", "8 * 2 ** $i"))
    values = {name: value for name, value in VALUES.items() if "units" not in name}
    found = space().adopt(old, values)
    assert isinstance(found, Configuration)
    assert (found.values["hidden[0].dense.units"], found.values["hidden[1].dense.units"]) == (8, 16)


def test_a_rule_of_the_new_space_is_kept() -> None:
    rule = ("epochs: 3", "epochs: 3\nforbid: ['training.batch_size == 64 and training.optimizer == sgd']")
    found = adopted(rule)
    assert found == "break the rule training.batch_size == 64 and training.optimizer == 'sgd'"


@pytest.mark.parametrize("seed", range(60))
def test_what_a_random_space_drew_is_found_where_a_parameter_is_fixed_to_it_and_back_again(seed: int) -> None:
    rng = random.Random(seed)
    content = content_of(rng)
    wide = SearchSpace.parse(json.dumps(content), "wide.yaml")
    drawn = wide.sample(rng)
    if not drawn.values:
        return
    name = rng.choice(list(drawn.values))
    fixed = {name: drawn.values[name]} | content.get("fix", {})
    narrow = SearchSpace.parse(json.dumps(content | {"fix": fixed, "presets": {}}), "narrow.yaml")
    made = narrow.adopt(wide, drawn.values)
    assert isinstance(made, Configuration)
    assert made.hash == drawn.hash
    assert name not in made.values
    back = wide.adopt(narrow, made.values)
    assert back == drawn


@pytest.mark.parametrize("name", library())
def test_each_space_of_the_library_takes_its_own_configurations_as_they_are(name: str) -> None:
    loaded, rng = SearchSpace.load(name), random.Random(0)
    for _ in range(5):
        drawn = loaded.sample(rng)
        made = loaded.adopt(loaded, drawn.values)
        assert isinstance(made, Configuration)
        assert made == drawn


@pytest.mark.parametrize("seed", range(40))
def test_a_random_space_takes_its_own_configurations_as_they_are(seed: int) -> None:
    rng = random.Random(seed)
    loaded = SearchSpace.parse(json.dumps(content_of(rng)), "random.yaml")
    drawn = loaded.sample(rng)
    made = loaded.adopt(loaded, drawn.values)
    assert isinstance(made, Configuration)
    assert made == drawn
