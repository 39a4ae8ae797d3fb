"""What a training consists of, as the few numbers that decide its time and its memory."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search_spaces import Configuration, ModelSummary, Training


@dataclass(frozen=True, kw_only=True)
class Images:
    """The data as a training sees them."""

    shape: tuple[int, int, int]
    """(height, width, channels)."""
    n_classes: int
    n_train: int
    n_validation: int


@dataclass(frozen=True, kw_only=True)
class Work:
    """One training."""

    n_train: int
    n_validation: int
    image_values: int
    """Numbers of one image: height x width x channels."""
    batch_size: int
    epochs: int
    n_layers: int
    parameters: int
    multiply_adds: int
    """Of one image, on the way forward."""
    activations: int
    """Numbers that all layers put out for one image."""
    largest_activation: int
    """The most that one layer puts out for one image."""
    slots: int
    """Numbers that the optimizer and averaging keep for each weight."""

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return -(-self.n_train // self.batch_size)


def work_of(configuration: Configuration, summary: ModelSummary, images: Images, epochs: int | None = None) -> Work:
    """The work of a full trial; `epochs` stands in for the configuration's own."""
    training = configuration.training
    return Work(
        n_train=images.n_train,
        n_validation=images.n_validation,
        image_values=prod(images.shape),
        batch_size=min(training.batch_size, images.n_train),
        epochs=epochs or training.epochs,
        n_layers=len(summary.layers),
        parameters=summary.parameters,
        multiply_adds=summary.multiply_adds,
        activations=summary.activations,
        largest_activation=max(prod(layer.output_shape) for layer in summary.layers),
        slots=slots_of(training),
    )


SLOTS = {
    "adam": 2,
    "adamw": 2,
    "nadam": 2,
    "adamax": 2,
    "lamb": 2,
    "ftrl": 2,
    "adadelta": 2,
    "rmsprop": 1,
    "adagrad": 1,
    "lion": 1,
    "adafactor": 1,
    "sgd": 0,
}
"""Arrays of the weights' size that each optimizer builds. Source: `build` of each in Keras 3.15.1, arguments at their
defaults. Adafactor's are smaller where it factors them.
"""


def slots_of(training: Training) -> int:
    """What the optimizer keeps for each weight, and averaging beside it."""
    arguments = training.optimizer.arguments
    more = [arguments.get("momentum"), arguments.get("amsgrad"), arguments.get("centered")]
    averaged = training.averaging is not None and training.averaging.kind != "none"
    return SLOTS[training.optimizer.kind] + sum(map(bool, more)) + averaged
