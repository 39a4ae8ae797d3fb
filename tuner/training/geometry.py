"""Moves, turns and enlarges images. However many stand in a row, pixels are read once: their matrices are multiplied.

That is quicker, blurs once instead of each time, and what one move takes over the edge another can bring back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from tuner.training import drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_spaces import Component

Draw = Callable[["Mapping[str, float]", tf.Tensor, tf.Tensor, tuple[int, int]], tf.Tensor]
"""(arguments, seed, n, (height, width)) -> (n, 3, 3): where in the old image a pixel (x, y, 1) of the new one lies."""

WHOLE_PIXELS = frozenset({"shift", "crop"})
"""They read each pixel as it is; the others lie between pixels and read four."""


def transformed(images: tf.Tensor, moves: Sequence[tuple[Component, tf.Tensor]], *, fill_mode: str) -> tf.Tensor:
    """The images after all moves, each given with its seed, in their order."""
    n, size = tf.shape(images)[0], (int(images.shape[1]), int(images.shape[2]))
    matrix = tf.eye(3, batch_shape=[n])
    for move, seed in moves:
        # The last move's matrix comes first to a new pixel, so it stands on the right.
        matrix = matrix @ MOVES[move.kind](move.arguments, seed, n, size)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.reshape(matrix, [n, 9])[:, :8],
        output_shape=size,
        interpolation="NEAREST" if all(move.kind in WHOLE_PIXELS for move, _seed in moves) else "BILINEAR",
        fill_mode=fill_mode.upper(),
        fill_value=0.0,
    )


def _shift(arguments: Mapping[str, float], seed: tf.Tensor, n: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """By whole pixels, so that sharp images stay sharp; never by more than the share."""
    # 1e-9: a share of 0.29 of 100 pixels is 28.999999999999996.
    rows, columns = (int(arguments[name] * side + 1e-9) for name, side in zip(("height", "width"), size, strict=True))
    return _translation(drawing.whole(seed, 0, n, columns), drawing.whole(seed, 1, n, rows))


def _crop(arguments: Mapping[str, float], seed: tf.Tensor, n: tf.Tensor, _size: tuple[int, int]) -> tf.Tensor:
    """A cut of the old size out of the padded image is the image moved by up to the padding."""
    padding = int(arguments["padding"])
    return _translation(drawing.whole(seed, 0, n, padding), drawing.whole(seed, 1, n, padding))


def _rotate(arguments: Mapping[str, float], seed: tf.Tensor, n: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    limit = math.radians(arguments["degrees"])
    angle = drawing.uniform(seed, 0, n, -limit, limit)
    return _centred(tf.cos(angle), tf.sin(angle), size)


def _zoom(arguments: Mapping[str, float], seed: tf.Tensor, n: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    larger = drawing.uniform(seed, 0, n, 1 - arguments["by"], 1 + arguments["by"])
    return _centred(1 / larger, tf.zeros([n]), size)


MOVES: Mapping[str, Draw] = {"shift": _shift, "crop": _crop, "rotate": _rotate, "zoom": _zoom}


def _translation(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    one, zero = tf.ones_like(x), tf.zeros_like(x)
    return _matrix(one, zero, x, zero, one, y)


def _centred(cosine: tf.Tensor, sine: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """[[cosine, -sine], [sine, cosine]] about the middle of the image."""
    y, x = (size[0] - 1) / 2, (size[1] - 1) / 2
    return _matrix(cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y)


def _matrix(*first_two_rows: tf.Tensor) -> tf.Tensor:
    zero, one = tf.zeros_like(first_two_rows[0]), tf.ones_like(first_two_rows[0])
    return tf.reshape(tf.stack([*first_two_rows, zero, zero, one], axis=-1), [-1, 3, 3])
