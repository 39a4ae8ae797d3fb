from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tuner.models.normalization import BatchNormalization

ARGUMENTS = [
    {},
    {"momentum": 0.9, "epsilon": 1e-2},
    {"center": False},
    {"scale": False},
    {"gamma_initializer": "random_normal", "beta_initializer": "random_normal", "beta_regularizer": "l2"},
]


def step(layer: keras.Layer, values: np.ndarray, cuts: list[int] | None = None) -> list[np.ndarray]:
    """Outputs in training and after it, gradients, and what is remembered; of values in parts where they are cut."""
    parts = tf.constant(values) if cuts is None else [tf.constant(part) for part in np.split(values, cuts)]
    with tf.GradientTape() as tape:
        tape.watch(parts)
        made = layer(parts, training=True)
        out = made if cuts is None else tf.concat(made, axis=0)
        loss = tf.reduce_sum(tf.sin(out * 3) * tf.range(1, out.shape[-1] + 1, dtype=out.dtype))
    to_weights, to_values = tape.gradient(loss, (layer.trainable_variables, parts))
    later = layer(tf.constant(values), training=False)
    found = [out, later, *to_weights, to_values if cuts is None else tf.concat(to_values, axis=0), *layer.weights]
    return [np.asarray(each, np.float32) for each in found]


def made(kind: type[keras.Layer], **arguments: Any) -> keras.Layer:
    keras.utils.set_random_seed(0)
    return kind(**arguments)


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("shape", [(9, 5, 4, 3), (9, 6), (1, 2, 2, 3)])
@pytest.mark.parametrize("cuts", [None, [4], [3, 6], [0]])
def test_it_is_keras_s_own_of_a_batch_and_of_its_parts(
    arguments: dict[str, Any], shape: tuple[int, ...], cuts: list[int] | None
) -> None:
    values = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    ours = step(made(BatchNormalization, **arguments), values, cuts)
    theirs = step(made(keras.layers.BatchNormalization, **arguments), values)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-4)


def test_where_the_layers_compute_in_half_precision_the_statistics_have_all_of_theirs() -> None:
    values = tf.cast(np.random.default_rng(0).normal(300, 1, (64, 8, 8, 3)), tf.bfloat16)
    layer = BatchNormalization(dtype="mixed_bfloat16", momentum=0.0)
    assert layer([values], training=True)[0].dtype == tf.bfloat16
    exact = tf.cast(values, tf.float32).numpy().reshape(-1, 3)
    np.testing.assert_allclose(layer.moving_mean.numpy(), exact.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), exact.var(axis=0), rtol=1e-3)
