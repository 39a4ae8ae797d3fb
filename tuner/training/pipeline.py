"""Images from memory to the model. Keras's own loop is kept; what it waits for is ours.

`model.fit(x=array)` leaves the processors idle for up to half of an epoch on small images. Here one gather a batch
reads uint8 images that stay in memory once, and the cast to float happens in the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tuner.slots import threads
from tuner.training import drawing

if TYPE_CHECKING:
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
        images: NDArray[np.uint8],
        labels: NDArray[np.integer],
        *,
        batch_size: int,
        seed: int,
        prepare: Prepare | None = None,
    ) -> None:
        self._n = len(labels)
        self._seed = seed
        self._prepare = prepare
        with tf.device("/CPU:0"):
            self._images = tf.constant(images)
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
        images, labels = tf.cast(tf.gather(self._images, rows), tf.float32), tf.gather(self._labels, rows)
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
    images: NDArray[np.uint8], labels: NDArray[np.integer], *, one_hot: int | None = None
) -> tf.data.Dataset:
    """The images in their order, in large batches. Labels are class numbers, or one-hot for that many classes."""
    with tf.device("/CPU:0"):
        dataset = tf.data.Dataset.from_tensor_slices((images, labels.astype(np.int32)))
    batches = dataset.batch(EVALUATION_BATCH).map(
        lambda image, label: (tf.cast(image, tf.float32), label if one_hot is None else tf.one_hot(label, one_hot))
    )
    return batches.with_options(_options()).prefetch(2)


def _options(n_threads: int = 2) -> tf.data.Options:
    options = tf.data.Options()
    options.autotune.enabled = False  # it spends the two cores on measuring itself
    options.threading.private_threadpool_size = n_threads
    options.deterministic = True
    return options
