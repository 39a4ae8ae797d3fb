"""Images from memory to the model. Keras's own loop is kept; what it waits for is ours.

`model.fit(x=array)` leaves the processors idle for up to half of an epoch on small images. Here one gather a batch
reads uint8 images that stay in memory once, and the cast to float happens in the graph. Images that do not fit into
memory are read from their file, a batch at a time while the one before it trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tuner.slots import threads
from tuner.training import drawing
from tuner.training.rows import FileRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tuner.training.preparation import Prepare

EVALUATION_BATCH = 256
"""Images a step where nothing is learnt. More is no faster, and its activations are what a worker's memory peaks at."""


MOST_THREADS = 8
"""That prepare batches of one trial, on a machine with many cores."""


class TrainingImages:
    """Shuffled batches for `fit`. The order of epoch e depends on (seed, e) alone, so a resumed trial sees the same."""

    def __init__(
        self,
        images: NDArray[np.uint8] | FileRows,
        labels: NDArray[np.integer],
        *,
        batch_size: int,
        seed: int,
        prepare: Prepare | None = None,
    ) -> None:
        self._n = len(labels)
        self._seed = seed
        self._prepare = prepare
        self._take = _taking(images)
        with tf.device("/CPU:0"):
            self._labels = tf.constant(labels.astype(np.int32))
            self._order = tf.Variable(np.arange(self._n, dtype=np.int32), trainable=False)
            self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        n_batches = -(-self._n // batch_size)
        # A gather is done before a second thread has begun. Augmentation takes milliseconds, and the order is kept.
        n_threads = min(threads(), MOST_THREADS) if prepare else None
        batches = tf.data.Dataset.range(n_batches).map(
            lambda i: self._batch(tf.cast(i, tf.int32), batch_size), num_parallel_calls=n_threads
        )
        self.dataset = batches.with_options(_options(n_threads or 2)).prefetch(4)

    def shuffle(self, epoch: int) -> None:
        """Draws the order of `epoch`. To be called before the epoch's iterator is made."""
        order = np.random.default_rng((self._seed, epoch)).permutation(self._n)
        self._order.assign(order.astype(np.int32))
        self._epoch.assign(epoch)

    def _batch(self, i: tf.Tensor, batch_size: int) -> tuple[tf.Tensor, ...]:
        rows = self._order[i * batch_size : tf.minimum((i + 1) * batch_size, self._n)]
        images, labels = tf.cast(self._take(rows), tf.float32), tf.gather(self._labels, rows)
        if self._prepare is None:
            return images, labels
        return self._prepare(images, labels, drawing.batch_seed(self._seed, self._epoch, i))


class Shuffle(keras.callbacks.Callback):  # type: ignore[misc]
    """Draws a new order before each epoch."""

    def __init__(self, images: TrainingImages) -> None:
        super().__init__()
        self._images = images

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._images.shuffle(epoch)


def evaluation_batches(
    images: NDArray[np.uint8] | FileRows, labels: NDArray[np.integer], *, one_hot: int | None = None
) -> tf.data.Dataset:
    """The images in their order, in large batches. Labels are class numbers, or one-hot for that many classes."""
    n, take = len(labels), _taking(images)
    with tf.device("/CPU:0"):
        numbers = tf.constant(labels.astype(np.int32))

    def batch(i: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.range(i * EVALUATION_BATCH, tf.minimum((i + 1) * EVALUATION_BATCH, n))
        classes = tf.gather(numbers, rows)
        return tf.cast(take(rows), tf.float32), classes if one_hot is None else tf.one_hot(classes, one_hot)

    n_batches = -(-n // EVALUATION_BATCH)
    batches = tf.data.Dataset.range(n_batches).map(lambda i: batch(tf.cast(i, tf.int32)))
    return batches.with_options(_options()).prefetch(2)


def _taking(images: NDArray[np.uint8] | FileRows) -> Callable[[tf.Tensor], tf.Tensor]:
    """Rows -> their images, uint8: in one gather where they are in memory, else read from their file."""
    if isinstance(images, FileRows):
        shape = images.shape[1:]

        def read(rows: tf.Tensor) -> tf.Tensor:
            found = tf.numpy_function(images.__getitem__, [rows], tf.uint8, stateful=False)
            return tf.ensure_shape(found, (None, *shape))

        return read
    with tf.device("/CPU:0"):
        held = tf.constant(images)
    return lambda rows: tf.gather(held, rows)


def _options(n_threads: int = 2) -> tf.data.Options:
    options = tf.data.Options()
    options.autotune.enabled = False  # it spends the two cores on measuring itself
    options.threading.private_threadpool_size = n_threads
    options.deterministic = True
    return options
