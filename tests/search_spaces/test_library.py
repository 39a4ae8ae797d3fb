"""The spaces that come with the tool keep what the studies published."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import search_spaces
from search_spaces import SearchSpace, SpaceError, Unbuildable, library, over_limit, summarize

FASHION = ((28, 28, 1), 10)


def test_the_library_is_what_its_folder_holds() -> None:
    folder = Path(search_spaces.__file__).parent / "library"

    assert library() == tuple(sorted(path.stem for path in folder.glob("*.yaml")))
    assert {"cnn_v4", "mlp_v1"} <= set(library())


@pytest.mark.parametrize("name", library())
def test_a_space_of_the_library_bears_its_files_name_and_builds(name: str) -> None:
    space = SearchSpace.load(name)

    assert space.name == name
    assert space.source == f"{name}.yaml"
    assert space.description
    for configuration in [space.default(), *map(space.preset, space.presets)]:
        assert over_limit(space, summarize(configuration, *FASHION)) is None


@pytest.mark.parametrize(("name", "parameters"), [("cnn_v4", 120_234), ("mlp_v1", 109_386)])
def test_the_published_preset_has_exactly_the_published_parameters(name: str, parameters: int, built: Any) -> None:
    space = SearchSpace.load(name)
    configuration = space.preset("published")

    assert summarize(configuration, *FASHION).parameters == parameters
    assert built(configuration, *FASHION).count_params() == parameters
    assert space.presets["published"].published["parameters"] == parameters


def test_the_published_mlp_is_the_studys() -> None:
    configuration = SearchSpace.load("mlp_v1").preset("published")

    dense = [layer.arguments for layer in configuration.layers if layer.kind == "dense"]
    assert dense == [{"units": 128, "activation": "relu"}, {"units": 64, "activation": "relu"}]
    assert [layer.arguments["rate"] for layer in configuration.layers if layer.kind == "dropout"] == [0.0, 0.0]
    assert configuration.training.optimizer.kind == "adam"
    assert (configuration.training.batch_size, configuration.training.epochs) == (128, 20)


@pytest.mark.parametrize("name", library())
def test_a_useful_share_of_random_draws_is_buildable_and_within_the_limit(name: str) -> None:
    space, rng = SearchSpace.load(name), random.Random(0)

    def within(draw: Any) -> bool:
        try:
            return over_limit(space, summarize(draw, *FASHION)) is None
        except Unbuildable:
            return False

    assert sum(within(space.sample(rng)) for _ in range(400)) > 0.25 * 400


def test_every_optimizer_of_the_library_is_accepted_by_keras() -> None:
    import keras

    for name in library():
        space = SearchSpace.load(name)
        optimizers = next(parameter for parameter in space.parameters() if parameter.name == "training.optimizer")
        for kind in optimizers.domain.values():
            optimizer = space.check_values({"training.optimizer": kind}).training.optimizer
            getattr(keras.optimizers, search_spaces.optimizer_class(optimizer.kind))(**optimizer.arguments)


def test_comments_layout_description_and_published_figures_do_not_change_the_fingerprint() -> None:
    space = SearchSpace.load("mlp_v1")
    text = space.text
    same = [
        text.replace("# Study 3", "# A study"),
        text.replace("description: Multilayer", "description: A multilayer"),
        text.replace("test_accuracy: 0.8853", "test_accuracy: 0.9"),
        text.replace("109_386", "109386"),
        text.replace("  epochs: 20\n", "  epochs:     20\n\n"),
    ]
    other = [
        text.replace("epochs: 20", "epochs: 21"),
        text.replace("[relu, leaky_relu", "[leaky_relu, relu"),
        text.replace("500_000", "400_000"),
        text.replace("training.batch_size: 128", "training.batch_size: 64"),
    ]

    assert all(variant != text for variant in same + other)
    assert {SearchSpace.parse(variant, "x.yaml").fingerprint for variant in same} == {space.fingerprint}
    assert len({SearchSpace.parse(variant, "x.yaml").fingerprint for variant in [*other, text]}) == len(other) + 1


def test_a_name_of_the_library_wins_over_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlp_v1").mkdir()
    monkeypatch.chdir(tmp_path)

    assert SearchSpace.load("mlp_v1").source == "mlp_v1.yaml"


def test_a_file_of_ones_own_is_named_in_errors_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yml").write_text(SearchSpace.load("mlp_v1").text.replace("flatten", "flaten"), "utf-8")

    with pytest.raises(SpaceError, match=r"^own.yml:\d+: layers\[0\].flaten: unknown layer 'flaten'."):
        SearchSpace.load("own.yml")
    with pytest.raises(SpaceError, match=r"^\./own.yml:"):
        SearchSpace.load("./own.yml")


def test_a_misspelt_space_gets_a_suggestion() -> None:
    with pytest.raises(SpaceError, match=r"no such space\. Did you mean 'cnn_v4'\?"):
        SearchSpace.load("cnn_v5")
