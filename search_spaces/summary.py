"""Layers, shapes and weights of a configuration on images of a given size, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_spaces.keras_table import keras_table
from search_spaces.problems import Unbuildable
from search_spaces.shapes import IMAGE_RANK, TO_A_VECTOR, Shape, effect_of

if TYPE_CHECKING:
    from search_spaces.configuration import Configuration, Layer

LARGEST_TENSOR = 2**31
"""Values of one image's tensor that we go on counting: TensorFlow has long given up."""


@dataclass(frozen=True, kw_only=True)
class LayerSummary:
    name: str
    """Of the Keras layer: `conv_0_conv2d`; `output` for the softmax layer that the data set's classes give."""
    kind: str
    """Keras's class name in snake_case."""
    path: str
    """Where it stands in the space: `conv[0].conv2d`; `output` for the softmax layer."""
    output_shape: tuple[int, ...]
    """Without the batch axis."""
    parameters: int
    """Weights, those that are not trained included."""


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    layers: tuple[LayerSummary, ...]
    """In order, the output layer last."""
    parameters: int
    """Weights of all layers, those that are not trained included: Keras's `count_params()`."""


def summarize(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> ModelSummary:
    """Shapes and weights on images (height, width, channels). Unbuildable where Keras would not build the model."""
    shape: Shape = image_shape
    layers = []
    for layer in configuration.layers:
        shape, parameters = _effect(layer, shape)
        layers.append(_summary(layer.name, layer.kind, layer.path, shape, parameters))
    layers.append(_output(shape, n_classes))
    return ModelSummary(layers=tuple(layers), parameters=sum(layer.parameters for layer in layers))


def _effect(layer: Layer, shape: Shape) -> tuple[Shape, int]:
    try:
        after, parameters = effect_of(layer.kind, _with_defaults(layer), shape)
    except ValueError as error:
        raise Unbuildable(layer.path, str(error)) from None
    size = 1
    for length in after:
        size *= length
    if max(size, parameters) > LARGEST_TENSOR:
        raise Unbuildable(layer.path, f"{max(size, parameters):,} numbers are more than a tensor holds")
    return after, parameters


def _with_defaults(layer: Layer) -> dict[str, Any]:
    known = keras_table().layers[layer.kind].arguments
    return {name: layer.arguments.get(name, argument.default) for name, argument in known.items()}


def _output(shape: Shape, n_classes: int) -> LayerSummary:
    if len(shape) == IMAGE_RANK:
        height, width, channels = shape
        raise Unbuildable("", f"the layers end in an image of {height} x {width} x {channels}; {TO_A_VECTOR}")
    return _summary("output", "dense", "output", (n_classes,), (shape[0] + 1) * n_classes)


def _summary(name: str, kind: str, path: str, shape: Shape, parameters: int) -> LayerSummary:
    return LayerSummary(name=name, kind=kind, path=path, output_shape=shape, parameters=parameters)
