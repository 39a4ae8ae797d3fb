"""The network as it is trained against the network as it is served: one function of the same weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from search_spaces import Configuration, SearchSpace, library, summarize
from tuner import models
from tuner.models.rearranging import rearranged

SHAPE, N_CLASSES = (16, 16, 3), 4

SPACE = """
name: small
layers:
{layers}
  - flatten
training:
  optimizer: {{adam: {{learning_rate: 0.01}}}}
  batch_size: 8
  epochs: 1
"""

CONV = "  - conv2d: {filters: 5, kernel_size: 3, activation: %s}\n"
POOL = "  - max_pooling2d: {pool_size: 2}"
APART = "  - conv2d: {filters: 5, kernel_size: 3}\n  - batch_normalization\n  - activation: {activation: %s}\n"

STACKS = {
    "relu": CONV % "relu" + POOL,
    "tanh": CONV % "tanh" + POOL,
    "elu": CONV % "elu" + POOL,
    "gelu": CONV % "gelu" + POOL,
    "a slope": CONV % "{leaky_relu: {negative_slope: 0.1}}" + POOL,
    "a layer of its own": APART % "sigmoid" + POOL,
    "pooled twice": CONV % "softplus" + POOL + "\n" + POOL,
    "overlapping": CONV % "tanh" + "  - max_pooling2d: {pool_size: 3, strides: 2, padding: same}",
}

MOVED = set(STACKS) - {"gelu"}


def configuration(layers: str) -> Configuration:
    return SearchSpace.parse(SPACE.format(layers=layers), "small.yaml").default()


def both(made: Configuration) -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(0)
    served = models.build(made, SHAPE, N_CLASSES)
    trained = models.build_to_train(made, SHAPE, N_CLASSES, logits=True)
    trained.set_weights(served.get_weights())
    return served, trained


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("name", STACKS)
def test_moving_an_activation_behind_its_pooling_changes_neither_outputs_nor_gradients(name: str) -> None:
    served, trained = both(configuration(STACKS[name]))
    labels = np.arange(6) % N_CLASSES
    gradients = []
    for model, logits in ((served, False), (trained, True)):
        with tf.GradientTape() as tape:
            loss = keras.losses.SparseCategoricalCrossentropy(logits)(labels, model(images(), training=True))
        gradients.append(tape.gradient(loss, model.trainable_variables))
    np.testing.assert_allclose(tf.nn.softmax(trained(images())), served(images()), rtol=1e-4, atol=1e-6)
    for mine, keras_own in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", STACKS)
def test_only_activations_that_never_fall_are_moved(name: str) -> None:
    before = summarize(configuration(STACKS[name]), SHAPE, N_CLASSES).layers
    assert (rearranged(before) != before) == (name in MOVED)


def test_an_activation_that_others_read_too_stays_where_it_is() -> None:
    block = """
  - residual:
      - max_pooling2d: {pool_size: 3, strides: 1, padding: same}
"""
    layers = summarize(
        configuration("  - conv2d: {filters: 5, kernel_size: 3, activation: relu}" + block), SHAPE, 4
    ).layers
    assert any(layer.kind == "max_pooling2d" for layer in layers)
    assert rearranged(layers) == layers


@pytest.mark.parametrize("name", sorted(library()))
def test_each_network_of_the_library_is_trained_as_the_function_that_is_served(name: str) -> None:
    made = SearchSpace.load(name).default()
    shape = (32, 32, 3) if "cifar" in name else (28, 28, 1)
    keras.utils.set_random_seed(0)
    served = models.build(made, shape, 10)
    trained = models.build_to_train(made, shape, 10, logits=True)
    trained.set_weights(served.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.float32)
    np.testing.assert_allclose(tf.nn.softmax(trained(pixels)), served(pixels), rtol=1e-3, atol=1e-5)
