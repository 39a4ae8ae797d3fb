"""Two images in one, and their labels likewise: mixup and CutMix.

Each image is mixed with its mirror place in the batch, as in timm: the order is drawn anew in each epoch, so that is as
good as a permutation. Each pair draws its own share, as the formulas of both papers have it; their programs draw one a
batch, for speed that is not missed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tuner.training import boxes, drawing

if TYPE_CHECKING:
    from search_spaces import Component

Batch = tuple[tf.Tensor, tf.Tensor]
"""(n, height, width, channels) images and (n, n_classes) labels."""


def is_mixing(augmentation: Component) -> bool:
    """Whether it gives labels between classes."""
    return augmentation.kind in ("mixup", "cutmix") and augmentation.arguments["alpha"] > 0


def mixed(augmentation: Component, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> Batch:
    """The batch with every image mixed with another, and the labels in the same shares."""
    share = drawing.beta(seed, 0, tf.shape(images)[0], augmentation.arguments["alpha"])
    if augmentation.kind == "mixup":
        return _mixup(images, labels, share)
    return _cutmix(images, labels, share, seed)


def _mixup(images: tf.Tensor, labels: tf.Tensor, share: tf.Tensor) -> Batch:
    """Source: Zhang et al. 2018, mixup, section 2."""
    of_images = share[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return of_images * images + (1 - of_images) * tf.reverse(images, [0]), _shared(labels, share)


def _cutmix(images: tf.Tensor, labels: tf.Tensor, share: tf.Tensor, seed: tf.Tensor) -> Batch:
    """Source: Yun et al. 2019, CutMix, section 3.1 and algorithm A1: the box is as wide and high in shares, may stand
    over the edge, and what it really covers is what the labels say.
    """
    n, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    side = tf.sqrt(1 - share) / 2
    row, column = drawing.uniform(seed, 2, n, 0.0, height), drawing.uniform(seed, 3, n, 0.0, width)
    top, bottom = _within(row - side * height, height), _within(row + side * height, height)
    left, right = _within(column - side * width, width), _within(column + side * width, width)
    inside = boxes.mask(top, left, bottom, right, (height, width))
    covered = (bottom - top) * (right - left) / (height * width)
    return tf.where(inside, tf.reverse(images, [0]), images), _shared(labels, 1 - covered)


def _within(edge: tf.Tensor, size: int) -> tf.Tensor:
    return tf.clip_by_value(tf.round(edge), 0.0, float(size))


def _shared(labels: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    of_labels = share[:, tf.newaxis]
    return of_labels * labels + (1 - of_labels) * tf.reverse(labels, [0])
