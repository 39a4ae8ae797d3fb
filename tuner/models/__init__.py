"""From a configuration to a Keras model. Knows no space, no engine and no data but their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces import Configuration, Layer, Optimizer, layer_class, optimizer_class

if TYPE_CHECKING:
    import keras


def build(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """The model, not compiled: pixels 0..255 in, (batch, height, width, channels); class probabilities out.

    Scaling to 0..1 is its first layer, so that a served model takes the pixels of an image file as they are.
    """
    import keras

    images = keras.Input(image_shape, name="pixels")
    outputs = keras.layers.Rescaling(1 / 255, name="scale")(images)
    for layer in configuration.layers:
        outputs = _layer(layer)(outputs)
    outputs = keras.layers.Dense(n_classes, activation="softmax", dtype="float32", name="output")(outputs)
    return keras.Model(images, outputs, name="classifier")


def build_optimizer(optimizer: Optimizer) -> keras.optimizers.Optimizer:
    import keras

    return getattr(keras.optimizers, optimizer_class(optimizer.kind))(**optimizer.arguments)


def _layer(layer: Layer) -> Any:
    import keras

    return getattr(keras.layers, layer_class(layer.kind))(name=layer.name, **layer.arguments)
