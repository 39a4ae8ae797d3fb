"""Labels as the loss wants them, and how much each image counts.

Whole numbers as long as nothing needs more: they are smaller, and the path of a plain training stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tuner.training.mixing import is_mixing

if TYPE_CHECKING:
    import tensorflow as tf
    from numpy.typing import NDArray

    from search_spaces import Training

CROSSENTROPY = "categorical_crossentropy"


def are_one_hot(training: Training) -> bool:
    """Whether labels are (n, n_classes), each row a distribution, rather than (n,) class numbers."""
    mixes = any(map(is_mixing, training.augmentation))
    return not crossentropy(training) or bool(training.label_smoothing) or mixes


def crossentropy(training: Training) -> bool:
    """Whether that is the loss: it can be taken of what comes before softmax, and softmax be left out."""
    return training.loss is None or training.loss.kind == CROSSENTROPY


def smoothed(labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """One-hot labels of which a share is spread over all classes. Source: Szegedy et al. 2016, section 7.

    Done to labels that train, not in the loss: the loss on validation images stays comparable between configurations.
    """
    return labels * (1.0 - smoothing) + smoothing / labels.shape[-1] if smoothing else labels


def balanced_weights(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float32]:
    """(n_classes,) weights by which each class counts the same, as scikit-learn's `balanced`: n / (k * count), k being
    the classes that occur. One that does not has 0.
    """
    counts = np.bincount(labels, minlength=n_classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)) * (counts > 0)
    return weights.astype(np.float32)
