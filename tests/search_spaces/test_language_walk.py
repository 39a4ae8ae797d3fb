"""Formulas, blocks, objects and training settings: what a chooser is asked for, and what comes of it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from walks import asked, needs

from search_spaces import (
    Branches,
    Configuration,
    Layer,
    Residual,
    SearchSpace,
    SpaceError,
)

SpaceOf = Callable[..., SearchSpace]


# --- formulas ---------------------------------------------------------------------------------------------------------


def test_a_formula_has_a_value_of_its_own_in_each_repetition(space_of: SpaceOf) -> None:
    space = space_of(
        """
        - flatten
        - repeat: 3
          layers: [{dense: {units: $width * 2 ** $i}}]
        """,
        more="variables: {width: {choice: [4, 8]}}",
    )

    units = [layer.arguments["units"] for layer in space.check_values({"variables.width": 8}).layers[1:]]
    assert units == [8, 16, 32]


def test_a_variable_is_drawn_once_though_formulas_and_settings_use_it(space_of: SpaceOf) -> None:
    space = space_of(
        """
        - flatten
        - dense: {units: $width // 2}
        - dense: {units: $width}
        - dense: {units: "max($width, $more)"}
        """,
        more="variables: {width: {choice: [4, 8]}, more: {int: [5, 6]}}",
    )

    assert asked(space) == ["variables.width", "variables.more"]
    values: dict[str, object] = {"variables.width": 4, "variables.more": 6}
    assert [layer.arguments["units"] for layer in space.check_values(values).layers[1:]] == [2, 4, 6]
    assert space.size().configurations == 4


def test_whole_numbers_stay_whole_and_become_floats_where_keras_wants_them(space_of: SpaceOf) -> None:
    configuration = space_of(
        "- flatten\n- dense: {units: $n * 2}\n- dropout: {rate: $n / 8}\n- gaussian_noise: {stddev: $n * 1}",
        more="variables: {n: {int: [2, 2]}}",
    ).default()

    assert [repr(next(iter(layer.arguments.values()))) for layer in configuration.layers[1:]] == ["4", "0.25", "2.0"]


def test_a_formula_may_decide_how_often_something_repeats(space_of: SpaceOf) -> None:
    space = space_of(
        "- flatten\n- repeat: $depth * 2 - 1\n  name: hidden\n  layers: [{dense: {units: {choice: [4, 8]}}}]",
        more="variables: {depth: {int: [1, 2]}}",
    )

    assert asked(space, {"variables.depth": 1}) == ["variables.depth", "hidden[0].dense.units"]
    assert asked(space, {"variables.depth": 2})[1:] == [f"hidden[{i}].dense.units" for i in range(3)]
    assert [parameter.name for parameter in space.parameters()][1:] == [f"hidden[{i}].dense.units" for i in range(3)]
    assert space.size().configurations == 2 + 2**3


def test_the_index_in_a_formula_is_that_of_the_innermost_repeat(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - flatten
        - repeat: 2
          name: outer
          layers:
            - repeat: 2
              layers: [{dense: {units: $i + 1}}]
            - dense: {units: ($i + 1) * 10}
    """).default()

    assert [layer.arguments["units"] for layer in configuration.layers[1:]] == [1, 2, 10, 1, 2, 20]


# --- residual blocks and branches -------------------------------------------------------------------------------------


def test_a_residual_block_holds_its_layers_and_its_shortcuts(space_of: SpaceOf) -> None:
    space = space_of("""
        - repeat: 2
          name: stage
          layers:
            - residual:
                - conv2d: {filters: {choice: [4, 8]}, kernel_size: 3, padding: same}
              shortcut:
                - conv2d: {filters: {choice: [4, 8]}, kernel_size: 1}
              name: block
        - flatten
    """)

    configuration = space.default()

    first, second, flatten = configuration.layers
    assert isinstance(first, Residual)
    assert isinstance(second, Residual)
    assert (first.path, first.name, second.path) == ("stage[0].block", "stage_0_block", "stage[1].block")
    assert first.shortcut is not None
    assert [step.path for step in (*first.body, *first.shortcut)] == [
        "stage[0].block.conv2d", "stage[0].block.shortcut.conv2d",
    ]  # fmt: skip
    assert flatten.path == "flatten"
    assert [parameter.name for parameter in space.parameters()][:2] == [
        "stage[0].block.conv2d.filters", "stage[0].block.shortcut.conv2d.filters",
    ]  # fmt: skip
    assert space.size().configurations == 2**4


def test_a_shortcut_of_null_is_none_and_an_empty_one_is_empty(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - residual: [elu]
          shortcut: null
        - residual: [elu]
          shortcut: []
        - flatten
    """).default()

    assert [step.shortcut for step in configuration.layers if isinstance(step, Residual)] == [None, ()]


def test_branches_go_side_by_side_and_their_merge_may_be_drawn(space_of: SpaceOf) -> None:
    space = space_of("""
        - branches:
            - elu
            - name: wide
              layers: [{dropout: {rate: {choice: [0.1, 0.2]}}}, elu]
            - {name: same, layers: []}
            - optional: {bool}
              name: perhaps
              layers: [elu]
          merge: {choice: [add, maximum]}
          name: ways
        - flatten
    """)

    (block, _) = space.check_values({"ways.merge": "maximum"}).layers

    assert isinstance(block, Branches)
    assert block.merge == "maximum"
    assert [[step.path for step in branch] for branch in block.branches] == [
        ["ways.elu"], ["ways.wide.dropout", "ways.wide.elu"], [], [],
    ]  # fmt: skip
    assert asked(space) == ["ways.wide.dropout.rate", "ways.perhaps.optional", "ways.merge"]
    assert space.size().configurations == 8


def test_branches_without_a_merge_are_concatenated_and_it_can_be_set(space_of: SpaceOf) -> None:
    from search_spaces import changes

    text = "name: s\nlayers: [{branches: [elu, elu]}, flatten]\ntraining: {optimizer: adam, batch_size: 8, epochs: 1}"
    plain, changed = SearchSpace.parse(text, "s"), SearchSpace.parse(text, "s", changes(["branches.merge=add"]))

    assert [space.default().layers[0].to_json()["merge"] for space in (plain, changed)] == ["concatenate", "add"]


# --- objects of Keras -------------------------------------------------------------------------------------------------

OBJECTS = """
- flatten
- dense:
    units: 4
    activation:
      choice:
        - relu
        - leaky_relu: {negative_slope: {choice: [0.1, 0.2]}}
        - leaky_relu: {}
        - null
    kernel_regularizer: {l1_l2: {l1: {choice: [0.1, 0.2]}, l2: 1}}
"""


def test_arguments_of_objects_are_named_and_asked_for_only_where_the_object_is_drawn(space_of: SpaceOf) -> None:
    space = space_of(OBJECTS)

    slope = "dense.activation.leaky_relu.negative_slope"
    assert asked(space) == ["dense.activation", "dense.kernel_regularizer.l1_l2.l1"]
    assert asked(space, {"dense.activation": "leaky_relu"}) == [
        "dense.activation", slope, "dense.kernel_regularizer.l1_l2.l1",
    ]  # fmt: skip
    assert needs(space)[slope] == ("dense.activation is leaky_relu",)
    assert space.size().configurations == (1 + 2 + 1 + 1) * 2


def test_an_object_is_its_name_with_its_arguments_in_a_configuration(space_of: SpaceOf) -> None:
    space = space_of(OBJECTS)

    made = {
        option: space.check_values({"dense.activation": option}).layers[1].arguments["activation"]
        for option in ("relu", "leaky_relu", "leaky_relu_2", "null")
    }

    assert made == {
        "relu": "relu",
        "leaky_relu": {"leaky_relu": {"negative_slope": 0.1}},
        "leaky_relu_2": {"leaky_relu": {}},
        "null": None,
    }
    assert space.default().layers[1].arguments["kernel_regularizer"] == {"l1_l2": {"l1": 0.1, "l2": 1.0}}


# --- the whole --------------------------------------------------------------------------------------------------------

TRAINING = """
  optimizer: adam
  batch_size: 8
  epochs: 1
  schedule: {choice: [constant, {cosine: {warmup: {choice: [0.1, 0.2]}}}]}
  loss: {categorical_focal_crossentropy: {gamma: 3}}
  averaging: {choice: [none, ema]}
  augmentation:
    - flip
    - optional: {bool}
      name: more
      layers: [{shift: {height: {choice: [0.1, 0.2]}}}, flip]
"""


def test_a_configuration_of_all_this_survives_json(space_of: SpaceOf) -> None:
    space = space_of(
        OBJECTS + "- residual: [elu]\n- branches: [elu, {dense: {units: $w}}]",
        TRAINING,
        "variables: {w: {int: [1, 9]}}",
    )

    for seed in range(20):
        configuration = space.sample(random.Random(seed))
        assert Configuration.from_json(configuration.to_json()) == configuration


def test_a_layer_that_no_images_can_reach_in_one_branch_is_told(space_of: SpaceOf) -> None:
    with pytest.raises(SpaceError, match=r"conv2d needs an image, but what arrives is a vector"):
        space_of("- flatten\n- branches: [elu, {conv2d: {filters: 4, kernel_size: 1}}]")


def test_layers_inside_blocks_keep_names_that_are_unique(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - residual: [elu]
          name: a
        - {elu: null, name: a_elu}
        - branches: [elu, elu]
          name: a_elu_2
        - flatten
    """).default()

    names = [layer.name for step in configuration.layers for layer in _layers(step)]
    assert names == ["a_elu", "a_elu_2", "a_elu_2_elu", "a_elu_2_elu_2", "flatten"]


def _layers(step: Layer | Residual | Branches) -> list[Layer]:
    from search_spaces import all_layers

    return list(all_layers((step,)))
