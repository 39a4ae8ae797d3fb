"""Which things an entry may name, and what they are called in messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from search_spaces.components import AUGMENTATIONS, AVERAGINGS, LOSSES, SCHEDULES
from search_spaces.keras_table import keras_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.rules import Signature


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    noun: str
    """`layer`"""
    example: str
    """`'flatten' or 'dense: {units: 64}'`"""
    kinds: Mapping[str, Signature]
    blocks: tuple[str, ...] = ()
    """Words that make an entry of other entries."""
    complete: bool = False
    """Whether arguments that are not named get their defaults here. Keras's layers and optimizers know their own."""


@cache
def layers() -> Vocabulary:
    return Vocabulary(
        noun="layer",
        example="'flatten' or 'dense: {units: 64}'",
        kinds=keras_table().layers,
        blocks=("repeat", "optional", "choice", "layers", "residual", "branches"),
    )


@cache
def optimizers() -> Vocabulary:
    return Vocabulary(
        noun="optimizer", example="'adam' or 'adam: {learning_rate: 1e-3}'", kinds=keras_table().optimizers
    )


AUGMENTATION = Vocabulary(
    noun="augmentation",
    example="'flip' or 'shift: {width: 0.1}'",
    kinds=AUGMENTATIONS,
    blocks=("optional", "choice", "layers"),
    complete=True,
)
PARTS = {
    "schedule": Vocabulary(
        noun="schedule", example="'cosine' or 'cosine: {warmup: 0.05}'", kinds=SCHEDULES, complete=True
    ),
    "loss": Vocabulary(noun="loss", example="'categorical_crossentropy'", kinds=LOSSES, complete=True),
    "averaging": Vocabulary(
        noun="averaging", example="'swa' or 'ema: {momentum: 0.99}'", kinds=AVERAGINGS, complete=True
    ),
}
"""Settings of the training that are one of several kinds, each with arguments of its own."""
