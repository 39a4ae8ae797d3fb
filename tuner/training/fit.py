"""One configuration, one device, one curve."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from tuner.plan import FLOAT32
from tuner.timing import Phase, Timing
from tuner.training import checkpoints, labels, plateaus
from tuner.training.averaging import Averaging
from tuner.training.compiling import LEAST_LOSS_SCALE, compiled_to_train, loss_scale, rate
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
    from tuner.training.rows import FileRows


class Stopped(Exception):
    """The parent asked for the end of this trial."""


class NotFinite(ArithmeticError):
    """The loss is no longer a number: the weights have run away."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """A set of labelled images, in memory where they fit."""

    images: NDArray[np.uint8] | FileRows
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


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """Who watches a training, and where it is kept. scikit-learn copies it with its classifier: functions stay the
    same ones only where they are bound to nothing, since a method would be copied with its object.
    """

    checkpointing: Checkpointing | None = None
    on_epoch: Callable[[Epoch], None] = lambda _: None
    should_stop: Callable[[], bool] = lambda: False
    on_remark: Callable[[str], None] = lambda _: None
    """Told, in a line, of what costs no result."""
    timing: Callable[[], Timing] = Timing
    """Gives what measures where the seconds go."""


UNWATCHED = Supervision()

NOT_KEPT = "an epoch could not be kept; if the trial is cut off now, it goes on from an earlier one"


def train(
    configuration: Configuration,
    training: Images,
    validation: Images | Course | None,
    *,
    epochs: int,
    seed: int,
    precision: str = FLOAT32,
    supervision: Supervision = UNWATCHED,
) -> tuple[keras.Model, tuple[Epoch, ...]]:
    """The trained model, in the form that it was trained in (`compiled_to_train`), and its curve, epochs of a
    checkpoint included; each of those is told again.

    Validation images score each epoch, and early stopping may end the training by those scores. The course of an
    earlier trial stands in for them where that trial was scored and this is its retraining.
    Where the configuration averages weights, model and scores have the averages. `precision` is the policy that the
    layers compute by; the same weights fit a model of any other.
    Raises Stopped where the supervision says so, NotFinite where the loss is NaN or infinite.
    """
    checkpointing, timing = supervision.checkpointing, supervision.timing()
    timing.enter(Phase.BUILDING)
    keras.utils.set_random_seed(seed)
    settings = configuration.training
    course = (
        validation
        if isinstance(validation, Course)
        else Course(horizon=(checkpointing and checkpointing.horizon) or epochs)
    )
    schedule = rate(settings, len(training.labels), course.horizon)
    n_images = course.horizon * len(training.labels)
    shape = _shape(training.images)
    model = compiled_to_train(schedule, configuration, shape, training.n_classes, precision, n_images=n_images)
    model.optimizer.build(model.trainable_variables)
    averaging = Averaging(settings, model, training.images, horizon=course.horizon, seed=seed)
    timing.enter(Phase.OTHER)
    curve = _restored(checkpointing, model, averaging, supervision.on_remark) if checkpointing else ()
    for epoch in curve:
        supervision.on_epoch(epoch)
    timing.enter(Phase.BUILDING)

    def is_over(curve: tuple[Epoch, ...]) -> bool:
        # Without validation images nothing says when it is enough: the number of epochs was found before.
        validates = isinstance(validation, Images)
        return bool(validates and settings.early_stopping and plateaus.is_over(settings.early_stopping, curve))

    def keep(curve: tuple[Epoch, ...]) -> None:
        if checkpointing:
            try:
                checkpoints.save(checkpointing.folder, model, curve, checkpointing.identity, averaging.state)
            except OSError as error:  # a full disk costs the way back to this epoch, not the trial
                supervision.on_remark(f"{NOT_KEPT}: {error.strerror or error}")

    prepare = preparation(settings, training.labels, training.n_classes)
    batches = TrainingImages(
        training.images, training.labels, batch_size=settings.batch_size, seed=seed, prepare=prepare
    )
    recorder = _Recorder(curve, supervision, timing, keep, is_over)
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
    timing.enter(Phase.OTHER)
    averaging.put_in()
    return model, recorder.curve


def _restored(
    checkpointing: Checkpointing, model: keras.Model, averaging: Averaging, on_damage: Callable[[str], None]
) -> tuple[Epoch, ...]:
    """From its own checkpoints, else from those of the trial that it goes on with."""
    for folder in filter(None, (checkpointing.folder, checkpointing.start)):
        if curve := checkpoints.restore(folder, model, checkpointing.identity, averaging.state, on_damage):
            return curve
    return ()


def _evaluation(validation: Images, training: Training) -> tf.data.Dataset:
    one_hot = validation.n_classes if labels.are_one_hot(training) else None
    return evaluation_batches(validation.images, validation.labels, one_hot=one_hot)


def _shape(images: NDArray[np.uint8] | FileRows) -> tuple[int, int, int]:
    _, height, width, channels = images.shape
    return height, width, channels


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns Keras's logs into epochs, has each kept before it is told, and ends what shall end."""

    def __init__(
        self,
        curve: tuple[Epoch, ...],
        supervision: Supervision,
        timing: Timing,
        keep: Callable[[tuple[Epoch, ...]], None],
        is_over: Callable[[tuple[Epoch, ...]], bool],
    ) -> None:
        super().__init__()
        self.curve = curve
        self._supervision = supervision
        self._keep = keep
        self._is_over = is_over
        self._began = 0.0
        self._timing = timing
        self._training, self._validating = timing.graph(Phase.TRAINING), timing.graph(Phase.VALIDATING)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._began = time.perf_counter()
        self._training.begin()

    def on_test_begin(self, logs: object = None) -> None:
        self._validating.begin()

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:
        self._validating.executed(batch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._training.executed(batch)
        if self._supervision.should_stop():
            raise Stopped

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._timing.enter(Phase.OTHER)
        scores = {name: float(value) for name, value in (logs or {}).items()}
        if not all(math.isfinite(value) for value in scores.values()):
            raise NotFinite(f"the loss was no longer finite in epoch {epoch + 1}.")
        if loss_scale(self.model) < LEAST_LOSS_SCALE:
            raise NotFinite(f"the gradients were no longer finite in epoch {epoch + 1}, however the loss was scaled.")
        seconds = time.perf_counter() - self._began
        learning_rate = float(f"{float(self.model.optimizer.learning_rate):.6g}")
        self.curve = (
            *self.curve,
            Epoch(epoch=epoch + 1, seconds=round(seconds, 3), learning_rate=learning_rate, **_rounded(scores)),
        )
        self._timing.enter(Phase.STORING)
        self._keep(self.curve)
        self._timing.enter(Phase.OTHER)
        self._supervision.on_epoch(self.curve[-1])
        if self._is_over(self.curve):
            self.model.stop_training = True


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    names = ("accuracy", "loss", "val_accuracy", "val_loss")
    return {name: round(scores[name], 6) for name in names if name in scores}
