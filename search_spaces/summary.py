"""The network of a configuration on images of a given size: layers, who feeds whom, shapes, weights. No TensorFlow.

Whoever builds the model builds these layers, one after another, and decides nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import Branches, Layer, Residual, Step, all_layers
from search_spaces.keras_table import keras_table
from search_spaces.problems import Unbuildable
from search_spaces.shapes import (
    IMAGE_RANK,
    TO_A_VECTOR,
    Shape,
    by,
    effect_of,
    merged,
    multiply_adds,
    projection,
)
from search_spaces.wording import free_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_spaces.configuration import Configuration

INPUT = "pixels"
"""What a layer is fed with that no other layer feeds: the images."""

OUTPUT = "output"

LARGEST_TENSOR = 2**31
"""Values of one image's tensor that we go on counting: TensorFlow has long given up."""

ACTIVATION_LAYERS = {"leaky_relu": "leaky_relu", "elu": "elu", "relu": "re_lu"}
"""Activations that can be given arguments -> the kind of layer that takes them."""

BYTES_PER_WEIGHT = 4
"""Of the saved model: float32."""


@dataclass(frozen=True, kw_only=True)
class LayerSummary:
    name: str
    """Of the Keras layer: `conv_0_conv2d`; `output` for the softmax layer that the data set's classes give."""
    kind: str
    """Keras's class name in snake_case."""
    path: str
    """Where it stands in the space: `conv[0].conv2d`; `output` for the softmax layer."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """As in `Layer`."""
    inputs: tuple[str, ...] = (INPUT,)
    """Names of the layers whose outputs it takes; `pixels` for the images."""
    output_shape: tuple[int, ...]
    """Without the batch axis."""
    parameters: int
    """Weights, those that are not trained included."""
    multiply_adds: int = 0
    """Of one image."""


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    layers: tuple[LayerSummary, ...]
    """Each after those that feed it, the output layer last."""

    @property
    def parameters(self) -> int:
        """Weights of all layers, those that are not trained included: Keras's `count_params()`."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of one image, all layers together."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def activations(self) -> int:
        """Numbers that all layers put out for one image: what training keeps until the way back."""
        return sum(prod(layer.output_shape) for layer in self.layers)

    @property
    def model_bytes(self) -> int:
        """Of the weights as they are saved."""
        return self.parameters * BYTES_PER_WEIGHT


def summarize(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> ModelSummary:
    """The network on images (height, width, channels). Unbuildable where Keras would not build the model."""
    network = _Network(configuration)
    end = network.through(configuration.layers, _Tensor(INPUT, image_shape))
    if len(end.shape) == IMAGE_RANK:
        raise Unbuildable("", f"the layers end in an image of {by(end.shape)}; {TO_A_VECTOR}")
    network.add("dense", OUTPUT, OUTPUT, {"units": n_classes, "activation": "softmax"}, end)
    return ModelSummary(layers=tuple(network.layers))


@dataclass(frozen=True)
class _Tensor:
    source: str
    """Name of the layer that it comes from."""
    shape: Shape


class _Network:
    """Layers placed so far."""

    def __init__(self, configuration: Configuration) -> None:
        self.layers: list[LayerSummary] = []
        self.names = {OUTPUT, INPUT, *(layer.name for layer in all_layers(configuration.layers))}

    def through(self, steps: Sequence[Step], tensor: _Tensor) -> _Tensor:
        for step in steps:
            match step:
                case Layer():
                    tensor = self._layer(step, tensor)
                case Residual():
                    tensor = self._residual(step, tensor)
                case Branches():
                    ends = [self.through(branch, tensor) for branch in step.branches]
                    tensor = self._merge(step.merge, step, ends)
        return tensor

    def _layer(self, layer: Layer, tensor: _Tensor) -> _Tensor:
        activation = layer.arguments.get("activation")
        if not isinstance(activation, dict):
            return self.add(layer.kind, layer.name, layer.path, layer.arguments, tensor)
        # Keras takes no slope by an activation's name: it is a layer of its own, which every export understands.
        ((named, arguments),) = activation.items()
        if layer.kind != "activation":
            tensor = self.add(layer.kind, layer.name, layer.path, {**layer.arguments, "activation": None}, tensor)
        name = layer.name if layer.kind == "activation" else self._unique(f"{layer.name}_{named}")
        return self.add(ACTIVATION_LAYERS[named], name, layer.path, arguments, tensor)

    def _residual(self, block: Residual, tensor: _Tensor) -> _Tensor:
        end = self.through(block.body, tensor)
        if block.shortcut is not None:
            way = self.through(block.shortcut, tensor)
        elif end.shape != tensor.shape:
            way = self._projection(block, tensor, end.shape)
        else:
            way = tensor
        return self._merge("add", block, [end, way])

    def _projection(self, block: Residual, tensor: _Tensor, shape: Shape) -> _Tensor:
        try:
            kind, arguments = projection(tensor.shape, shape)
        except ValueError as error:
            raise Unbuildable(block.path, str(error)) from None
        path, name = f"{block.path}.shortcut", f"{block.name}_shortcut"
        normalisation = next((each for each in all_layers(block.body) if each.kind == "batch_normalization"), None)
        if normalisation is None:
            return self.add(kind, self._unique(name), path, arguments, tensor)
        # Normalised where the body is, as in He et al. 2016, so that neither drowns the other; and as it is.
        tensor = self.add(kind, self._unique(name), path, {**arguments, "use_bias": False}, tensor)
        named = self._unique(f"{name}_normalization")
        return self.add("batch_normalization", named, path, normalisation.arguments, tensor)

    def _merge(self, merge: str, block: Residual | Branches, tensors: list[_Tensor]) -> _Tensor:
        try:
            shape = merged(merge, [tensor.shape for tensor in tensors])
        except ValueError as error:
            raise Unbuildable(block.path, str(error)) from None
        inputs = tuple(tensor.source for tensor in tensors)
        name = self._unique(f"{block.name}_{merge}")
        self.layers.append(
            LayerSummary(name=name, kind=merge, path=block.path, inputs=inputs, output_shape=shape, parameters=0)
        )
        return _Tensor(name, shape)

    def add(self, kind: str, name: str, path: str, arguments: Mapping[str, Any], tensor: _Tensor) -> _Tensor:
        """Places one layer of Keras after the tensor. Unbuildable where it does not go there."""
        known = keras_table().layers[kind].arguments
        filled = {each: arguments.get(each, argument.default) for each, argument in known.items()}
        try:
            shape, parameters = effect_of(kind, filled, tensor.shape)
        except ValueError as error:
            raise Unbuildable(path, str(error)) from None
        if max(prod(shape), parameters) > LARGEST_TENSOR:
            raise Unbuildable(path, f"{max(prod(shape), parameters):,} numbers are more than a tensor holds")
        self.layers.append(
            LayerSummary(
                name=name,
                kind=kind,
                path=path,
                arguments=arguments,
                inputs=(tensor.source,),
                output_shape=shape,
                parameters=parameters,
                multiply_adds=multiply_adds(kind, filled, shape, parameters),
            )
        )
        return _Tensor(name, shape)

    def _unique(self, stem: str) -> str:
        name = free_name(stem, self.names)
        self.names.add(name)
        return name
