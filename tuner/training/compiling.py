"""A configuration as a compiled model: what Keras itself keeps of the training's settings.

Averaging between epochs, plateaus, early stopping and augmentation are no part of a compiled model: `fit` adds them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import keras

from tuner import models
from tuner.plan import FLOAT32
from tuner.training import labels
from tuner.training.schedules import Schedule, schedule

if TYPE_CHECKING:
    from search_spaces import Component, Configuration, Training

STEPS_PER_EXECUTION = 32
"""Training steps in one call of the graph: Python is entered once for all of them."""

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
    """The model, ready for `fit` on `n_train` images. Its schedule runs over `epochs` epochs, and stays at its end.

    Labels are one-hot where `labels.are_one_hot` says so, class numbers elsewhere.
    """
    schedule = rate(configuration.training, n_train, epochs)
    return compiled_with(schedule, configuration, image_shape, n_classes, precision)


def compiled_with(
    schedule: Schedule | None,
    configuration: Configuration,
    image_shape: tuple[int, int, int],
    n_classes: int,
    precision: str = FLOAT32,
) -> keras.Model:
    """As `compiled`, with a schedule that the caller has a hold of."""
    model = models.build(configuration, image_shape, n_classes, precision)
    one_hot = labels.are_one_hot(configuration.training)
    accuracy = keras.metrics.CategoricalAccuracy if one_hot else keras.metrics.SparseCategoricalAccuracy
    model.compile(
        optimizer=_scaling(models.build_optimizer(_optimizer(configuration.training), schedule), precision),
        loss=_loss(configuration.training.loss) if one_hot else "sparse_categorical_crossentropy",
        metrics=[accuracy(name="accuracy")],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    return model


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


def _loss(loss: Component | None) -> keras.losses.Loss:
    if loss is None:
        return keras.losses.CategoricalCrossentropy()
    return getattr(keras.losses, LOSSES[loss.kind])(**loss.arguments)


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
