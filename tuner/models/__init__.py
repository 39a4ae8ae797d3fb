"""From a configuration to a Keras model. Knows no space, no engine and no data but their shape."""

from __future__ import annotations

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
from tuner.plan import FLOAT32

if TYPE_CHECKING:
    import keras


def build(
    configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int, precision: str = FLOAT32
) -> keras.Model:
    """The model, not compiled: pixels 0..255 in, (batch, height, width, channels); class probabilities out.

    Scaling to 0..1 is its first layer, so that a served model takes the pixels of an image file as they are.
    `precision` is the policy that its layers compute by; weights are of single precision under each.
    Raises Unbuildable where the layers do not fit the images.
    """
    import keras

    images = keras.Input(image_shape, name=INPUT)
    # Pixels and probabilities have full precision whatever the layers between compute in: 8 bits hold 255 levels of
    # pixels, but not the fractions that augmentation and scaling make of them. The policy is each layer's own, not
    # Keras's global one, which a worker would carry from one trial into the next.
    tensors = {INPUT: keras.layers.Rescaling(1 / 255, name="scale", dtype=FLOAT32)(images)}
    *hidden, output = summarize(configuration, image_shape, n_classes).layers
    for layer in hidden:
        tensors[layer.name] = _placed(layer, tensors, precision)
    tensors[output.name] = _placed(output, tensors, FLOAT32)
    return keras.Model(images, tensors[output.name], name="classifier")


def build_optimizer(optimizer: Component, learning_rate: Any = None) -> keras.optimizers.Optimizer:
    """The optimizer; with this learning rate or schedule instead of its own where one is given."""
    import keras

    arguments = dict(optimizer.arguments) | ({} if learning_rate is None else {"learning_rate": learning_rate})
    return getattr(keras.optimizers, optimizer_class(optimizer.kind))(**arguments)


def _placed(layer: LayerSummary, tensors: dict[str, Any], precision: str) -> Any:
    import keras

    arguments = {name: _argument(name, value) for name, value in layer.arguments.items()}
    inputs = [tensors[source] for source in layer.inputs]
    made = getattr(keras.layers, layer_class(layer.kind))(name=layer.name, dtype=precision, **arguments)
    return made(inputs if len(inputs) > 1 else inputs[0])


def _argument(name: str, value: Any) -> Any:
    """The value; the object of Keras that a mapping stands for: `{"l2": {"l2": 0.001}}`."""
    import keras

    if not isinstance(value, dict):
        return value
    ((kind, arguments),) = value.items()
    family, class_name = object_class(name, kind)
    return getattr(getattr(keras, family), class_name)(**arguments)
