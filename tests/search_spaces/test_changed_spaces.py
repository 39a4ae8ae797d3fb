"""`extends`, `set` and `fix`: a space on top of another, settings given anew, parameters that keep one value."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from search_spaces import SearchSpace, SpaceError, changes

Write = Callable[[str, str], Path]

PARENT = """\
name: parent
description: What others build on
variables: {act: {choice: [relu, elu]}, width: {int: [4, 8]}, depth: {int: [1, 3]}}
layers:
  - flatten
  - repeat: $depth
    name: hidden
    layers: [{dense: {units: $width, activation: $act}}]
  - dropout: {rate: {choice: [0.1, 0.2]}}
training: {optimizer: {adam: {learning_rate: {float: [1e-3, 1e-1]}}}, batch_size: {choice: [8, 16]}, epochs: 2}
limits: {parameters: 1000}
forbid:
  - $width == 8 and $depth == 3
presets:
  small: {values: {variables.width: 4}}
  large: {values: {variables.width: 8, variables.depth: 2}}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    file("parent.yaml", PARENT)
    return file


def lines_of(path: Path) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        SearchSpace.load(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


# --- extends ----------------------------------------------------------------------------------------------------------


def test_a_space_that_adds_nothing_is_its_parent_under_another_name(write: Write) -> None:
    parent, child = (
        SearchSpace.load(write("parent.yaml", PARENT)),
        SearchSpace.load(write("c.yaml", "name: c\nextends: parent.yaml")),
    )

    assert child.name == "c"
    assert (child.description, child.limits) == (parent.description, parent.limits)
    assert child.parameters() == parent.parameters()
    assert list(child.presets) == list(parent.presets)
    assert child.sample(random.Random(1)) == parent.sample(random.Random(1))


def test_variables_training_limits_and_presets_are_taken_over_one_by_one(write: Write) -> None:
    child = SearchSpace.load(
        write("c.yaml", """\
name: c
extends: parent.yaml
variables: {width: {int: [6, 8]}, depth: {int: [3, 4]}}
training: {epochs: {int: [1, 3]}, loss: kl_divergence}
limits: {model_bytes: 5000}
presets:
  small: null
  tiny: {values: {variables.width: 6}}
""")
    )  # fmt: skip

    assert [parameter.name for parameter in child.parameters()] == [
        "variables.depth", "variables.width", "variables.act", "dropout.rate",
        "training.optimizer.adam.learning_rate", "training.batch_size", "training.epochs",
    ]  # fmt: skip
    assert child.default().values["variables.width"] == 7
    assert child.default().training.loss is not None
    assert (child.limits.parameters, child.limits.model_bytes) == (1000, 5000)
    assert list(child.presets) == ["tiny"]
    assert child.set_aside == {"large": "variables.depth must be 3 to 4. Got 2"}


def test_layers_are_taken_over_whole_and_what_they_do_not_use_is_left_out(write: Write) -> None:
    write("parent.yaml", PARENT.partition("forbid:")[0])
    child = SearchSpace.load(write("c.yaml", "name: c\nextends: parent.yaml\nlayers: [flatten]"))

    assert [parameter.name for parameter in child.parameters()] == [
        "training.optimizer.adam.learning_rate", "training.batch_size",
    ]  # fmt: skip
    assert SearchSpace.parse(child.text, "alone").fingerprint == child.fingerprint


def test_rules_are_added_to_those_of_the_parent(write: Write) -> None:
    child = SearchSpace.load(write("c.yaml", "name: c\nextends: parent.yaml\nforbid: [$act == elu]\npresets: {}"))

    forbidden = [
        child.forbidden(child.check_values(values))
        for values in ({"variables.act": "elu"}, {"variables.width": 8, "variables.depth": 3}, {})
    ]

    assert forbidden == ["forbidden: $act == 'elu'", "forbidden: $width == 8 and $depth == 3", None]


def test_paths_count_from_the_file_that_names_them(write: Write) -> None:
    write("deep/middle.yaml", "name: middle\nextends: ../parent.yaml\ntraining: {epochs: 7}")

    child = SearchSpace.load(write("child.yaml", "name: child\nextends: deep/middle.yaml"))

    assert child.default().training.epochs == 7


def test_a_space_of_the_library_can_be_extended(write: Write) -> None:
    child = SearchSpace.load(write("c.yaml", "name: c\nextends: cnn_v4\nset: {training.epochs: 3}"))

    assert child.default().training.epochs == 3
    assert child.default().layers == SearchSpace.load("cnn_v4").default().layers


def test_a_fault_of_the_parent_is_told_in_its_own_line_and_file(write: Write) -> None:
    write("parent.yaml", PARENT.replace("epochs: 2", "epochs: 0").replace("{rate: {choice: [0.1, 0.2]}}", "{rat: 0.1}"))

    assert lines_of(write("c.yaml", "name: c\nextends: parent.yaml\nlimits: {parameters: 0}")) == [
        "c.yaml:3: limits.parameters: must be positive. Got 0",
        "parent.yaml:9: layers[2].dropout: dropout needs rate",
        "parent.yaml:9: layers[2].dropout.rat: dropout has no argument 'rat'. Did you mean 'rate'?",
        "parent.yaml:10: training.epochs: must be a positive whole number. Got 0",
    ]


def test_text_that_is_no_yaml_is_told_in_the_parents_line(write: Write) -> None:
    write("parent.yaml", PARENT.replace("  - flatten", "\t- flatten"))

    assert lines_of(write("c.yaml", "name: c\nextends: parent.yaml")) == [
        "parent.yaml:5: not YAML: a tab cannot indent. Use spaces"
    ]


def test_a_parent_that_is_no_space_is_told(write: Write) -> None:
    for text in ("- a\n- b\n", "5", "root:x:0:0\n"):
        write("parent.yaml", text)

        (line,) = lines_of(write("c.yaml", "name: c\nextends: parent.yaml"))
        assert line == "parent.yaml:1: a space file is a mapping with name, layers and training"


def test_a_space_that_extends_itself_is_told(write: Write) -> None:
    (line,) = lines_of(write("a.yaml", "name: a\nextends: a.yaml"))
    assert line.startswith("a.yaml:2: extends: a space cannot extend itself. Got ")

    write("y.yaml", "name: y\nextends: z.yaml")
    write("z.yaml", "name: z\nextends: x.yaml")
    (line,) = lines_of(write("x.yaml", "name: x\nextends: y.yaml"))
    assert line.startswith("z.yaml:2: extends: a space cannot extend itself")


def test_a_line_of_nine_parents_is_too_long_and_one_of_eight_is_not(write: Write) -> None:
    write("p0.yaml", PARENT)
    for number in range(1, 10):
        path = write(f"p{number}.yaml", f"name: p{number}\nextends: p{number - 1}.yaml")

    (line,) = lines_of(path)
    assert line.startswith("p1.yaml:2: extends: at most 8 spaces in a row. Got ")
    assert SearchSpace.load(path.with_name("p8.yaml")).name == "p8"


# --- set --------------------------------------------------------------------------------------------------------------


def test_a_setting_that_the_file_does_not_write_can_be_set(write: Write) -> None:
    space = SearchSpace.load(
        write("parent.yaml", PARENT), changes(["hidden.dense.use_bias={bool}", "training.label_smoothing=0.1"])
    )

    assert "hidden[0].dense.use_bias" in space.default().values
    assert space.default().training.label_smoothing == 0.1


def test_an_optimizer_is_set_whole_and_a_count_of_repeats_too(write: Write) -> None:
    space = SearchSpace.load(
        write("parent.yaml", PARENT.replace("presets:", "_:").partition("forbid:")[0]),
        changes(["training.optimizer={choice: [lion, sgd]}", "hidden.repeat=2"]),
    )

    assert [parameter.name for parameter in space.parameters()] == [
        "variables.width", "variables.act", "dropout.rate", "training.optimizer", "training.batch_size",
    ]  # fmt: skip
    assert [layer.path for layer in space.default().layers][1:3] == ["hidden[0].dense", "hidden[1].dense"]


def test_what_is_set_outside_has_the_last_word_over_the_file(write: Write) -> None:
    path = write("parent.yaml", PARENT + "set: {training.epochs: 5, training.batch_size: 32}\n")

    space = SearchSpace.load(path, changes(["training.epochs=6"]))

    assert (space.default().training.epochs, space.default().training.batch_size) == (6, 32)


def test_two_ways_to_clip_are_told_also_where_one_of_them_is_set(write: Write) -> None:
    path = write(
        "parent.yaml", PARENT.replace("{adam: {learning_rate: {float: [1e-3, 1e-1]}}}", "{sgd: {clipvalue: 1}}")
    )

    with pytest.raises(SpaceError, match=r"an optimizer clips one way\. Got clipnorm and clipvalue"):
        SearchSpace.load(path, changes(["training.optimizer.sgd.clipnorm=1"]))


# --- fix --------------------------------------------------------------------------------------------------------------


def test_a_fixed_parameter_is_not_asked_for_any_more(write: Write) -> None:
    space = SearchSpace.load(write("parent.yaml", PARENT), changes([], ["variables.depth=2", "dropout.rate=0.2"]))

    assert "variables.depth" not in {parameter.name for parameter in space.parameters()}
    assert [layer.kind for layer in space.default().layers] == ["flatten", "dense", "dense", "dropout"]
    assert space.default().layers[-1].to_json()["arguments"] == {"rate": 0.2}


def test_a_name_without_indices_fixes_every_repetition_and_a_full_name_one(write: Write) -> None:
    path = write(
        "p.yaml",
        PARENT.replace("units: $width", "units: {int: [4, 8]}")
        .replace("width: {int: [4, 8]}, ", "")
        .partition("forbid:")[0],
    )

    every = SearchSpace.load(path, changes([], ["hidden.dense.units=7"]))
    one = SearchSpace.load(path, changes([], ["hidden[1].dense.units=7"]))

    def units(space: SearchSpace) -> list[int]:
        layers = space.check_values({"variables.depth": 3}).layers
        return [layer.to_json()["arguments"]["units"] for layer in layers[1:4]]

    assert units(every) == [7, 7, 7]
    assert units(one) == [6, 7, 6]
    assert "hidden[0].dense.units" in {parameter.name for parameter in one.parameters()}


def test_presets_against_what_is_fixed_are_set_aside_with_the_reason(write: Write) -> None:
    space = SearchSpace.load(write("parent.yaml", PARENT), changes([], ["variables.width=4"]))

    assert list(space.presets) == ["small"]
    assert space.set_aside == {"large": "variables.width is fixed to 4. Got 8"}
    assert space.preset("small").values.keys() == space.default().values.keys()
