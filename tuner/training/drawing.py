"""Random numbers of a batch, each a function of the batch's seed and a place: no state, no order of calls."""

from __future__ import annotations

import tensorflow as tf

STREAM = 0x61756730
"""Sets these numbers apart from all others that the same seed gives."""


def batch_seed(seed: int, epoch: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
    """(2,) the seed of one batch in one epoch."""
    base = tf.constant([seed, STREAM], tf.int64)
    return folded(folded(base, epoch), batch)


def folded(seed: tf.Tensor, number: int | tf.Tensor) -> tf.Tensor:
    """(2,) a seed of its own for each number."""
    return tf.random.experimental.stateless_fold_in(seed, number)


def uniform(seed: tf.Tensor, place: int, n: tf.Tensor, low: float | tf.Tensor, high: float | tf.Tensor) -> tf.Tensor:
    """(n,) numbers from low to high."""
    return low + (high - low) * tf.random.stateless_uniform([n], folded(seed, place))


def whole(seed: tf.Tensor, place: int, n: tf.Tensor, largest: int) -> tf.Tensor:
    """(n,) whole numbers from -largest to largest, each as likely, as floats."""
    drawn = tf.random.stateless_uniform([n], folded(seed, place), -largest, largest + 1, tf.int32)
    return tf.cast(drawn, tf.float32)


def beta(seed: tf.Tensor, place: int, n: tf.Tensor, alpha: float) -> tf.Tensor:
    """(n,) numbers of the distribution Beta(alpha, alpha)."""
    first = tf.random.stateless_gamma([n], folded(seed, place), alpha, dtype=tf.float32)
    second = tf.random.stateless_gamma([n], folded(seed, place + 1), alpha, dtype=tf.float32)
    total = first + second
    # A small alpha gives numbers below the smallest float, both 0. There Beta is all but 0 or 1.
    return tf.where(total > 0, first / tf.where(total > 0, total, 1.0), 1.0)
