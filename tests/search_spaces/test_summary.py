"""What a configuration makes of images of a given size, and when it makes nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from search_spaces import SearchSpace, Unbuildable, over_limit, summarize

if TYPE_CHECKING:
    from collections.abc import Callable

    SpaceOf = Callable[..., SearchSpace]


def test_each_layer_has_a_line_and_the_softmax_layer_comes_last() -> None:
    summary = summarize(SearchSpace.load("cnn_v4").preset("published"), (28, 28, 1), 10)

    lines = [(layer.name, layer.output_shape, layer.parameters) for layer in summary.layers]
    assert lines == [
        ("conv_0_conv2d", (28, 28, 32), 320),
        ("conv_0_max_pooling2d", (14, 14, 32), 0),
        ("conv_0_dropout", (14, 14, 32), 0),
        ("conv_1_conv2d", (14, 14, 32), 9248),
        ("conv_1_max_pooling2d", (7, 7, 32), 0),
        ("conv_1_dropout", (7, 7, 32), 0),
        ("conv_2_conv2d", (7, 7, 64), 18496),
        ("conv_2_max_pooling2d", (3, 3, 64), 0),
        ("conv_2_dropout", (3, 3, 64), 0),
        ("conv_3_conv2d", (3, 3, 128), 73856),
        ("conv_3_max_pooling2d", (1, 1, 128), 0),
        ("conv_3_dropout", (1, 1, 128), 0),
        ("flatten", (128,), 0),
        ("batch_normalization", (128,), 512),
        ("dense", (128,), 16512),
        ("dropout", (128,), 0),
        ("output", (10,), 1290),
    ]
    assert summary.parameters == 120_234
    assert (summary.layers[0].path, summary.layers[0].kind) == ("conv[0].conv2d", "conv2d")


@pytest.mark.parametrize("name", ["cnn_v4", "mlp_v1"])
@pytest.mark.parametrize("seed", range(4))
def test_a_random_draw_builds_in_keras_with_the_parameters_and_shapes_predicted(
    name: str, seed: int, built: Any
) -> None:
    configuration = SearchSpace.load(name).sample(random.Random(seed))
    image_shape = [(28, 28, 1), (32, 32, 3), (17, 23, 2), (64, 48, 4)][seed]

    summary = summarize(configuration, image_shape, 7)
    model = built(configuration, image_shape, 7)

    assert model.count_params() == summary.parameters
    assert [(layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in model.layers] == [
        (layer.name, layer.output_shape, layer.parameters) for layer in summary.layers
    ]


def test_a_pool_that_does_not_fit_is_told_with_its_path() -> None:
    configuration = SearchSpace.load("cnn_v4").default()

    with pytest.raises(Unbuildable) as caught:
        summarize(configuration, (8, 8, 1), 10)

    text = "conv[3].max_pooling2d: pool_size 2 does not fit the 1 x 1 input. With 'padding: same' it would"
    assert str(caught.value) == text
    assert caught.value.path == "conv[3].max_pooling2d"


def test_the_same_pool_fits_with_same_padding(space_of: SpaceOf) -> None:
    configuration = space_of("- max_pooling2d: {pool_size: 2, padding: same}\n- flatten").default()

    assert summarize(configuration, (1, 1, 5), 2).layers[0].output_shape == (1, 1, 5)


def test_an_end_that_is_an_image_is_told_with_what_to_add(space_of: SpaceOf) -> None:
    space = space_of("- flatten")
    configuration = space.default()
    without_flatten = type(configuration)(layers=(), training=configuration.training)

    with pytest.raises(Unbuildable, match=r"end in an image of 28 x 28 x 1; .*'flatten' or 'global_average_pooling2d'"):
        summarize(without_flatten, (28, 28, 1), 10)


def test_a_network_beyond_all_memory_is_not_built(space_of: SpaceOf) -> None:
    configuration = space_of("- repeat: 20\n  layers: [{up_sampling2d: {size: 9}}]\n- flatten").default()

    with pytest.raises(Unbuildable, match="more than a tensor holds"):
        summarize(configuration, (28, 28, 1), 10)


def test_a_model_over_the_limit_is_told_in_a_sentence(space_of: SpaceOf) -> None:
    space = space_of("- flatten\n- dense: {units: 128}", more="limits: {parameters: 100_000}")
    summary = summarize(space.default(), (28, 28, 1), 10)

    assert over_limit(space, summary) == "101,770 parameters are more than the limit of 100,000"
    assert over_limit(space_of("- flatten"), summary) is None
