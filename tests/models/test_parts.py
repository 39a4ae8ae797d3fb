"""A batch in two parts goes through a network as one batch does."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from search_spaces import Configuration, SearchSpace, library
from tuner import models

SHAPE, N_CLASSES = (12, 12, 1), 4

SPACE = """
name: small
layers:
  - conv2d: {filters: 4, kernel_size: 3, activation: relu, activity_regularizer: {l2: {l2: 0.01}}}
  - batch_normalization
  - residual:
      - conv2d: {filters: 4, kernel_size: 3, padding: same}
  - max_pooling2d
  - flatten
  - dense: {units: 8, activation: tanh, kernel_regularizer: {l2: {l2: 0.01}}}
training: {optimizer: adam, batch_size: 8, epochs: 1}
"""


def configuration() -> Configuration:
    return SearchSpace.parse(SPACE, "small.yaml").default()


def model(n_parts: int, made: Configuration, shape: tuple[int, int, int] = SHAPE) -> keras.Model:
    keras.utils.set_random_seed(0)
    return models.build_to_train(made, shape, N_CLASSES, logits=True, n_parts=n_parts)


def step(made: keras.Model, n: int) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Outputs, gradients, and what the layers remember of the batch."""
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (n, *SHAPE)).astype(np.float32), random.integers(0, N_CLASSES, n)
    with tf.GradientTape() as tape:
        out = made(images, training=True)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, out) + sum(made.losses)
    gradients = tape.gradient(loss, made.trainable_variables)
    return out.numpy(), [each.numpy() for each in gradients], [each.numpy() for each in made.non_trainable_weights]


@pytest.mark.parametrize("n", [8, 7, 1])
@pytest.mark.parametrize("n_parts", [2, 3])
def test_outputs_gradients_and_statistics_are_those_of_the_whole_batch(n: int, n_parts: int) -> None:
    whole, parts = step(model(1, configuration()), n), step(model(n_parts, configuration()), n)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-4, atol=1e-5)
    for kind in (1, 2):
        for cut, uncut in zip(parts[kind], whole[kind], strict=True):
            np.testing.assert_allclose(cut, uncut, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", sorted(library()))
def test_each_network_of_the_library_can_be_trained_in_parts(name: str) -> None:
    made = SearchSpace.load(name).default()
    shape = (32, 32, 3) if "cifar" in name else (28, 28, 1)
    pixels = np.random.default_rng(0).integers(0, 256, (5, *shape)).astype(np.float32)
    whole, parts = (model(n, made, shape) for n in (1, 2))
    assert [each.shape for each in parts.weights] == [each.shape for each in whole.weights]
    parts.set_weights(whole.get_weights())
    np.testing.assert_allclose(parts(pixels), whole(pixels), rtol=1e-3, atol=1e-4)


def test_the_parts_drop_different_values() -> None:
    text = SPACE.replace("  - flatten\n", "  - flatten\n  - dropout: {rate: 0.5}\n")
    made = model(2, SearchSpace.parse(text, "small.yaml").default())
    alike = np.repeat(np.random.default_rng(0).integers(0, 256, (1, *SHAPE)), 2, axis=0).astype(np.float32)
    first, second = made(alike, training=True).numpy()
    assert not np.allclose(first, second)
