"""What sets one space apart from another, as a person reads it."""

import json
import random

import pytest
from spaces_at_random import content_of

from search_spaces import SearchSpace, differences, library

OLD = """
name: old
variables: {width: {choice: [8, 16]}}
layers:
  - flatten
  - repeat: {int: [1, 2], default: 1}
    name: hidden
    layers:
      - dense: {units: {int: [8, 64], log: true, default: 16}, activation: {choice: [relu, tanh]}}
  - dense: {units: $width * 2}
training:
  optimizer: adam
  batch_size: 32
  epochs: 6
limits: {parameters: 2_000}
forbid: ["hidden.repeat == 2 and hidden[1].dense.activation == tanh"]
presets:
  first: {values: {"hidden[0].dense.units": 20}}
"""


def changes(*changed: tuple[str, str]) -> list[str]:
    text = OLD
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    old_space, new_space = SearchSpace.parse(OLD, "old.yaml"), SearchSpace.parse(text, "new.yaml")
    return [str(each) for each in differences(old_space, new_space)]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "[8, 64]",
            "[8, 128]",
            [
                "~ hidden[0].dense.units: 8 to 64, log -> 8 to 128, log (wider)",
                "~ hidden[1].dense.units: 8 to 64, log -> 8 to 128, log (wider)",
            ],
        ),
        (
            "[1, 2], default: 1",
            "[1, 3], default: 2",
            [
                "~ hidden.repeat: 1 to 2 -> 1 to 3 (wider), default 1 -> 2",
                "+ hidden[2].dense.units: 8 to 64, log, default 16",
                "+ hidden[2].dense.activation: relu or tanh, default relu",
            ],
        ),
        ("{int: [1, 2], default: 1}", "2", ["~ hidden.repeat: 1 to 2 -> 2 (fixed now)"]),
        (
            "batch_size: 32",
            "batch_size: {choice: [32, 64]}",
            ["~ training.batch_size: 32 -> 32 or 64, default 32 (searched now)"],
        ),
        ("epochs: 6", "epochs: 8", ["~ training.epochs: 6 -> 8"]),
        ("[8, 16]", "[16, 32]", ["~ variables.width: 8 or 16 -> 16 or 32 (new: 32; gone: 8), default 8 -> 16"]),
        ("$width * 2", "$width * 3", ["~ dense.units: $width * 2 -> $width * 3"]),
        (
            "$width * 2",
            "$width",
            ["~ dense.units: $width * 2 -> $width"],
        ),
        ("  - flatten\n", "  - flatten\n  - batch_normalization\n", ["+ batch_normalization: layer"]),
        (
            "optimizer: adam",
            "optimizer: {sgd: {momentum: 0.9}}",
            ["~ training.optimizer: adam -> sgd", "+ training.optimizer.sgd.momentum: 0.9"],
        ),
        ("2_000", "125_000", ["~ limits.parameters: 2,000 -> 125,000"]),
        ("limits: {parameters: 2_000}\n", "", ["- limits.parameters: 2,000"]),
        (
            "forbid: [",
            'forbid: ["hidden[0].dense.units == 8", ',
            ["+ forbid: hidden[0].dense.units == 8"],
        ),
        (
            'first: {values: {"hidden[0].dense.units": 20}}',
            'first: {values: {"hidden[0].dense.units": 24}}\n  second: {values: {hidden.repeat: 2}}',
            ["~ presets.first: hidden[0].dense.units = 24", "+ presets.second: hidden.repeat = 2"],
        ),
    ],
)
def test_each_change_has_its_line(old: str, new: str, lines: list[str]) -> None:
    assert changes((old, new)) == lines


def test_a_range_that_is_narrower_or_moved_says_so() -> None:
    assert changes(("[8, 64]", "[10, 32]"))[0].endswith("(narrower)")
    assert changes(("[8, 64]", "[16, 128]"))[0].endswith("(moved)")
    assert changes(("[8, 64], log: true", "[8, 64]"))[0] == "~ hidden[0].dense.units: 8 to 64, log -> 8 to 64"


def test_options_in_another_order_are_a_difference_because_grids_walk_them_in_order() -> None:
    assert changes(("[relu, tanh]", "[tanh, relu], default: relu")) == [
        "~ hidden[0].dense.activation: relu or tanh -> tanh or relu (in another order)",
        "~ hidden[1].dense.activation: relu or tanh -> tanh or relu (in another order)",
    ]


def test_layers_in_another_order_are_told() -> None:
    moved = OLD.replace("  - dense: {units: $width * 2}\n", "").replace(
        "  - flatten\n", "  - flatten\n  - dense: {units: $width * 2}\n"
    )
    found = differences(SearchSpace.parse(OLD, "old.yaml"), SearchSpace.parse(moved, "new.yaml"))
    assert [str(each) for each in found] == ["~ layers: they stand in another order"]


def test_another_name_and_another_way_of_writing_the_same_are_no_difference() -> None:
    assert changes(("name: old", "name: new\ndescription: the same"), ("epochs: 6", "epochs: 6  # as before")) == []
    assert changes(("optimizer: adam", "optimizer: {adam: {}}")) == []


@pytest.mark.parametrize("name", library())
def test_no_space_of_the_library_differs_from_itself(name: str) -> None:
    assert differences(SearchSpace.load(name), SearchSpace.load(name)) == ()


@pytest.mark.parametrize("seed", range(30))
def test_random_spaces_do_not_differ_from_themselves_but_differ_from_each_other(seed: int) -> None:
    first, second = (
        SearchSpace.parse(json.dumps(content_of(random.Random(each))), "random.yaml") for each in (seed, seed + 1000)
    )
    assert differences(first, first) == ()
    assert bool(differences(first, second)) == (first.fingerprint != second.fingerprint)
