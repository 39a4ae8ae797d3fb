"""One configuration, one device, one curve."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from tuner import models
from tuner.training import checkpoints
from tuner.training.pipeline import STEPS_PER_EXECUTION, Shuffle, TrainingImages, evaluation_batches
from tuner.trial import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from search_spaces import Configuration


class Stopped(Exception):
    """The parent asked for the end of this trial."""


class NotFinite(ArithmeticError):
    """The loss is no longer a number: the weights have run away."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """A set of labelled images in memory."""

    images: NDArray[np.uint8]
    """(n, height, width, channels)."""
    labels: NDArray[np.integer]
    """(n,), from 0."""
    n_classes: int


@dataclass(frozen=True, kw_only=True)
class Checkpointing:
    folder: Path
    identity: str
    """Of the configuration, the seed and the data; a checkpoint of another identity is not taken up."""


def train(
    configuration: Configuration,
    training: Images,
    validation: Images | None,
    *,
    epochs: int,
    seed: int,
    on_epoch: Callable[[Epoch], None],
    should_stop: Callable[[], bool],
    checkpointing: Checkpointing | None = None,
) -> tuple[keras.Model, tuple[Epoch, ...]]:
    """The trained model and its curve, epochs of a checkpoint included; each of those is told to `on_epoch` again.

    Raises Stopped where `should_stop` says so, NotFinite where the loss is NaN or infinite.
    """
    keras.utils.set_random_seed(seed)
    model = models.build(configuration, _shape(training.images), training.n_classes)
    model.compile(
        optimizer=models.build_optimizer(configuration.training.optimizer),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    model.optimizer.build(model.trainable_variables)
    curve = checkpoints.restore(checkpointing.folder, model, checkpointing.identity) if checkpointing else ()
    for epoch in curve:
        on_epoch(epoch)
    batches = TrainingImages(training.images, training.labels, batch_size=configuration.training.batch_size, seed=seed)
    recorder = _Recorder(curve, on_epoch, should_stop, checkpointing)
    model.fit(
        batches.dataset,
        validation_data=evaluation_batches(validation.images, validation.labels) if validation else None,
        initial_epoch=len(curve),
        epochs=epochs,
        shuffle=False,  # the batches are in their order already; Keras warns where it cannot shuffle
        verbose=0,
        callbacks=[Shuffle(batches), recorder],
    )
    return model, recorder.curve


def _shape(images: NDArray[np.uint8]) -> tuple[int, int, int]:
    _, height, width, channels = images.shape
    return height, width, channels


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns Keras's logs into epochs, keeps a checkpoint of each before it is told, and ends what shall end."""

    def __init__(
        self,
        curve: tuple[Epoch, ...],
        on_epoch: Callable[[Epoch], None],
        should_stop: Callable[[], bool],
        checkpointing: Checkpointing | None,
    ) -> None:
        super().__init__()
        self.curve = curve
        self._on_epoch = on_epoch
        self._should_stop = should_stop
        self._checkpointing = checkpointing
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if self._should_stop():
            raise Stopped

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        scores = {name: float(value) for name, value in (logs or {}).items()}
        if not all(math.isfinite(value) for value in scores.values()):
            raise NotFinite(f"the loss was no longer finite in epoch {epoch + 1}.")
        seconds = time.perf_counter() - self._began
        self.curve = (*self.curve, Epoch(epoch=epoch + 1, seconds=round(seconds, 3), **_rounded(scores)))
        if self._checkpointing:
            # A full disk costs the way back to this epoch, not the trial.
            with contextlib.suppress(OSError):
                checkpoints.save(self._checkpointing.folder, self.model, self.curve, self._checkpointing.identity)
        self._on_epoch(self.curve[-1])


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    names = ("accuracy", "loss", "val_accuracy", "val_loss")
    return {name: round(scores[name], 6) for name in names if name in scores}
