"""Small configurations and images, made without the parser of spaces."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search_spaces import Component, Configuration, Layer, Training
from search_spaces.components import AUGMENTATIONS, AVERAGINGS, LOSSES, SCHEDULES
from tuner.files import checksum
from tuner.messages import Retrain
from tuner.training.fit import Images
from tuner.trial import Epoch

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


@pytest.fixture
def winner(component: Callable, configure: Callable, stripes: tuple[Images, Images], tmp_path: Path) -> Retrain:
    """What is asked of a worker for the winner: 40 images to train on, 10 that validated, 30 to test on."""
    images, tests = stripes
    for name, value in (("x", images.images), ("y", images.labels), ("tx", tests.images), ("ty", tests.labels)):
        np.save(tmp_path / f"{name}.npy", value)
    np.savez(tmp_path / "split.npz", train=np.arange(40), validation=np.arange(40, 50))
    configuration = configure(
        schedule=component("one_cycle"), averaging=component("swa", start=0.25), augmentation=(component("mixup"),)
    )
    paths = {"images": "x", "labels": "y", "test_images": "tx", "test_labels": "ty"}
    return Retrain(
        job=4,
        configuration=configuration.to_json(),
        split=str(tmp_path / "split.npz"),
        n_classes=3,
        epochs=3,
        horizon=8,
        test_sums=(checksum(tmp_path / "tx.npy"), checksum(tmp_path / "ty.npy")),
        curve=(Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=1.1, learning_rate=0.1),),
        seed=2,
        checkpoints=str(tmp_path / "retraining"),
        identity="winner",
        folder=str(tmp_path / "best"),
        facts={"trial": 4},
        **{name: str(tmp_path / f"{file}.npy") for name, file in paths.items()},
    )
