"""A configuration as a compiled model: what Keras itself keeps of the training's settings.

Averaging between epochs, plateaus, early stopping and augmentation are no part of a compiled model: `fit` adds them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from search_spaces import summarize
from tuner import models
from tuner.plan import FLOAT32
from tuner.slots import batch_parts
from tuner.training import labels
from tuner.training.schedules import Schedule, schedule

if TYPE_CHECKING:
    from search_spaces import Component, Configuration, Training

OPERATIONS_PER_EXECUTION = 5e10
"""Floating-point operations in one call of the graph, half a second of two cores: Python is entered once for all their
steps, and a trial that is told to stop does so after them.
"""

LEAST_OPERATIONS_IN_PARTS = 5e10
"""Floating-point operations of a whole training below which its batches stay whole: what parts save is less than what
tracing the network once for each of them costs.
"""

MOST_STEPS = 512
"""In one call of the graph, however small the network."""

LEAST_STEPS_ON_A_GPU = 32
"""In one call of the graph: a GPU is through with them sooner than any estimate of ours for processors says."""

OPERATIONS_PER_MULTIPLY_ADD = 6
"""Of a training step: forward once, backward for weights and for inputs, each a multiplication and an addition."""

LEAST_LOSS_SCALE = 2.0**-24
"""Where the loss is scaled, a step whose gradients are not finite is skipped and the scale halved, from 2**15: what 39
halvings do not mend is no lack of range. The weights stand still from then on, and the loss stays finite.
"""

LOSSES = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "kl_divergence": "KLDivergence",
    "mean_squared_error": "MeanSquaredError",
    "categorical_hinge": "CategoricalHinge",
}


def compiled(
    configuration: Configuration,
    image_shape: tuple[int, int, int],
    n_classes: int,
    *,
    n_train: int,
    epochs: int,
    precision: str = FLOAT32,
) -> keras.Model:
    """The model as Keras has it, of class probabilities, ready for `fit` on `n_train` images. Its schedule runs over
    `epochs` epochs, and stays at its end.

    Labels are one-hot where `labels.are_one_hot` says so, class numbers elsewhere.
    """
    model = models.build(configuration, image_shape, n_classes, precision)
    steps = steps_per_execution(configuration, image_shape, n_classes)
    _compile(model, configuration.training, rate(configuration.training, n_train, epochs), precision, steps)
    return model


def compiled_to_train(
    schedule: Schedule | None,
    configuration: Configuration,
    image_shape: tuple[int, int, int],
    n_classes: int,
    precision: str = FLOAT32,
    *,
    n_images: int,
) -> keras.Model:
    """The same network in the form that trains fastest on `n_images` images, those of all epochs together, with a
    schedule that the caller has a hold of. It has the other one's weights in their order; where cross-entropy is the
    loss, its output is what softmax would be taken of.
    """
    logits = labels.crossentropy(configuration.training)
    long = n_images * _operations(configuration, image_shape, n_classes) >= LEAST_OPERATIONS_IN_PARTS
    n_parts = batch_parts() if long else 1
    model = models.build_to_train(configuration, image_shape, n_classes, precision, logits=logits, n_parts=n_parts)
    steps = steps_per_execution(configuration, image_shape, n_classes)
    _compile(model, configuration.training, schedule, precision, steps, logits=logits)
    return model


def _compile(
    model: keras.Model,
    training: Training,
    schedule: Schedule | None,
    precision: str,
    steps: int,
    *,
    logits: bool = False,
) -> None:
    one_hot = labels.are_one_hot(training)
    accuracy = keras.metrics.CategoricalAccuracy if one_hot else keras.metrics.SparseCategoricalAccuracy
    model.compile(
        optimizer=_scaling(models.build_optimizer(_optimizer(training), schedule), precision),
        loss=_loss(training.loss, logits) if one_hot else keras.losses.SparseCategoricalCrossentropy(logits),
        metrics=[accuracy(name="accuracy")],
        steps_per_execution=steps,
    )


def steps_per_execution(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> int:
    """Training steps in one call of the graph: a power of two, the more the smaller network and batch are."""
    operations = _operations(configuration, image_shape, n_classes) * configuration.training.batch_size
    least = LEAST_STEPS_ON_A_GPU if tf.config.list_physical_devices("GPU") else 1
    steps = min(max(OPERATIONS_PER_EXECUTION / operations, least), MOST_STEPS)
    return 1 << int(math.log2(steps))


def _operations(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> int:
    """In floating point, of training on one image."""
    return OPERATIONS_PER_MULTIPLY_ADD * max(summarize(configuration, image_shape, n_classes).multiply_adds, 1)


def rate(training: Training, n_train: int, epochs: int) -> Schedule | None:
    """The schedule over `epochs` epochs of `n_train` images; None where the rate stays as the optimizer has it."""
    return schedule(training, epochs * -(-n_train // training.batch_size))


def _scaling(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """With the loss scaled where half precision would lose its small gradients. Keras does so by itself only under a
    global policy.
    """
    half = precision == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer") if half else optimizer


def loss_scale(model: keras.Model) -> float:
    """What the loss is multiplied by before its gradients are taken: 1 where nothing scales it."""
    optimizer = model.optimizer
    return float(optimizer.dynamic_scale) if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else 1.0


def _loss(loss: Component | None, logits: bool) -> keras.losses.Loss:
    kind, arguments = (loss.kind, loss.arguments) if loss else (labels.CROSSENTROPY, {})
    return getattr(keras.losses, LOSSES[kind])(**arguments, **({"from_logits": True} if logits else {}))


def _optimizer(training: Training) -> Component:
    """The optimizer with the average that the space names instead of an average of the optimizer's own."""
    averaging = training.averaging
    if averaging is None or averaging.kind == "none":
        return training.optimizer
    own = {"use_ema": False, "ema_overwrite_frequency": None}
    if averaging.kind == "ema":
        # Keras averages after each batch, also where several of them make one update.
        batches = training.optimizer.arguments.get("gradient_accumulation_steps") or 1
        own |= {"use_ema": True, "ema_momentum": averaging.arguments["momentum"] ** (1 / batches)}
    return replace(training.optimizer, arguments={**training.optimizer.arguments, **own})
