"""The walk: what is asked, in which order, and what comes of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from search_spaces import Bool, Choice, Configuration, Int, Parameter, SearchSpace, SpaceError, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    SpaceOf = Callable[..., SearchSpace]


def asked(space: SearchSpace, answers: dict[str, Value] | None = None) -> list[str]:
    """Names in the order in which a chooser that answers so is asked for them."""
    names = []

    def choose(parameter: Parameter) -> Value:
        names.append(parameter.name)
        return (answers or {}).get(parameter.name, parameter.default)

    space.configure(choose)
    return names


def every(space: SearchSpace) -> Iterator[Configuration]:
    """All configurations of a finite space, by backtracking over the walk: the last answer that can grow, grows."""
    trail: list[tuple[Any, int]] = []
    while True:
        position = 0

        def choose(parameter: Parameter) -> Value:
            nonlocal position
            values = parameter.domain.values()
            if position == len(trail):
                trail.append((values, 0))
            position += 1
            return values[trail[position - 1][1]]

        yield space.configure(choose)
        while trail and trail[-1][1] + 1 == len(trail[-1][0]):
            trail.pop()
        if not trail:
            return
        trail[-1] = (trail[-1][0], trail[-1][1] + 1)


def test_a_repeat_asks_for_its_count_and_then_anew_in_each_round(space_of: SpaceOf) -> None:
    space = space_of("""
        - flatten
        - repeat: {int: [1, 3]}
          name: hidden
          layers:
            - dense: {units: {int: [8, 16]}}
    """)

    assert asked(space, {"hidden.repeat": 1}) == ["hidden.repeat", "hidden[0].dense.units"]
    assert asked(space, {"hidden.repeat": 2}) == ["hidden.repeat", "hidden[0].dense.units", "hidden[1].dense.units"]
    assert [parameter.name for parameter in space.parameters()] == [
        "hidden.repeat",
        "hidden[0].dense.units",
        "hidden[1].dense.units",
        "hidden[2].dense.units",
    ]


def test_a_fixed_repeat_asks_for_nothing_and_counts_with_its_index(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - repeat: 3
          name: noise
          layers: [{gaussian_noise: {stddev: $i}}]
        - flatten
    """).default()

    assert [layer.arguments for layer in configuration.layers[:3]] == [
        {"stddev": 0.0},
        {"stddev": 1.0},
        {"stddev": 2.0},
    ]
    assert configuration.values == {}


def test_a_repeat_may_be_left_out_and_may_be_one_of_a_few_counts(space_of: SpaceOf) -> None:
    space = space_of("""
        - flatten
        - repeat: {choice: [0, 2, 5]}
          layers: [{dense: {units: 8}}]
    """)

    assert [len(configuration.layers) for configuration in every(space)] == [1, 3, 6]


def test_the_innermost_repeat_gives_the_index(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - repeat: 2
          name: outer
          layers:
            - repeat: 2
              name: inner
              layers: [{gaussian_noise: {stddev: $i}}]
            - gaussian_noise: {stddev: $i}
        - flatten
    """).default()

    noise = [(layer.path, layer.arguments["stddev"]) for layer in configuration.layers[:-1]]
    assert noise == [
        ("outer[0].inner[0].gaussian_noise", 0.0),
        ("outer[0].inner[1].gaussian_noise", 1.0),
        ("outer[0].gaussian_noise", 0.0),
        ("outer[1].inner[0].gaussian_noise", 0.0),
        ("outer[1].inner[1].gaussian_noise", 1.0),
        ("outer[1].gaussian_noise", 1.0),
    ]


def test_optional_layers_are_there_or_not(space_of: SpaceOf) -> None:
    space = space_of("""
        - flatten
        - optional: {bool}
          name: extra
          layers: [{dense: {units: {choice: [8, 16]}}}]
    """)

    assert asked(space) == ["extra.optional"]
    assert asked(space, {"extra.optional": True}) == ["extra.optional", "extra.dense.units"]
    assert [len(configuration.layers) for configuration in every(space)] == [1, 2, 2]


def test_a_choice_of_subtrees_is_drawn_by_name_and_asks_only_inside_it(space_of: SpaceOf) -> None:
    space = space_of("""
        - choice:
            - max_pooling2d: {pool_size: {choice: [2, 3]}}
            - average_pooling2d: {pool_size: 2}
            - name: both
              layers: [{max_pooling2d: {pool_size: 2}}, {average_pooling2d: {pool_size: 1}}]
            - {name: none, layers: []}
          name: pool
          default: average_pooling2d
        - flatten
    """)

    assert space.parameters()[0] == Parameter(
        name="pool",
        domain=Choice(options=("max_pooling2d", "average_pooling2d", "both", "none")),
        default="average_pooling2d",
    )
    assert asked(space) == ["pool"]
    assert asked(space, {"pool": "max_pooling2d"}) == ["pool", "pool.max_pooling2d.pool_size"]
    both = space.check_values({"pool": "both"})
    assert [layer.path for layer in both.layers] == [
        "pool.both.max_pooling2d",
        "pool.both.average_pooling2d",
        "flatten",
    ]
    assert len(space.check_values({"pool": "none"}).layers) == 1


def test_an_optimizers_settings_exist_only_under_it(space_of: SpaceOf) -> None:
    training = """
  optimizer:
    choice:
      - adam
      - sgd: {momentum: {choice: [0.0, 0.9]}}
      - sgd: {learning_rate: 1}
        name: large_steps
    default: sgd
  batch_size: 32
  epochs: {int: [1, 2]}"""
    space = space_of("- flatten", training)

    assert asked(space) == ["training.optimizer", "training.optimizer.sgd.momentum", "training.epochs"]
    assert asked(space, {"training.optimizer": "adam"}) == ["training.optimizer", "training.epochs"]
    large = space.check_values({"training.optimizer": "large_steps"}).training.optimizer
    assert (large.kind, large.arguments) == ("sgd", {"learning_rate": 1.0})


def test_a_variable_is_drawn_once_where_it_is_first_used(space_of: SpaceOf) -> None:
    space = space_of(
        """
        - flatten
        - dense: {units: 8, activation: $act}
        - dropout: {rate: {choice: [0.1, 0.2]}}
        - dense: {units: 8, activation: $act}
        """,
        more="variables: {act: {choice: [relu, elu]}}",
    )

    assert asked(space) == ["variables.act", "dropout.rate"]
    configuration = space.check_values({"variables.act": "elu"})
    assert [layer.arguments.get("activation") for layer in configuration.layers] == [None, "elu", None, "elu"]


def test_a_variable_that_nothing_active_uses_is_not_drawn(space_of: SpaceOf) -> None:
    space = space_of(
        """
        - flatten
        - optional: $more
          layers: [{dense: {units: $width}}]
        """,
        more="variables: {more: {bool}, width: {choice: [8, 16, 32]}}",
    )

    assert asked(space) == ["variables.more"]
    assert asked(space, {"variables.more": True}) == ["variables.more", "variables.width"]
    assert space.size().configurations == 4


def test_a_variable_may_be_a_constant(space_of: SpaceOf) -> None:
    space = space_of("- flatten\n- dense: {units: $width}", more="variables: {width: 24}")

    assert space.default().layers[1].arguments == {"units": 24}
    assert space.parameters() == ()
    assert space.size().configurations == 1


def test_lists_and_null_are_drawn_by_label_and_built_as_themselves(space_of: SpaceOf) -> None:
    space = space_of(
        "- conv2d: {filters: 4, kernel_size: {choice: [3, [3, 5]]}, activation: {choice: [null, relu]}}\n- flatten",
        more="presets: {wide: {values: {conv2d.kernel_size: [3, 5], conv2d.activation: null}}}",
    )

    configuration = space.preset("wide")

    assert configuration.values == {"conv2d.kernel_size": "[3, 5]", "conv2d.activation": "null"}
    assert configuration.layers[0].arguments == {"filters": 4, "kernel_size": [3, 5], "activation": None}


def test_names_of_keras_layers_are_unique_and_leave_the_builders_own_alone(space_of: SpaceOf) -> None:
    configuration = space_of("""
        - dropout: {rate: 0.1}
          name: output
        - dropout: {rate: 0.1}
        - dropout: {rate: 0.1}
        - dropout: {rate: 0.1}
          name: a_b
        - name: a
          layers: [{dropout: {rate: 0.1}, name: b}]
        - flatten
    """).default()

    assert [layer.path for layer in configuration.layers] == ["output", "dropout", "dropout_2", "a_b", "a.b", "flatten"]
    assert [layer.name for layer in configuration.layers] == [
        "output_2", "dropout", "dropout_2", "a_b", "a_b_2", "flatten",
    ]  # fmt: skip


def test_an_answer_outside_the_domain_is_refused_by_name(space_of: SpaceOf) -> None:
    space = space_of("- flatten\n- dense: {units: {int: [8, 16]}}")

    with pytest.raises(ValueError, match=r"^dense.units: must be 8 to 16. Got 17$"):
        space.configure(lambda _: 17)


def test_a_whole_number_given_to_a_range_of_floats_becomes_one(space_of: SpaceOf) -> None:
    space = space_of("- flatten\n- dropout: {rate: {float: [0, 0.5]}}")

    configuration = space.configure(lambda _: 0)

    assert repr(configuration.values["dropout.rate"]) == "0.0"
    assert repr(configuration.layers[1].arguments["rate"]) == "0.0"


SPACES = {
    "plain": ("- flatten\n- dense: {units: {int: [1, 5]}, use_bias: {bool}}", ""),
    "repeat": ("- flatten\n- repeat: {int: [0, 3]}\n  layers: [{dense: {units: {choice: [1, 2]}}}]", ""),
    "nested": (
        """
        - repeat: {int: [1, 2]}
          name: stage
          layers:
            - repeat: {choice: [1, 3]}
              layers: [{gaussian_noise: {stddev: {choice: [0.1, 0.2]}}}]
            - optional: {bool}
              layers: [{dropout: {rate: {float: [0.0, 0.5], step: 0.25}}}]
        - flatten
        """,
        "",
    ),
    "choice": (
        """
        - flatten
        - choice:
            - dense: {units: {int: [1, 3]}, activation: $act}
            - dropout: {rate: 0.1}
            - name: two
              layers: [{dense: {units: $width}}, {dense: {units: $width, activation: $act}}]
        """,
        "variables: {act: {choice: [relu, elu]}, width: {int: [4, 8]}}",
    ),
    "deciding variables": (
        """
        - repeat: $depth
          layers: [{dropout: {rate: {choice: [0.1, 0.2]}}}]
        - optional: {bool}
          name: more
          layers:
            - optional: $norm
              layers: [{batch_normalization: {momentum: {choice: [0.9, 0.99]}}}]
            - repeat: $depth
              layers: [{gaussian_noise: {stddev: $noise}}]
        - flatten
        """,
        "variables: {depth: {int: [0, 2]}, norm: {bool}, noise: {choice: [0.1, 0.2, 0.3]}}",
    ),
}


@pytest.mark.parametrize("name", SPACES)
def test_the_size_is_the_number_of_configurations_that_the_walk_can_make(name: str, space_of: SpaceOf) -> None:
    layers, more = SPACES[name]
    space = space_of(layers, more=more)

    configurations = [tuple(configuration.values.items()) for configuration in every(space)]

    assert space.size().configurations == len(configurations) == len(set(configurations))


@pytest.mark.parametrize("name", SPACES)
def test_each_draw_asks_for_a_part_of_the_parameters_in_one_order(name: str, space_of: SpaceOf) -> None:
    layers, more = SPACES[name]
    space = space_of(layers, more=more)
    known = {parameter.name: parameter for parameter in space.parameters()}
    met = set()

    for configuration in every(space):
        met |= set(configuration.values)
        assert all(known[parameter].domain.contains(value) for parameter, value in configuration.values.items())
    assert met == set(known)


def test_a_huge_space_is_counted_without_being_walked(space_of: SpaceOf) -> None:
    space = space_of("""
        - flatten
        - repeat: {int: [1, 100]}
          layers:
            - choice: [{dense: {units: {int: [1, 1000]}}}, {dropout: {rate: 0.1}}]
    """)

    assert space.size().configurations == sum(1001**n for n in range(1, 101))


def test_one_continuous_range_makes_a_space_infinite(space_of: SpaceOf) -> None:
    assert space_of("- flatten\n- dropout: {rate: {float: [0.0, 0.5]}}").size().configurations is None


def test_a_seeded_sample_is_the_same_again() -> None:
    space = SearchSpace.load("cnn_v4")

    assert space.sample(random.Random(7)) == space.sample(random.Random(7))
    assert space.sample(random.Random(7)) != space.sample(random.Random(8))


def test_domains_of_blocks_are_what_their_files_say(space_of: SpaceOf) -> None:
    space = space_of("""
        - repeat: {int: [1, 3]}
          layers:
            - optional: {bool, default: true}
              layers: [elu]
        - flatten
    """)

    repeat, optional, *_ = space.parameters()
    assert (repeat.name, repeat.domain, repeat.default) == ("repeat.repeat", Int(low=1, high=3), 2)
    assert (optional.name, optional.domain, optional.default) == ("repeat[0].optional.optional", Bool(), True)


def test_a_preset_that_does_not_exist_is_told_with_the_near_one() -> None:
    with pytest.raises(SpaceError, match=r"no preset 'publishd'\. Did you mean 'published'\?"):
        SearchSpace.load("cnn_v4").preset("publishd")


def test_partial_values_are_filled_up_with_defaults() -> None:
    space = SearchSpace.load("cnn_v4")

    configuration = space.check_values({"dense.units": 64, "training.optimizer": "sgd"})

    assert configuration.values["dense.units"] == 64
    assert configuration.values["training.optimizer.sgd.momentum"] == 0.9
    assert configuration.values["conv.repeat"] == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dense.unit": 64}, "cnn_v4.yaml:1: dense.unit: no such parameter. Did you mean 'dense.units'?"),
        ({"dense.units": 6400}, "dense.units: must be 32 to 256, log. Got 6400"),
        ({"dense.units": None}, "dense.units: must be a whole number, 32 to 256, log. Got null"),
        ({"conv[9].conv2d.filters": 32}, "no such parameter"),
        (
            {"conv.repeat": 2, "conv[3].conv2d.filters": 32},
            "conv[3].conv2d.filters: has no effect here: it is used where conv.repeat is above 3",
        ),
        (
            {"training.optimizer.sgd.momentum": 0.9},
            "training.optimizer.sgd.momentum: has no effect here: it is used where training.optimizer is sgd",
        ),
    ],
)
def test_values_that_cannot_be_used_are_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SearchSpace.load("cnn_v4").check_values(values)

    assert message in str(caught.value)


def test_a_wrong_value_is_told_at_the_line_of_its_domain() -> None:
    space = SearchSpace.load("cnn_v4")
    expected = 1 + next(i for i, line in enumerate(space.text.splitlines()) if "units: {int" in line)

    with pytest.raises(SpaceError) as caught:
        space.check_values({"dense.units": 1})

    assert caught.value.problems[0].line == expected
