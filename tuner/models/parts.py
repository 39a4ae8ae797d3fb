"""A batch in parts that are trained side by side, each by a thread of its own.

An operation that is spread over two threads has them wait for each other, and a step of a small network has sixty of
them. Halves of a batch need each other only where a layer looks at all images at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from tuner.models.normalization import BatchNormalization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_spaces import LayerSummary

WHOLE_BATCH = frozenset({"batch_normalization"})
"""Kinds of layers that look at all images at once. Ours can do so in parts, Keras's cannot."""

WHOLE_BATCH_ARGUMENTS = frozenset({"activity_regularizer", "noise_shape"})
"""What makes a layer do so: a mean over the batch, and a mask that may be the same for all of it."""


class Part(keras.layers.Layer):  # type: ignore[misc]
    """Part `index` of `n`, as equal as they come; of fewer images than parts some are empty."""

    def __init__(self, index: int, n: int) -> None:
        super().__init__(dtype=None, autocast=False)
        self._index, self._n = index, n

    def call(self, batch: tf.Tensor) -> tf.Tensor:
        size = tf.shape(batch)[0]
        return batch[size * self._index // self._n : size * (self._index + 1) // self._n]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (None, *input_shape[1:])


def cut(batch: Any, n: int) -> list[Any]:
    """The batch in `n` parts; as it is for one."""
    return [Part(index, n)(batch) for index in range(n)] if n > 1 else [batch]


def joined(parts: Sequence[Any]) -> Any:
    return keras.layers.Concatenate(axis=0, dtype=parts[0].dtype)(list(parts)) if len(parts) > 1 else parts[0]


def through(layer: keras.layers.Layer, summary: LayerSummary, inputs: Sequence[Sequence[Any]]) -> list[Any]:
    """What the layer makes of `inputs`, its tensors in their parts: in parts too."""
    n = len(inputs[0])
    if isinstance(layer, BatchNormalization):
        return list(layer(inputs[0]))
    if looks_at_all(summary):
        return cut(layer(*(joined(parts) for parts in inputs)), n)
    return [layer(list(own) if len(own) > 1 else own[0]) for own in zip(*inputs, strict=True)]


def looks_at_all(layer: LayerSummary) -> bool:
    given = {name for name, value in layer.arguments.items() if value is not None}
    return layer.kind in WHOLE_BATCH or not given.isdisjoint(WHOLE_BATCH_ARGUMENTS)
