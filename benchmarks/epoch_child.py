"""One training of benchmarks/epoch.py, in a process of its own: SIDE SPACE IMAGES EPOCHS SEED -> a line of JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from tuner.slots.cpu import cpu_slots

if sys.argv[1] == "ours":
    (slot,) = cpu_slots(workers=1)
    os.environ.update(slot.environment)  # as a worker of ours has it

import keras
import numpy as np

from search_spaces import Configuration, SearchSpace, optimizer_class
from tuner import data, models
from tuner.machine import peak_memory
from tuner.training import labels
from tuner.training.fit import Images, Supervision, train

N_CLASSES = 10
VALIDATES = 0.15


def images(space: str, n: int) -> tuple[Images, Images]:
    """`n` training images and the validation images that go with them."""
    n_all = n + round(n * VALIDATES / (1 - VALIDATES))
    if "cifar" in space:
        random = np.random.default_rng(0)
        x, y = random.integers(0, 256, (n_all, 32, 32, 3), np.uint8), random.integers(0, N_CLASSES, n_all)
    else:
        x, y = fashion_mnist()
    order = np.random.default_rng(0).permutation(len(y))
    parts = order[:n], order[n:n_all]
    return tuple(Images(images=x[part], labels=y[part], n_classes=N_CLASSES) for part in parts)  # type: ignore[return-value]


def fashion_mnist() -> tuple[Any, Any]:
    found = data.find("fashion-mnist")
    return np.load(found.train_images_path, mmap_mode="r"), np.load(found.train_labels_path)


def theirs(made: Configuration, training: Images, validation: Images, epochs: int) -> dict[str, Any]:
    """As Keras's guides write it."""
    core = models.build(made, training.images.shape[1:], N_CLASSES)
    model = keras.Sequential([keras.Input(training.images.shape[1:]), *augmentation(made), core])
    one_hot = labels.are_one_hot(made.training)
    smoothing = made.training.label_smoothing or 0.0
    optimizer = made.training.optimizer
    model.compile(
        optimizer=getattr(keras.optimizers, optimizer_class(optimizer.kind))(**optimizer.arguments),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
        if one_hot
        else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    clock = Clock()
    began = time.perf_counter()
    history = model.fit(
        np.asarray(training.images, "float32"),
        targets(training, one_hot),
        batch_size=made.training.batch_size,
        epochs=epochs,
        validation_data=(np.asarray(validation.images, "float32"), targets(validation, one_hot)),
        verbose=0,
        callbacks=[clock],
    ).history
    return summary(began, clock.ends, history["val_accuracy"][-1])


def ours(made: Configuration, training: Images, validation: Images, epochs: int, seed: int) -> dict[str, Any]:
    ends: list[float] = []
    began = time.perf_counter()
    supervision = Supervision(on_epoch=lambda _: ends.append(time.perf_counter()))
    _, curve = train(made, training, validation, epochs=epochs, seed=seed, supervision=supervision)
    return summary(began, ends, curve[-1].val_accuracy)


def targets(images: Images, one_hot: bool) -> Any:
    return keras.utils.to_categorical(images.labels, N_CLASSES) if one_hot else images.labels


def augmentation(made: Configuration) -> list[keras.layers.Layer]:
    """Keras's layers for what the library's spaces do to images."""
    made_of = {
        "flip": lambda each: keras.layers.RandomFlip(each["direction"]),
        "shift": lambda each: keras.layers.RandomTranslation(each["height"], each["width"]),
        "zoom": lambda each: keras.layers.RandomZoom(each["by"]),
        "crop": lambda each: keras.layers.RandomTranslation(each["padding"] / 28, each["padding"] / 28),
        "erase": lambda each: keras.layers.RandomErasing(each["probability"]),
    }
    return [made_of[each.kind](each.arguments) for each in made.training.augmentation]


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.ends.append(time.perf_counter())


def summary(began: float, ends: list[float], accuracy: float | None) -> dict[str, Any]:
    """Seconds of the epochs after the first, and what the first took beyond them."""
    later = np.diff(ends).tolist()
    once = ends[0] - began - float(np.median(later))
    return {"epochs": later, "once": once, "accuracy": accuracy, "memory": peak_memory()}


def main() -> None:
    side, space, n, epochs, seed = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    keras.utils.set_random_seed(seed)
    made = SearchSpace.load(space).default()
    training, validation = images(space, n)
    parts = (made, training, validation, epochs)
    print(json.dumps(theirs(*parts) if side == "theirs" else ours(*parts, seed)))


if __name__ == "__main__":
    main()
