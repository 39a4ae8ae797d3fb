"""A compiled model trained as its configuration says, where epochs and callbacks come from a tuner."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from tuner.training import labels
from tuner.training.compiling import rate
from tuner.training.fit import Images
from tuner.training.pipeline import Shuffle, TrainingImages, evaluation_batches
from tuner.training.preparation import preparation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_spaces import EarlyStopping, Training


def images_of(x: Any, y: Any, image_shape: tuple[int, int, int], n_classes: int) -> Images:
    """Arrays as images. ValueError where they are not (n, *image_shape) and (n,) class numbers below `n_classes`."""
    images, numbers = np.asarray(x), np.asarray(y)
    if images.shape[1:] != image_shape or images.dtype.kind not in "uif":
        raise ValueError(f"x must be an array of images, (n, {', '.join(map(str, image_shape))}). Got {images.shape}")
    if numbers.shape != images.shape[:1] or numbers.dtype.kind not in "ui":
        raise ValueError(f"y must be a class number for each image, (n,). Got {numbers.dtype} {numbers.shape}")
    if not (numbers.min() >= 0 and numbers.max() < n_classes):
        raise ValueError(f"class numbers must be 0 to {n_classes - 1}. Got {numbers.min()} to {numbers.max()}")
    return Images(images=images, labels=numbers, n_classes=n_classes)


def held_out(training: Images, share: float) -> tuple[Images, Images]:
    """The images without their last share, and that share, as Keras's `validation_split` has it."""
    n = int(len(training.labels) * (1 - share))
    if not 0 < n < len(training.labels):
        raise ValueError(f"validation_split must leave images on both sides. Got {share} of {len(training.labels)}")
    return _rows(training, slice(n)), _rows(training, slice(n, None))


def fitted(
    model: keras.Model,
    settings: Training,
    training: Images,
    validation: Images | None,
    *,
    epochs: int,
    initial_epoch: int,
    callbacks: Sequence[keras.callbacks.Callback],
    verbose: str | int,
) -> keras.callbacks.History:
    """The history of epochs `initial_epoch` to `epochs`. The learning rate is laid out over all `epochs`.

    Order and augmentation follow Python's `random`, which `keras.utils.set_random_seed` seeds.
    """
    if schedule := rate(settings, len(training.labels), epochs):
        model.optimizer.learning_rate = schedule
    batches = TrainingImages(
        training.images,
        training.labels,
        batch_size=settings.batch_size,
        seed=random.randrange(2**31),
        prepare=preparation(settings, training.labels, training.n_classes),
    )
    stopping = [_stopping(settings.early_stopping)] if settings.early_stopping else []
    return model.fit(
        batches.dataset,
        validation_data=_evaluation(validation, settings) if validation else None,
        initial_epoch=initial_epoch,
        epochs=epochs,
        shuffle=False,  # the batches are in their order already
        verbose=verbose,
        callbacks=[Shuffle(batches), *stopping, *callbacks],
    )


def _rows(images: Images, rows: slice) -> Images:
    return Images(images=images.images[rows], labels=images.labels[rows], n_classes=images.n_classes)


def _evaluation(validation: Images, settings: Training) -> Any:
    one_hot = validation.n_classes if labels.are_one_hot(settings) else None
    return evaluation_batches(validation.images, validation.labels, one_hot=one_hot)


def _stopping(stopping: EarlyStopping) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(
        monitor=stopping.monitor,
        mode="min" if stopping.monitor == "val_loss" else "max",
        patience=stopping.patience,
        min_delta=stopping.min_delta,
    )
