"""Conditions: what holds in a closed world, and what is told of them before anything is drawn."""

from __future__ import annotations

import pytest

from search_spaces import Value
from search_spaces.expressions import Kind, check, holds, parse_condition, resolve

KINDS: dict[str, Kind] = {
    "conv.repeat": "number",
    "conv[0].conv2d.filters": "number",
    "conv[1].conv2d.filters": "number",
    "conv[2].conv2d.filters": "number",
    "conv[0].conv2d.kernel_size": "mixed",
    "pool": "text",
    "pool.max_pooling2d.pool_size": "number",
    "dense.units": "number",
    "dense.activation": "text",
    "extra.optional": "bool",
    "training.optimizer": "text",
    "training.optimizer.sgd.nesterov": "bool",
    "training.batch_size": "number",
    "variables.width": "number",
    "variables.act": "text",
    "variables.rate": "mixed",
}
OPTIONS: dict[str, list[Value]] = {
    "training.optimizer": ["adam", "sgd"],
    "pool": ["max_pooling2d", "none"],
    "conv[0].conv2d.filters": [16, 32],
    "conv[0].conv2d.kernel_size": [3, "[3, 5]"],
    "variables.rate": [0.1, "null"],
}
VALUES: dict[str, Value] = {
    "conv.repeat": 2,
    "conv[0].conv2d.filters": 32,
    "conv[1].conv2d.filters": 16,
    "conv[0].conv2d.kernel_size": "[3, 5]",
    "pool": "max_pooling2d",
    "dense.units": 64,
    "dense.activation": "relu",
    "extra.optional": True,
    "training.optimizer": "sgd",
    "training.batch_size": 256,
    "variables.rate": "null",
}


def true(source: str, values: dict[str, Value] = VALUES, *, width: int = 32, n_indices: int = 3) -> bool:
    return holds(resolve(parse_condition(source), KINDS), values, {"width": width}, n_indices)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("training.optimizer == sgd and training.batch_size > 128", True),
        ("training.optimizer == adam or training.batch_size >= 257", False),
        ("training.optimizer != adam", True),
        ("dense.activation in [relu, elu]", True),
        ("dense.activation not in [relu, elu]", False),
        ("dense.activation not in ['tanh']", True),
        ("not (dense.activation == 'relu' and dense.units <= 64)", False),
        ("$width * 2 > dense.units", False),
        ("$width * 2 == dense.units", True),
        ("dense.units == 64.0", True),
        ("pool == max_pooling2d", True),
        ("max_pooling2d == pool", True),
        ("'pool' == max_pooling2d", False),
        ("extra.optional", True),
        ("extra.optional == true", True),
        ("extra.optional == 1", False),
        ("not extra.optional or dense.units < 100", True),
        ("variables.rate == null", True),
        ("$rate == 'null'", True),
        ("conv[0].conv2d.kernel_size == '[3, 5]'", True),
        ("dense.units in [min($width, 8), 32 + $width]", True),
    ],
)
def test_a_condition_asks_the_drawn_values(source: str, answer: bool) -> None:
    assert true(source) is answer


@pytest.mark.parametrize("word", ["==", "!=", "<", "<=", ">", ">="])
def test_no_comparison_holds_for_an_inactive_parameter_and_its_negation_does(word: str) -> None:
    for source in (
        f"pool.max_pooling2d.pool_size {word} 2",
        f"2 {word} pool.max_pooling2d.pool_size + 1",
        f"pool.max_pooling2d.pool_size {word} pool.max_pooling2d.pool_size",
        f"$act {word} relu",
    ):
        assert not true(source)
        assert true(f"not {source}")


def test_in_and_truth_are_closed_as_well() -> None:
    for source in (
        "pool.max_pooling2d.pool_size in [2, 3]",
        "pool.max_pooling2d.pool_size not in [2, 3]",
        "dense.units in [64, pool.max_pooling2d.pool_size]",
        "training.optimizer.sgd.nesterov",
        "training.optimizer.sgd.nesterov == false",
    ):
        assert not true(source)
        assert true(f"not ({source})")


def test_an_inactive_parameter_does_not_become_a_text() -> None:
    assert not true("pool != none", {"dense.units": 1})
    with pytest.raises(ValueError, match=r"bare words are resolved before a condition is asked\. Got pool"):
        holds(parse_condition("pool != none"), VALUES)


@pytest.mark.parametrize(
    "source",
    [
        "dense.units / ($width - 32) > 1",
        "dense.units / ($width - 32) != 1",
        "dense.activation * 2 > 1",
        "dense.activation > 1",
        "conv[0].conv2d.kernel_size > 1",
        "extra.optional > 0",
        "dense.units ** 99 > 1",
    ],
)
def test_a_comparison_with_what_is_no_number_does_not_hold(source: str) -> None:
    assert not true(source)


def test_an_index_stands_for_any_of_them() -> None:
    assert true("conv[$i].conv2d.filters > conv[$i + 1].conv2d.filters")
    assert true("conv[$i + 1].conv2d.filters < conv[$i].conv2d.filters")
    assert true("conv[$i].conv2d.filters < conv[$i - 1].conv2d.filters")
    assert not true("conv[$i].conv2d.filters < conv[$i + 1].conv2d.filters")
    assert true("conv[$i].conv2d.filters == 16 and $i == 1")
    assert not true("conv[$i].conv2d.filters == 16 and $i == 0")
    assert not true("conv[$i].conv2d.filters == 16", n_indices=1)
    assert not true("conv[$i].conv2d.filters == 16", n_indices=0)
    # One index at a time: no repetition has both.
    assert not true("conv[$i].conv2d.filters == 16 and conv[$i].conv2d.filters == 32")
    # The last repetition has no next one, so the comparison is false there and its negation true.
    assert true("not conv[$i].conv2d.filters < conv[$i + 1].conv2d.filters", n_indices=2)


# --- checking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "training.optimizer == sgd and training.batch_size > 128",
        "conv[$i].conv2d.filters > conv[$i + 1].conv2d.filters",
        "conv[$i].conv2d.filters == 32 and $i > 0",
        "dense.activation in [relu, 'elu', $act]",
        "not extra.optional or $width // 2 >= dense.units",
        "pool == none",
        "none == pool",
        "extra.optional",
        "conv[0].conv2d.kernel_size > 3 or conv[0].conv2d.kernel_size == '[3, 5]'",
        "$rate == null",
        "$rate * 2 > 0.1",
        "min(dense.units, 3) in [1, $width]",
    ],
)
def test_nothing_is_told_of_a_right_condition(source: str) -> None:
    assert check(parse_condition(source), KINDS, OPTIONS) == []
    assert check(resolve(parse_condition(source), KINDS), KINDS, OPTIONS) == []


@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        ("dense.unit > 3", ["no such parameter: 'dense.unit'. Did you mean 'dense.units'?"]),
        ("nothing.like_it > 3", ["no such parameter: 'nothing.like_it'"]),
        ("pol == none", ["no such parameter: 'pol'. Did you mean 'pool'?"]),
        ("pol * 2 > 3", ["no such parameter: 'pol'. Did you mean 'pool'?"]),
        ("dense.units > pol", ["no such parameter: 'pol'. Did you mean 'pool'?"]),
        (
            "conv[$i].conv2d.filter > 3",
            ["no such parameter: 'conv[$i].conv2d.filter'. Did you mean 'conv[0].conv2d.filters'?"],
        ),
        (
            "conv[$i - 3].conv2d.filters > 3",
            ["no such parameter: 'conv[$i - 3].conv2d.filters'. Did you mean 'conv[0].conv2d.filters'?"],
        ),
        ("$widht > 3", ["unknown variable '$widht'. Did you mean '$width'?"]),
        ("$qqqq", ["unknown variable '$qqqq'"]),
        ("dense.activation > 3", ["only numbers are compared by size. dense.activation is a text"]),
        ("dense.units < 'big'", ["only numbers are compared by size. 'big' is a text"]),
        ("extra.optional < true", ["only numbers are compared by size. extra.optional is true or false",
                                   "only numbers are compared by size. true is true or false"]),
        ("pool * 2 == dense.units", ["arithmetic takes numbers. pool is a text"]),
        ("dense.units > max(2, $act)", ["arithmetic takes numbers. $act is a text"]),
        ("dense.units == -extra.optional", ["arithmetic takes numbers. extra.optional is true or false"]),
        ("training.optimizer == sdg", ["training.optimizer is never 'sdg'. Did you mean 'sgd'?"]),
        ("'sdg' != training.optimizer", ["training.optimizer is never 'sdg'. Did you mean 'sgd'?"]),
        ("training.optimizer in [sgd, lion]", ["training.optimizer is never 'lion'"]),
        ("conv[0].conv2d.filters == 33", ["conv[0].conv2d.filters is never 33"]),
        ("conv[0].conv2d.kernel_size == '[3,5]'",
         ["conv[0].conv2d.kernel_size is never '[3,5]'. Did you mean '[3, 5]'?"]),
        ("training.optimizer == null", ["training.optimizer is never null"]),
        ("dense.units == relu", ["dense.units is never 'relu'. It is a number"]),
        ("extra.optional == 1", ["extra.optional is never 1. It is true or false"]),
        ("dense.units == dense.activation",
         ["dense.units never equals dense.activation. dense.units is a number, dense.activation is a text"]),
        ("dense.units and extra.optional",
         ["only what is true or false is a condition by itself. dense.units is a number: compare it"]),
        ("dense.activation",
         ["only what is true or false is a condition by itself. dense.activation is a text: compare it"]),
        ("not true", ["a condition asks for a parameter. Got true alone"]),
        ("true", ["a condition asks for a parameter. Got true alone"]),
        ("1 == 1", ["a comparison names a parameter. Got 1 == 1"]),
        ("dense.unit > 3 and training.optimizer == sdg",
         ["no such parameter: 'dense.unit'. Did you mean 'dense.units'?",
          "training.optimizer is never 'sdg'. Did you mean 'sgd'?"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_condition_is_told(source: str, complaints: list[str]) -> None:
    assert check(parse_condition(source), KINDS, OPTIONS) == complaints
