"""From a configuration to a Keras model. Knows no space, no engine and no data but their shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search_spaces import (
    INPUT,
    Component,
    Configuration,
    LayerSummary,
    layer_class,
    object_class,
    optimizer_class,
    summarize,
)
from tuner.models.rearranging import rearranged
from tuner.plan import FLOAT32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras


def build(
    configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int, precision: str = FLOAT32
) -> keras.Model:
    """The model, not compiled: pixels 0..255 in, (batch, height, width, channels); class probabilities out.

    Scaling to 0..1 is its first layer, so that a served model takes the pixels of an image file as they are.
    `precision` is the policy that its layers compute by; weights are of single precision under each.
    Raises Unbuildable where the layers do not fit the images.
    """
    return _model(summarize(configuration, image_shape, n_classes).layers, image_shape, precision, {})


def build_to_train(
    configuration: Configuration,
    image_shape: tuple[int, int, int],
    n_classes: int,
    precision: str = FLOAT32,
    *,
    logits: bool,
    n_parts: int = 1,
) -> keras.Model:
    """As `build`, in the form that trains fastest: the same weights in the same order, in layers that may be our own.
    `logits` leaves softmax out; of `n_parts` of a batch each goes its own way through the layers. Not to be saved.
    """
    *hidden, output = rearranged(summarize(configuration, image_shape, n_classes).layers)
    if logits:
        output = replace(output, arguments={**output.arguments, "activation": None})
    return _model((*hidden, output), image_shape, precision, _own_layers(), n_parts)


def _model(
    layers: Sequence[LayerSummary],
    image_shape: tuple[int, int, int],
    precision: str,
    own: Mapping[str, Any],
    n_parts: int = 1,
) -> keras.Model:
    import keras

    from tuner.models.parts import cut, joined

    images = keras.Input(image_shape, name=INPUT)
    # Pixels and probabilities have full precision whatever the layers between compute in: 8 bits hold 255 levels of
    # pixels, but not the fractions that augmentation and scaling make of them. The policy is each layer's own, not
    # Keras's global one, which a worker would carry from one trial into the next.
    scale = keras.layers.Rescaling(1 / 255, name="scale", dtype=FLOAT32)
    tensors = {INPUT: [scale(part) for part in cut(images, n_parts)]}
    *hidden, output = layers
    for layer in hidden:
        tensors[layer.name] = _placed(layer, tensors, precision, own)
    tensors[output.name] = _placed(output, tensors, FLOAT32, own)
    return keras.Model(images, joined(tensors[output.name]), name="classifier")


def build_optimizer(optimizer: Component, learning_rate: Any = None) -> keras.optimizers.Optimizer:
    """The optimizer; with this learning rate or schedule instead of its own where one is given."""
    import keras

    from tuner.models import optimizers

    arguments = dict(optimizer.arguments) | ({} if learning_rate is None else {"learning_rate": learning_rate})
    name = optimizer_class(optimizer.kind)
    return getattr(optimizers, name, getattr(keras.optimizers, name))(**arguments)


def _own_layers() -> dict[str, Any]:
    """Kind -> our class of it. On a GPU Keras's own are used: nothing was measured there."""
    import tensorflow as tf

    from tuner.models.dropout import Dropout
    from tuner.models.normalization import BatchNormalization

    own = {"dropout": Dropout, "batch_normalization": BatchNormalization}
    return {} if tf.config.list_physical_devices("GPU") else own


def _placed(layer: LayerSummary, tensors: Mapping[str, list[Any]], precision: str, own: Mapping[str, Any]) -> list[Any]:
    import keras

    from tuner.models.parts import through

    arguments = {name: _argument(name, value) for name, value in layer.arguments.items()}
    layer_type = own.get(layer.kind) or getattr(keras.layers, layer_class(layer.kind))
    made = layer_type(name=layer.name, dtype=precision, **arguments)
    return through(made, layer, [tensors[source] for source in layer.inputs])


def _argument(name: str, value: Any) -> Any:
    """The value; the object of Keras that a mapping stands for: `{"l2": {"l2": 0.001}}`."""
    import keras

    if not isinstance(value, dict):
        return value
    ((kind, arguments),) = value.items()
    family, class_name = object_class(name, kind)
    return getattr(getattr(keras, family), class_name)(**arguments)
