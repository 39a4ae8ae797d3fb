from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tuner.models.dropout import Dropout

ONES = tf.ones((400, 25, 25))
"""250,000 values: a rate is seen to within 0.005."""


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
def test_the_rate_is_dropped_and_the_rest_scaled_so_that_the_mean_stays(rate: float) -> None:
    out = Dropout(rate, seed=0)(ONES, training=True).numpy()
    assert np.mean(out == 0) == pytest.approx(rate, abs=0.005)
    assert len(np.unique(out)) == 2
    assert out.max() == pytest.approx(1 / (1 - rate), rel=1e-4)


def test_values_are_dropped_independently_of_their_neighbours() -> None:
    kept = Dropout(0.5, seed=0)(ONES, training=True).numpy().ravel() > 0
    for distance in (1, 2, 3, 25, 625):
        assert np.mean(kept[distance:] == kept[:-distance]) == pytest.approx(0.5, abs=0.005)


def test_each_step_drops_others_and_a_seed_repeats_them() -> None:
    first, again = Dropout(0.5, seed=3), Dropout(0.5, seed=3)
    steps = [first(ONES, training=True).numpy() for _ in range(2)]
    assert np.mean(steps[0] == steps[1]) == pytest.approx(0.5, abs=0.01)
    for step in steps:
        np.testing.assert_array_equal(again(ONES, training=True), step)


def test_the_gradient_passes_where_the_value_passed() -> None:
    values = tf.Variable(tf.random.normal((8, 30), seed=1))
    layer = Dropout(0.4, seed=0)
    with tf.GradientTape() as tape:
        out = layer(values, training=True)
    gradient = tape.gradient(out, values).numpy()
    np.testing.assert_allclose(gradient * values.numpy(), out, rtol=1e-6)


@pytest.mark.parametrize(
    ("rate", "noise_shape", "training"), [(0.5, None, False), (0.0, None, True), (0.5, (400, 1, 25), True)]
)
def test_all_else_is_as_keras_does_it(rate: float, noise_shape: tuple[int, ...] | None, training: bool) -> None:
    ours, theirs = (kind(rate, noise_shape=noise_shape, seed=5) for kind in (Dropout, keras.layers.Dropout))
    np.testing.assert_array_equal(ours(ONES, training=training), theirs(ONES, training=training))


def test_an_odd_number_of_values_and_of_half_precision_is_dropped_too() -> None:
    out = Dropout(0.5, seed=0, dtype="mixed_bfloat16")(tf.ones((7, 3)), training=True)
    assert out.dtype == tf.bfloat16
    assert out.shape == (7, 3)
    assert set(np.unique(tf.cast(out, tf.float32))) == {0.0, 2.0}
