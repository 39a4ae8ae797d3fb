"""Dropout for training on processors, where drawing the numbers is what it costs."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

LEVELS = 2**16
"""Of a drawn number: two of them in each word of the generator, where Keras draws a float of the same size for each."""


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """As Keras's, with half the draws and two passes over the values less. The rate is exact to 1 in 131,072, and what
    is kept is scaled by what is really dropped.
    """

    def call(self, inputs: tf.Tensor, training: bool = False) -> Any:
        dropped = round(self.rate * LEVELS)
        if not training or not 0 < dropped < LEVELS or self.noise_shape is not None:
            return super().call(inputs, training=training)
        shape = tf.shape(inputs)
        n = tf.reduce_prod(shape)
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        words = tf.random.stateless_uniform([(n + 1) // 2], seed, minval=None, maxval=None, dtype=tf.uint32)
        draws = tf.reshape(tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:n], shape)
        kept = tf.cast(draws >= tf.constant(dropped, tf.uint16), inputs.dtype) * (LEVELS / (LEVELS - dropped))
        return inputs * kept
