"""What several tests of search_spaces share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_spaces import Configuration, SearchSpace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="session")
def built() -> Callable[[Configuration, tuple[int, int, int], int], Any]:
    """Builds the Keras model of a configuration, as plainly as can be."""
    import keras

    from search_spaces import layer_class

    def build(configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int) -> Any:
        layers = [
            getattr(keras.layers, layer_class(layer.kind))(name=layer.name, **layer.arguments)
            for layer in configuration.layers
        ]
        output = keras.layers.Dense(n_classes, activation="softmax", name="output")
        return keras.Sequential([keras.Input(image_shape), *layers, output])

    return build


@pytest.fixture(scope="session")
def space_of() -> Callable[..., SearchSpace]:
    """A space of these layers (YAML, a list), with plain training unless told otherwise."""
    import textwrap

    from search_spaces import SearchSpace

    def parse(
        layers: str, training: str = "{optimizer: adam, batch_size: 32, epochs: 1}", more: str = ""
    ) -> SearchSpace:
        body = textwrap.indent(textwrap.dedent(layers).strip(), "  ")
        extra = textwrap.dedent(more).strip()
        return SearchSpace.parse(f"name: s\nlayers:\n{body}\ntraining: {training}\n{extra}\n", "s.yaml")

    return parse
