"""How long a trained model takes for one image, on the device that it was trained on.

Protocol. The model is called as it is served, compiled into one graph, pixels 0..255 in and probabilities out, with one
image at a time: the case of a camera or of a page that waits, where nobody fills a batch. The first calls are thrown
away, since they trace the graph, reserve memory and let the driver choose its kernels. Then it is called a hundred
times, fewer where a call is slow, and each answer is read back, so that a GPU has really finished. The result is the
median: what the system does in between makes some calls longer and none shorter, so a mean would measure the machine's
other work. Trials that train on the same processors at the same time are such other work: where latency is sought,
train one at a time.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

N_WARM_UP = 10
N_CALLS = 100
N_CALLS_AT_LEAST = 10
ENOUGH_SECONDS = 2.0
"""After which no more calls are made than `N_CALLS_AT_LEAST`."""


def latency(model: keras.Model, clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds for one image, the median of repeated calls. `clock` tells seconds."""
    call = _compiled(model)
    for _ in range(N_WARM_UP):
        call()
    times: list[float] = []
    began = clock()
    while len(times) < N_CALLS and (len(times) < N_CALLS_AT_LEAST or clock() - began < ENOUGH_SECONDS):
        before = clock()
        call()
        times.append(clock() - before)
    return round(1000 * statistics.median(times), 4)


def _compiled(model: keras.Model) -> Callable[[], object]:
    """One call of the model, from an image in memory to probabilities in memory."""
    shape = (1, *model.input_shape[1:])
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.float32)
    graph = tf.function(lambda pixels: model(pixels, training=False), input_signature=[tf.TensorSpec(shape)])
    return lambda: graph(tf.constant(image)).numpy()
