"""One configuration, one device, one curve."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from tuner.training import checkpoints, labels, plateaus
from tuner.training.averaging import Averaging
from tuner.training.compiling import compiled_with, rate
from tuner.training.pipeline import Shuffle, TrainingImages, evaluation_batches
from tuner.training.plateaus import Plateaus
from tuner.training.preparation import preparation
from tuner.training.schedules import PLATEAU
from tuner.trial import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import tensorflow as tf
    from numpy.typing import NDArray

    from search_spaces import Configuration, Training


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
class Course:
    """What an earlier training of the same configuration went through, for one that repeats a part of it."""

    horizon: int
    """Epochs over which learning rate and averaging are laid out, however many of them are trained."""
    curve: tuple[Epoch, ...] = ()
    """Its plateaus lowered the learning rate; without validation images they cannot be seen again."""


@dataclass(frozen=True, kw_only=True)
class Checkpointing:
    folder: Path
    identity: str
    """Of the configuration, the seed and the data; a checkpoint of another identity is not taken up."""
    start: Path | None = None
    """Where the training begins from the last checkpoint while `folder` has none: that of a trial it goes on with."""
    horizon: int | None = None
    """Epochs that learning rate and averaging are laid out over, where others may go on with it after its own."""


def train(
    configuration: Configuration,
    training: Images,
    validation: Images | Course | None,
    *,
    epochs: int,
    seed: int,
    on_epoch: Callable[[Epoch], None],
    should_stop: Callable[[], bool],
    checkpointing: Checkpointing | None = None,
) -> tuple[keras.Model, tuple[Epoch, ...]]:
    """The trained model and its curve, epochs of a checkpoint included; each of those is told to `on_epoch` again.

    Validation images score each epoch, and early stopping may end the training by those scores. The course of an
    earlier trial stands in for them where that trial was scored and this is its retraining.
    Where the configuration averages weights, model and scores have the averages.
    Raises Stopped where `should_stop` says so, NotFinite where the loss is NaN or infinite.
    """
    keras.utils.set_random_seed(seed)
    settings = configuration.training
    course = (
        validation
        if isinstance(validation, Course)
        else Course(horizon=(checkpointing and checkpointing.horizon) or epochs)
    )
    schedule = rate(settings, len(training.labels), course.horizon)
    model = compiled_with(schedule, configuration, _shape(training.images), training.n_classes)
    model.optimizer.build(model.trainable_variables)
    averaging = Averaging(settings, model, training.images, horizon=course.horizon, seed=seed)
    curve = _restored(checkpointing, model, averaging) if checkpointing else ()
    for epoch in curve:
        on_epoch(epoch)

    def is_over(curve: tuple[Epoch, ...]) -> bool:
        # Without validation images nothing says when it is enough: the number of epochs was found before.
        validates = isinstance(validation, Images)
        return bool(validates and settings.early_stopping and plateaus.is_over(settings.early_stopping, curve))

    def keep(curve: tuple[Epoch, ...]) -> None:
        if checkpointing:
            # A full disk costs the way back to this epoch, not the trial.
            with contextlib.suppress(OSError):
                checkpoints.save(checkpointing.folder, model, curve, checkpointing.identity, averaging.state)

    prepare = preparation(settings, training.labels, training.n_classes)
    batches = TrainingImages(
        training.images, training.labels, batch_size=settings.batch_size, seed=seed, prepare=prepare
    )
    recorder = _Recorder(curve, on_epoch, should_stop, keep, is_over)
    callbacks = [Shuffle(batches), averaging, recorder]
    if schedule and settings.schedule and settings.schedule.kind == PLATEAU:
        callbacks.append(Plateaus(schedule, settings.schedule, lambda: course.curve or recorder.curve))
    if not is_over(curve):
        model.fit(
            batches.dataset,
            validation_data=_evaluation(validation, settings) if isinstance(validation, Images) else None,
            initial_epoch=len(curve),
            epochs=epochs,
            shuffle=False,  # the batches are in their order already; Keras warns where it cannot shuffle
            verbose=0,
            callbacks=callbacks,
        )
    averaging.put_in()
    return model, recorder.curve


def _restored(checkpointing: Checkpointing, model: keras.Model, averaging: Averaging) -> tuple[Epoch, ...]:
    own = checkpoints.restore(checkpointing.folder, model, checkpointing.identity, averaging.state)
    if own or checkpointing.start is None:
        return own
    return checkpoints.restore(checkpointing.start, model, checkpointing.identity, averaging.state)


def _evaluation(validation: Images, training: Training) -> tf.data.Dataset:
    one_hot = validation.n_classes if labels.are_one_hot(training) else None
    return evaluation_batches(validation.images, validation.labels, one_hot=one_hot)


def _shape(images: NDArray[np.uint8]) -> tuple[int, int, int]:
    _, height, width, channels = images.shape
    return height, width, channels


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns Keras's logs into epochs, has each kept before it is told, and ends what shall end."""

    def __init__(
        self,
        curve: tuple[Epoch, ...],
        on_epoch: Callable[[Epoch], None],
        should_stop: Callable[[], bool],
        keep: Callable[[tuple[Epoch, ...]], None],
        is_over: Callable[[tuple[Epoch, ...]], bool],
    ) -> None:
        super().__init__()
        self.curve = curve
        self._on_epoch = on_epoch
        self._should_stop = should_stop
        self._keep = keep
        self._is_over = is_over
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
        learning_rate = float(f"{float(self.model.optimizer.learning_rate):.6g}")
        self.curve = (
            *self.curve,
            Epoch(epoch=epoch + 1, seconds=round(seconds, 3), learning_rate=learning_rate, **_rounded(scores)),
        )
        self._keep(self.curve)
        self._on_epoch(self.curve[-1])
        if self._is_over(self.curve):
            self.model.stop_training = True


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    names = ("accuracy", "loss", "val_accuracy", "val_loss")
    return {name: round(scores[name], 6) for name in names if name in scores}
