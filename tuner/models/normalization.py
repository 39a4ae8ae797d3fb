"""Batch normalisation for training on processors, where passes over the values are what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """As Keras's with the arguments that a space can give it, for a batch or for the parts of one, which have nothing
    in common but the sums over their values.
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape[0] if isinstance(input_shape, list) else input_shape)
        self.input_spec = None  # it is of one tensor

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not isinstance(inputs, list):
            return self.call([inputs], training=training)[0]
        if not training:
            return [super(BatchNormalization, self).call(part) for part in inputs]
        parts = [tf.cast(part, tf.float32) for part in inputs]
        channels = (parts[0].shape[-1],)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels)
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels)
        *made, mean, variance = _normalization(self.epsilon)(scale, offset, *parts)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return [tf.cast(each, self.compute_dtype) for each in made]


def _normalization(epsilon: float) -> Callable[..., Sequence[tf.Tensor]]:
    """Of scale, offset and the parts: makes the normalised parts, and the mean and the variance of each channel."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def normalize(scale: tf.Tensor, offset: tf.Tensor, *parts: tf.Tensor) -> Any:
        n = tf.cast(tf.add_n([tf.size(part) for part in parts]), tf.float32) / parts[0].shape[-1]
        mean = _sum(parts) / n
        variance = _sum([tf.math.squared_difference(part, mean) for part in parts]) / n
        inverse = tf.math.rsqrt(variance + epsilon)
        slope = scale * inverse
        made = [part * slope + (offset - mean * slope) for part in parts]

        def gradient(*upstream: tf.Tensor) -> list[tf.Tensor]:
            given = upstream[: len(parts)]  # nobody asks for those of mean and variance
            to_offset = _sum(given)
            to_scale = (_sum([one * part for one, part in zip(given, parts, strict=True)]) - to_offset * mean) * inverse
            by_value = -slope * inverse * to_scale / n
            constant = -slope * to_offset / n - by_value * mean
            to_parts = [one * slope + (part * by_value + constant) for one, part in zip(given, parts, strict=True)]
            return [to_scale, to_offset, *to_parts]

        return [*made, mean, variance], gradient

    return normalize  # type: ignore[no-any-return]


def _sum(parts: Sequence[tf.Tensor]) -> tf.Tensor:
    """(channels,), over all else."""
    return tf.add_n([tf.reduce_sum(part, axis=list(range(len(part.shape) - 1))) for part in parts])
