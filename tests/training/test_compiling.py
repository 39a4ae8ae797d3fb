from __future__ import annotations

from dataclasses import replace

import pytest

from search_spaces import SearchSpace
from tuner.models.parts import Part
from tuner.training.compiling import MOST_STEPS, compiled, compiled_to_train, steps_per_execution

FASHION = ((28, 28, 1), 10)
MLP, CNN = (SearchSpace.load(name).default() for name in ("mlp_v1", "cnn_v4"))


def test_small_networks_take_more_steps_in_one_call_than_large_ones() -> None:
    few, many = steps_per_execution(CNN, *FASHION), steps_per_execution(MLP, *FASHION)
    assert 4 <= few < many == MOST_STEPS
    assert few.bit_count() == many.bit_count() == 1


@pytest.mark.parametrize("factor", [2, 8])
def test_larger_batches_take_as_many_steps_fewer(factor: int) -> None:
    size = CNN.training.batch_size
    larger = replace(CNN, training=replace(CNN.training, batch_size=factor * size))
    assert steps_per_execution(larger, *FASHION) * factor == steps_per_execution(CNN, *FASHION)


def test_where_crossentropy_is_not_the_loss_the_trained_network_gives_probabilities() -> None:
    focal = SearchSpace.parse(
        """
name: focal
layers: [flatten]
training: {optimizer: adam, loss: categorical_focal_crossentropy, batch_size: 8, epochs: 1}
""",
        "focal.yaml",
    ).default()
    assert compiled_to_train(None, focal, *FASHION, n_images=1).layers[-1].activation.__name__ == "softmax"
    assert compiled_to_train(None, MLP, *FASHION, n_images=1).layers[-1].activation.__name__ == "linear"
    assert compiled(MLP, *FASHION, n_train=100, epochs=1).layers[-1].activation.__name__ == "softmax"


def test_a_batch_is_cut_into_parts_where_the_training_is_long_enough_to_pay_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUNE_BATCH_PARTS", "2")
    short, long = (compiled_to_train(None, CNN, *FASHION, n_images=n) for n in (500, 51_000))
    assert [any(isinstance(layer, Part) for layer in model.layers) for model in (short, long)] == [False, True]
