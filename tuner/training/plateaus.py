"""What a curve that no longer gets better leads to: a lower learning rate, or the end of the trial.

Both are functions of the curve so far, so that a resumed trial decides as an undisturbed one does. They count epochs as
Keras's ReduceLROnPlateau and EarlyStopping do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from search_spaces import Component, EarlyStopping
    from tuner.training.schedules import Schedule
    from tuner.trial import Epoch


def scale(plateau: Component, curve: Sequence[Epoch]) -> float:
    """Share of the learning rate that is left after the curve, of a schedule of kind `plateau`."""
    arguments = plateau.arguments
    left, waited = 1.0, 0
    for better in _improvements(curve, arguments["monitor"], arguments["min_delta"]):
        waited = 0 if better else waited + 1
        if waited == arguments["patience"]:
            left, waited = left * arguments["factor"], 0
    return left


def is_over(stopping: EarlyStopping, curve: Sequence[Epoch]) -> bool:
    """Whether the curve has gone without a better score for as long as `stopping` waits."""
    waited = 0
    for better in _improvements(curve, stopping.monitor, stopping.min_delta):
        waited = 0 if better else waited + 1
        if waited == stopping.patience:
            return True
    return False


class Plateaus(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets the scale of a schedule before each epoch."""

    def __init__(self, schedule: Schedule, plateau: Component, curve: Callable[[], Sequence[Epoch]]) -> None:
        super().__init__()
        self._schedule = schedule
        self._plateau = plateau
        self._curve = curve

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._schedule.scale.assign(scale(self._plateau, self._curve()[:epoch]))


def _improvements(curve: Sequence[Epoch], monitor: str, min_delta: float) -> Iterator[bool]:
    """For each epoch, whether it is the best so far by more than `min_delta`."""
    best = -float("inf")
    for epoch in curve:
        value = _monitored(epoch, monitor)
        better = value > best + min_delta
        best = value if better else best
        yield better


def _monitored(epoch: Epoch, monitor: str) -> float:
    """The score, higher being better. Where nothing validates, the one on the training images stands in for it."""
    scores = {"val_loss": epoch.val_loss, "val_accuracy": epoch.val_accuracy}
    stand_ins = {"val_loss": epoch.loss, "val_accuracy": epoch.accuracy}
    value = scores[monitor]
    value = stand_ins[monitor] if value is None else value
    return -value if monitor == "val_loss" else value
