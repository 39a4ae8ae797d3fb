"""The learning rate of every step, as Keras's optimizers ask for it: in the graph, of the step's number alone.

So it is the same with any `steps_per_execution`, and after a resume: the number of steps is in the checkpoint. With
gradient accumulation too, since Keras asks with the number of batches, not of updates.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from tuner import models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces import Training

PLATEAU = "plateau"


@keras.saving.register_keras_serializable(package="tuner")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The optimizer's own rate, the peak, times a share that depends on how many of all steps are done."""

    def __init__(self, *, kind: str, arguments: Mapping[str, float], peak: float, n_steps: int) -> None:
        self._kind = kind
        self._arguments = dict(arguments)
        self._peak = peak
        self._n_steps = n_steps
        self._n_warmup = round(arguments["warmup"] * n_steps)
        self.scale = tf.Variable(1.0, trainable=False, dtype=tf.float64)
        """1, until a plateau lowers it between epochs. Not in checkpoints: it follows from the curve."""

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        done = tf.cast(step, tf.float64)
        progress = (done - self._n_warmup) / max(1, self._n_steps - self._n_warmup)
        share = self._after(tf.clip_by_value(progress, 0.0, 1.0))
        if self._n_warmup:
            share = tf.where(done < self._n_warmup, self._rise(done), share)
        return tf.cast(self._peak * share * self.scale, tf.float32)

    def _rise(self, done: tf.Tensor) -> tf.Tensor:
        if self._kind == "one_cycle":
            return _cosine(self._arguments["start"], 1.0, done / self._n_warmup)
        # The first step is one of the rise: at a rate of 0 it would teach nothing.
        return tf.minimum((done + 1) / self._n_warmup, 1.0)

    def _after(self, progress: tf.Tensor) -> tf.Tensor:
        """The share after the warm-up; `progress` is 0 when it ends and 1 after the last step."""
        match self._kind:
            case "linear":
                return 1.0 + (self._arguments["end"] - 1.0) * progress
            case "cosine" | "one_cycle":
                return _cosine(1.0, self._arguments["end"], progress)
            case "exponential":
                return tf.pow(tf.cast(self._arguments["end"], tf.float64), progress)
            case _:
                return tf.ones_like(progress)

    def get_config(self) -> dict[str, Any]:
        return {"kind": self._kind, "arguments": self._arguments, "peak": self._peak, "n_steps": self._n_steps}


def schedule(training: Training, n_steps: int) -> Schedule | None:
    """The schedule over `n_steps` steps; None where the learning rate stays as the optimizer has it."""
    named = training.schedule
    if named is None or (named.kind == "constant" and not named.arguments["warmup"]):
        return None
    peak = float(models.build_optimizer(training.optimizer).learning_rate)
    return Schedule(kind=named.kind, arguments=named.arguments, peak=peak, n_steps=n_steps)


def _cosine(begin: float, end: float, progress: tf.Tensor) -> tf.Tensor:
    return end + (begin - end) * (1.0 + tf.cos(math.pi * progress)) / 2.0
