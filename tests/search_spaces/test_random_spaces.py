"""Any good space, any draw: what is drawn, what is counted, what is written down, and what Keras builds of it."""

from __future__ import annotations

import json
import random
import re
from math import prod
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from spaces_at_random import Expected, content_of

from search_spaces import (
    Bool,
    Choice,
    Configuration,
    Float,
    Int,
    Layer,
    Parameter,
    SearchSpace,
    SpaceError,
    Unbuildable,
    Value,
    all_layers,
    changes,
    summarize,
)
from tuner.distributions import chooser
from tuner.models import build

seeds = st.integers(0, 2**32)
checked = settings(deadline=None, suppress_health_check=list(HealthCheck))


def space_of(content: dict[str, Any]) -> SearchSpace:
    return SearchSpace.parse(json.dumps(content), "random.yaml")


def spaces() -> st.SearchStrategy[SearchSpace]:
    """Good spaces; their texts are JSON, and no variable of theirs is used in the training."""
    return seeds.map(lambda seed: space_of(content_of(random.Random(seed), plain_training=True)))


def with_rules(content: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The content with some parameters fixed and some combinations forbidden."""
    known = space_of(content).parameters()
    fixed = {}
    for parameter in rng.sample(known, min(len(known), rng.choice([0, 1, 2]))):
        name = re.sub(r"\[\d+\]", "", parameter.name) if rng.random() < 0.5 else parameter.name
        fixed[name] = parameter.domain.sample(rng)
    content = content | {"fix": fixed}
    rules = [rule_of(known, rng) for _ in range(rng.choice([0, 1, 2]) if known else 0)]
    forbidding = content | {"forbid": rules}
    return forbidding if allows_the_default(forbidding) and allows_some(space_of(forbidding), rng) else content


def allows_the_default(content: dict[str, Any]) -> bool:
    """Whether it does. That it does not is the only fault that the content can have."""
    try:
        space_of(content)
    except SpaceError as error:
        if "the default configuration is forbidden" in str(error):
            return False
        raise
    return True


def allows_some(space: SearchSpace, rng: random.Random) -> bool:
    """Whether at least one draw in ten or so is allowed: else no sample might be found."""
    draws = [space.configure(lambda parameter: parameter.domain.sample(rng)) for _ in range(30)]
    return sum(space.forbidden(configuration) is None for configuration in draws) >= 3


def rule_of(known: tuple[Parameter, ...], rng: random.Random) -> str:
    parts = [part_of(parameter, rng) for parameter in rng.sample(known, min(len(known), rng.choice([1, 2, 3])))]
    return rng.choice([" and ", " and ", " or "]).join(parts)


def part_of(parameter: Parameter, rng: random.Random) -> str:
    name = parameter.name.replace("[1]", "[$i]").replace("variables.", rng.choice(["$", "variables."]))
    match parameter.domain:
        case Choice(options=options):
            options = tuple(option for option in options if option != parameter.default) or options
            listed = [f"'{option}'" if isinstance(option, str) else str(option) for option in options]
            return f"{name} in [{', '.join(listed)}]" if rng.random() < 0.3 else f"{name} == {rng.choice(listed)}"
        case Bool():
            return rng.choice([name, f"not {name}"])
        case Int() | Float():
            return f"{name} {rng.choice('><')} {parameter.default}"


class Answers(dict[str, Value]):
    """Drawn values, and fixed ones under their names without indices."""

    def __missing__(self, name: str) -> Value:
        return self[re.sub(r"\[\d+\]", "", name)] if "[" in name else super().__getitem__(f"<{name} is not drawn>")


@settings(checked, max_examples=250)
@given(seeds)
def test_any_draw_of_any_space_is_in_order(seed: int) -> None:
    rng = random.Random(seed)
    content = with_rules(content_of(rng), rng)
    space = space_of(content)
    known = {parameter.name: parameter for parameter in space.parameters()}
    fixed = content["fix"]

    assert all(parameter.domain.contains(parameter.default) for parameter in known.values())
    assert (space.size().configurations is None) == any(parameter.domain.size() is None for parameter in known.values())
    for _ in range(8):
        configuration = space.sample(rng)
        values = configuration.values
        assert all(known[name].domain.contains(value) for name, value in values.items())
        asked = Expected(content, Answers({**fixed, **values})).asked
        assert set(values) == {name for name in asked if not {name, re.sub(r"\[\d+\]", "", name)} & fixed.keys()}
        assert not space.forbidden(configuration)
        assert space.check_values(values) == configuration
        assert Configuration.from_json(json.loads(json.dumps(configuration.to_json()))) == configuration
        layers = list(all_layers(configuration.layers))
        assert len({layer.name for layer in layers}) == len({layer.path for layer in layers}) == len(layers)
        assert "$" not in json.dumps(configuration.to_json()["layers"]) + json.dumps(
            configuration.to_json()["training"]
        )


@settings(checked, max_examples=100)
@given(spaces(), seeds)
def test_any_draw_survives_the_way_through_optuna(space: SearchSpace, seed: int) -> None:
    rng = random.Random(seed)
    # The chooser rounds to what a study keeps of a number.
    configuration = space.configure(chooser(optuna.trial.FixedTrial(dict(space.sample(rng).values))))

    trial = optuna.trial.FixedTrial(dict(configuration.values))

    assert space.configure(chooser(trial)) == configuration
    assert trial.distributions.keys() == configuration.values.keys()
    for name, distribution in trial.distributions.items():
        written = optuna.distributions.distribution_to_json(distribution)
        assert optuna.distributions.json_to_distribution(written) == distribution
        value = configuration.values[name]
        assert distribution.to_external_repr(distribution.to_internal_repr(value)) == value


@settings(checked, max_examples=80)
@given(seeds)
def test_a_finite_space_has_as_many_configurations_as_it_counts(seed: int) -> None:
    rng = random.Random(seed)
    content = content_of(rng, finite=True)
    assume(prod(parameter.domain.size() or 0 for parameter in space_of(content).parameters()) <= 500)
    space = space_of(with_rules(content, rng))
    size = space.size()

    everything = list(space.enumerate())

    drawn = {json.dumps(configuration.values, sort_keys=True) for configuration in everything}
    assert len(everything) == len(drawn)
    assert size.without_forbidden
    assert size.configurations == len(everything)
    assert not any(space.forbidden(configuration) for configuration in everything)
    for _ in range(3):
        assert json.dumps(space.sample(rng).values, sort_keys=True) in drawn


OPTIONS = [
    "training.epochs={int: [1, 9]}", "training.optimizer={adamax: {learning_rate: {float: [1e-4, 1e-2], log: true}}}",
    "training.label_smoothing=0.3", "training.schedule={choice: [constant, cosine]}", "training.augmentation=[flip]",
    "training.early_stopping.patience=7", "training.batch_size=$twice * 2", "layer_normalization.epsilon=1e-3",
]  # fmt: skip


@settings(checked, max_examples=60)
@given(seed=seeds)
def test_a_space_that_was_extended_and_changed_stands_by_itself(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rng = random.Random(seed)
    folder = tmp_path_factory.getbasetemp()
    parent = content_of(rng) | {"presets": {"plain": {}, "large": {"published": {"accuracy": 0.5}}}}
    child: dict[str, Any] = {
        "name": "child",
        "extends": "parent.yaml",
        "variables": {"twice": {"int": [4, 8]}, "own": 5},
        "presets": {"large": None},
        "description": 'odd: "\x7f\x85\u2028\u00e9\U0001f600\\ $x',
        "set": {"training.batch_size": "$twice * 4 + $own"},
    }
    if rng.random() < 0.5:
        child["layers"] = ["flatten", {"dense": {"units": "$own"}}, "layer_normalization"]
    (folder / "parent.yaml").write_text(json.dumps(parent))
    (folder / "child.yaml").write_text(json.dumps(child))
    to_set = rng.sample(OPTIONS, 3)
    known = SearchSpace.load(folder / "child.yaml", changes(to_set)).parameters()
    to_fix = [f"{each.name}={json.dumps(each.domain.sample(rng))}" for each in rng.sample(known, min(len(known), 2))]
    space = SearchSpace.load(folder / "child.yaml", changes(to_set, to_fix))

    alone = SearchSpace.parse(space.text, "alone.yaml")

    assert alone.fingerprint == space.fingerprint
    assert (alone.name, alone.description, alone.limits) == (space.name, space.description, space.limits)
    assert list(alone.presets) == list(space.presets) == ["plain"]
    assert alone.parameters() == space.parameters()
    assert [alone.sample(random.Random(each)) for each in range(3)] == [
        space.sample(random.Random(each)) for each in range(3)
    ]


# --- Keras ------------------------------------------------------------------------------------------------------------

SHAPES = st.sampled_from([(28, 28, 1), (9, 7, 4), (2, 2, 2)])


@settings(checked, max_examples=20, derandomize=True)
@given(seeds, SHAPES)
def test_any_draw_builds_in_keras_with_the_shapes_and_parameters_predicted(
    seed: int, image_shape: tuple[int, int, int]
) -> None:
    rng = random.Random(seed)
    configuration = space_of(content_of(rng)).sample(rng)
    try:
        summary = summarize(configuration, image_shape, 5)
    except Unbuildable:
        assume(False)

    model = build(configuration, image_shape, 5)

    assert model.count_params() == summary.parameters
    for layer in summary.layers:
        assert model.get_layer(layer.name).output.shape[1:] == layer.output_shape


@settings(checked, max_examples=15, derandomize=True)
@given(seeds, SHAPES)
def test_what_is_refused_on_images_of_a_size_is_refused_by_keras_too(
    built: Any, seed: int, image_shape: tuple[int, int, int]
) -> None:
    rng = random.Random(seed)
    configuration = space_of(content_of(rng)).sample(rng)
    assume(all(isinstance(step, Layer) and not holds_an_object(step) for step in configuration.layers))

    try:
        parameters = summarize(configuration, image_shape, 5).parameters
    except Unbuildable:
        with pytest.raises(ValueError):  # noqa: PT011 - Keras has many words for it
            built(configuration, image_shape, 5)
    else:
        assert built(configuration, image_shape, 5).count_params() == parameters


def holds_an_object(layer: Layer) -> bool:
    return any(isinstance(value, dict) for value in layer.arguments.values())
