"""Small configurations and images, made without the parser of spaces."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from search_spaces import Component, Configuration, Layer, Training
from search_spaces.components import AUGMENTATIONS, AVERAGINGS, LOSSES, SCHEDULES
from tuner.training.fit import Images

Make = Callable[..., Component]
Configure = Callable[..., Configuration]


def _component(kind: str, **arguments: object) -> Component:
    """With the defaults of the language, as a parsed space has them written in."""
    tables = {**SCHEDULES, **LOSSES, **AVERAGINGS, **AUGMENTATIONS}
    defaults = {name: argument.default for name, argument in tables[kind].arguments.items()}
    return Component(kind=kind, arguments=defaults | arguments)


def _layer(kind: str, **arguments: object) -> Layer:
    return Layer(kind=kind, name=kind, path=kind, arguments=arguments)


PLAIN = Training(optimizer=Component(kind="adam", arguments={"learning_rate": 0.01}), batch_size=20, epochs=6)
LAYERS = (
    _layer("conv2d", filters=2, kernel_size=3, activation="relu"),
    _layer("batch_normalization"),
    _layer("dropout", rate=0.2),
    _layer("flatten"),
)


@pytest.fixture(scope="session")
def component() -> Make:
    return _component


@pytest.fixture(scope="session")
def layer() -> Callable[..., Layer]:
    return _layer


@pytest.fixture(scope="session")
def configure() -> Configure:
    """A tiny network with normalisation and dropout, or the layers given, with these settings of its training."""

    def make(layers: tuple[Layer, ...] = LAYERS, **settings: object) -> Configuration:
        return Configuration(layers=layers, training=replace(PLAIN, **settings))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def stripes() -> tuple[Images, Images]:
    """6 x 6 images of 3 classes that differ in which rows are bright; the last is rare. 50 to train, 30 to validate."""
    random = np.random.default_rng(0)
    labels = random.choice(3, 80, p=[0.5, 0.4, 0.1])
    images = random.integers(0, 120, (80, 6, 6, 1))
    for image, label in zip(images, labels, strict=True):
        image[label * 2 : label * 2 + 2] += 100
    pixels = images.astype(np.uint8)
    return (
        Images(images=pixels[:50], labels=labels[:50], n_classes=3),
        Images(images=pixels[50:], labels=labels[50:], n_classes=3),
    )
