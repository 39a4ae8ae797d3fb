"""What is done to a training batch between memory and the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from tuner.training import drawing, labels
from tuner.training.augmentation import augmented
from tuner.training.mixing import is_mixing, mixed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from search_spaces import Training

Prepare = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]]
"""(images as floats, class numbers, the batch's seed) -> images, labels, and weights where not all count the same."""


def preparation(training: Training, training_labels: NDArray[np.integer], n_classes: int) -> Prepare | None:
    """What the configuration asks for; None where images and class numbers go to the model as they are."""
    balanced = training.class_weights == "balanced"
    one_hot = labels.are_one_hot(training)
    if not (balanced or one_hot or training.augmentation):
        return None
    weights = tf.constant(labels.balanced_weights(training_labels, n_classes)) if balanced else None

    def prepare(images: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        images = augmented(images, training.augmentation, seed)
        if not one_hot:
            return (images, classes) if weights is None else (images, classes, tf.gather(weights, classes))
        targets = tf.one_hot(classes, n_classes)
        # After all else, whatever the order of the space: two images are mixed once each has had its own changes.
        for place, each in enumerate(training.augmentation):
            if is_mixing(each):
                images, targets = mixed(each, images, targets, drawing.folded(seed, place))
        smooth = labels.smoothed(targets, training.label_smoothing)
        if weights is None:
            return images, smooth
        return images, smooth, tf.linalg.matvec(targets, weights)

    return prepare
