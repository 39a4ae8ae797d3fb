"""Changes training images as they are fed, a batch at a time. Never inside the model, whose exports would keep it.

Every random number follows from the batch's seed and the place in the list: no thread, and no resume, changes a pixel.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import tensorflow as tf

from tuner.training import boxes, drawing, geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from search_spaces import Component

BRIGHTEST = 255.0

# Source: Zhong et al. 2020, Random Erasing, algorithm 1 and section 4: height over width.
ASPECTS = (0.3, 1 / 0.3)


def augmented(images: tf.Tensor, augmentation: Sequence[Component], seed: tf.Tensor) -> tf.Tensor:
    """The images, floats of 0 to 255 as before, after everything in the list that leaves labels alone."""
    placed = [(each, drawing.folded(seed, place)) for place, each in enumerate(augmentation)]
    for fill_mode, together in groupby(placed, key=lambda each: _fill_mode(each[0])):
        run = list(together)
        if fill_mode is not None:
            images = geometry.transformed(images, run, fill_mode=fill_mode)
            continue
        for each, own_seed in run:
            if each.kind in CHANGES:
                images = CHANGES[each.kind](images, each.arguments, own_seed)
    return images


def _fill_mode(each: Component) -> str | None:
    """None of what is no geometry."""
    return each.arguments["fill_mode"] if each.kind in geometry.MOVES else None


def _flip(images: tf.Tensor, arguments: Mapping[str, Any], seed: tf.Tensor) -> tf.Tensor:
    """Each direction by itself with probability 1/2."""
    axes = {"vertical": (1,), "horizontal": (2,), "both": (1, 2)}[arguments["direction"]]
    for axis in axes:
        flipped = _each(drawing.uniform(seed, axis, tf.shape(images)[0], 0.0, 1.0)) < 0.5  # noqa: PLR2004
        images = tf.where(flipped, tf.reverse(images, [axis]), images)
    return images


def _brightness(images: tf.Tensor, arguments: Mapping[str, Any], seed: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(images * _factor(images, arguments["by"], seed), 0.0, BRIGHTEST)


def _contrast(images: tf.Tensor, arguments: Mapping[str, Any], seed: tf.Tensor) -> tf.Tensor:
    """Away from the image's mean, or towards it."""
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return tf.clip_by_value(mean + (images - mean) * _factor(images, arguments["by"], seed), 0.0, BRIGHTEST)


def _erase(images: tf.Tensor, arguments: Mapping[str, Any], seed: tf.Tensor) -> tf.Tensor:
    """A rectangle of random pixels. Source: Zhong et al. 2020, Random Erasing, algorithm 1.

    The algorithm draws again until the rectangle fits; here only shapes that fit are drawn, which needs no loop.
    """
    n, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    low, high = sorted((arguments["smallest"], arguments["largest"]))
    area = drawing.uniform(seed, 0, n, low, high) * height * width
    flattest = tf.maximum(ASPECTS[0], area / width**2)
    tallest = tf.maximum(flattest, tf.minimum(ASPECTS[1], height**2 / area))
    aspect = drawing.uniform(seed, 1, n, flattest, tallest)
    rows = tf.clip_by_value(tf.round(tf.sqrt(area * aspect)), 1.0, height)
    columns = tf.clip_by_value(tf.round(area / rows), 1.0, width)
    top = tf.floor(drawing.uniform(seed, 2, n, 0.0, 1.0) * (height - rows + 1))
    left = tf.floor(drawing.uniform(seed, 3, n, 0.0, 1.0) * (width - columns + 1))
    chosen = drawing.uniform(seed, 4, n, 0.0, 1.0) < arguments["probability"]
    inside = boxes.mask(top, left, top + rows, left + columns, (height, width)) & _each(chosen)
    noise = tf.floor(tf.random.stateless_uniform(tf.shape(images), drawing.folded(seed, 5), 0.0, 256.0))
    return tf.where(inside, noise, images)


CHANGES: Mapping[str, Callable[[tf.Tensor, Mapping[str, Any], tf.Tensor], tf.Tensor]] = {
    "flip": _flip,
    "brightness": _brightness,
    "contrast": _contrast,
    "erase": _erase,
}


def _factor(images: tf.Tensor, by: float, seed: tf.Tensor) -> tf.Tensor:
    return _each(drawing.uniform(seed, 0, tf.shape(images)[0], 1 - by, 1 + by))


def _each(values: tf.Tensor) -> tf.Tensor:
    """(n,) -> (n, 1, 1, 1)"""
    return values[:, tf.newaxis, tf.newaxis, tf.newaxis]
