"""Rectangles of whole pixels, one for each image of a batch."""

from __future__ import annotations

import tensorflow as tf


def mask(top: tf.Tensor, left: tf.Tensor, bottom: tf.Tensor, right: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """(n, height, width, 1), true inside. The edges are (n,), the bottom and right ones not part of the rectangle."""
    rows = tf.range(size[0], dtype=tf.float32)
    columns = tf.range(size[1], dtype=tf.float32)
    in_rows = (rows >= top[:, tf.newaxis]) & (rows < bottom[:, tf.newaxis])
    in_columns = (columns >= left[:, tf.newaxis]) & (columns < right[:, tf.newaxis])
    return in_rows[:, :, tf.newaxis, tf.newaxis] & in_columns[:, tf.newaxis, :, tf.newaxis]
