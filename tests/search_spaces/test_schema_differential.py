"""The JSON Schema of the space file held against the parser: what the parser accepts, the schema does."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from search_spaces import SearchSpace, SpaceError
from search_spaces.parsing.document import read_document
from search_spaces.parsing.findings import Findings
from search_spaces.parsing.vocabulary import AUGMENTATION, PARTS, layers, optimizers
from search_spaces.schema import space_schema

VALIDATOR = Draft7Validator(space_schema())
RICH = Path(__file__).with_name("rich.yaml").read_text("utf-8")
PLAIN = "name: x\nlayers: [flatten]\ntraining: {optimizer: adam, batch_size: 32, epochs: 1}\n"


def data(text: str) -> Any:
    return read_document(text, Findings("x.yaml"))


def complaints(content: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(content)]


def is_accepted(content: Any) -> bool:
    """By the parser."""
    try:
        SearchSpace.parse(json.dumps(content), "x.yaml")
    except SpaceError:
        return False
    return True


POOL: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 50, 101, 0.0, 0.5, 1.0, 2.5, -0.5, "", "relu", "same", "l2", "null", "add",
    "zeros", "horizontal", "val_loss", "balanced", "nearest", "$x", "$x + 1", "$i", "flatten", "adam", "cosine", "flip",
    "dense", [], [3, 5], [[1, 2], [0, 0]], [1, 1.0], [1, "$x"], ["flatten"], [[]], {}, {"bool": None}, {"bool": True},
    {"bool": None, "default": True}, {"choice": []}, {"choice": [1, 2]}, {"choice": [2, [3, 5]], "default": "[3, 5]"},
    {"choice": [0.1, 0.5], "default": 0.5}, {"choice": [1, 2], "default": 2.0}, {"choice": ["relu", None]},
    {"choice": ["relu", None], "default": "null"}, {"choice": [None, 3], "default": None}, {"choice": [True, False]},
    {"choice": [1, 1.0]}, {"choice": ["relu", "relu"]}, {"choice": ["relu", {"leaky_relu": None}, "relu"]},
    {"choice": [None, {"l2": {"l2": 0.1}}], "default": "null"}, {"choice": ["zeros", {"constant": {"value": 1}}]},
    {"choice": ["flatten", "dense"]}, {"choice": ["adam", {"sgd": None, "name": "slow"}], "default": "slow"},
    {"choice": ["same", "valid"], "default": "valid"}, {"choice": [{"elu": {}}, {"elu": {"alpha": 2}}]},
    {"int": [1, 4]}, {"int": [0, 3]}, {"int": [-1, 3]}, {"int": [1, 4], "log": True}, {"int": [2, 8], "step": 2},
    {"int": [1, 4], "default": 2}, {"int": [1.0, 4]}, {"int": [4, 1]}, {"int": [1]}, {"int": [1, 4], "step": None},
    {"float": [0, 1]}, {"float": [0.1, 0.5], "step": 0.1}, {"float": [1e-4, 0.5], "log": True, "default": 0.1},
    {"float": [0.1, 0.5], "step": None}, {"float": [0.1, 0.5], "log": False, "step": 0.4}, {"float": [-1, -0.5]},
    {"leaky_relu": {}}, {"leaky_relu": {"negative_slope": {"float": [0, 1]}}}, {"l1_l2": {"l1": 0.1}}, {"l2": None},
    {"max_norm": {"max_value": "$x"}}, {"cosine": {"warmup": 0.1}}, {"sgd": {"momentum": 0.5}, "name": "a"},
    {"rule": "training.epochs > 9", "because": ""}, {"patience": None, "monitor": "val_accuracy"},
    {"layers": [], "name": "a"}, {"layers": ["flatten"], "name": "a"}, {"repeat": 2, "layers": ["flatten"]},
    {"optional": True, "layers": ["flatten"]}, {"residual": ["flatten"]}, {"residual": ["softmax"], "shortcut": None},
    {"residual": ["softmax"], "shortcut": [], "name": "r"}, {"branches": ["flatten", "flatten"], "merge": "add"},
    {"branches": ["flatten"]}, {"choice": ["flip", {"layers": [], "name": "no"}], "name": "a"}, {"dense": {"units": 3}},
    {"values": {}, "published": {"a": 1}}, {"values": {"training.epochs": {"a": 1}}}, {"parameters": 5},
]  # fmt: skip
"""Values of all kinds, right somewhere and wrong elsewhere."""


def _rules() -> dict[str, Any]:
    """A thing with an argument for each rule that there is: `conv2d.filters`."""
    found: dict[Any, Any] = {}
    for words in (layers(), optimizers(), AUGMENTATION, *PARTS.values()):
        for kind, signature in words.kinds.items():
            for name, argument in signature.arguments.items():
                found.setdefault(repr(argument.rule), (words, kind, name))
    return {f"{kind}.{name}": (words, kind, name) for words, kind, name in found.values()}


@pytest.mark.parametrize(("words", "kind", "name"), _rules().values(), ids=_rules().keys())
def test_a_value_that_an_argument_takes_is_right_there(words: Any, kind: str, name: str) -> None:
    needed = {"filters": 3, "kernel_size": 3, "pool_size": 2, "units": 3, "rate": 0.5, "stddev": 1, "activation": "elu"}
    signature = words.kinds[kind]
    given = {each: needed[each] for each, argument in signature.arguments.items() if argument.required}
    n_accepted = 0
    for value in POOL:
        entry = {kind: given | {name: value}}
        content: dict[str, Any] = data(PLAIN)
        if words is layers():
            content["layers"] = [entry, "flatten"]
        else:
            content["training"][words.noun] = [entry] if words is AUGMENTATION else entry
        if is_accepted(content):
            n_accepted += 1
            assert complaints(content) == [], value
    assert n_accepted


def paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(each for key, value in inside for each in paths(value, (*path, key)))]


@st.composite
def changed_spaces(draw: st.DrawFn) -> Any:
    """The rich space with a few values, keys and entries replaced, added and taken away."""
    content = data(RICH)
    del content["fix"], content["set"], content["forbid"]
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(paths(content)[1:]))
        around = content
        for key in path[:-1]:
            around = around[key]
        match draw(st.sampled_from(["replace", "replace", "replace", "add", "remove"])):
            case "remove":
                del around[path[-1]]
            case "add" if isinstance(around, dict):
                key = st.sampled_from(
                    ["name", "default", "layers", "step", "log", "shortcut", "merge", "use_bias", "x"]
                )
                around[draw(key)] = draw(st.sampled_from(copy.deepcopy(POOL)))
            case "add":
                around.insert(path[-1], draw(st.sampled_from(copy.deepcopy(POOL))))
            case _:
                around[path[-1]] = draw(st.sampled_from(copy.deepcopy(POOL)))
    return content


# A value that `set` gives anew is not read where it stands; so the space that is changed has no `set`.
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200)
@given(changed_spaces())
def test_whatever_is_changed_in_a_space_is_right_if_the_parser_accepts_it(content: Any) -> None:
    if is_accepted(content):
        assert complaints(content) == []
