"""Averages of the weights: what is scored and saved, while training goes on from the weights themselves.

`ema` is kept by Keras's optimizer in the graph, `swa` here between epochs. Keras's own SwapEMAWeights is not used: it
swaps by adding and subtracting, which loses bits each time, so that scoring would change the training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from tuner.training.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from search_spaces import Training
    from tuner.training.rows import FileRows


class Averaging(keras.callbacks.Callback):  # type: ignore[misc]
    """Puts the averaged weights into the model where it is scored, and takes them out again."""

    def __init__(
        self, training: Training, model: keras.Model, images: NDArray[np.uint8] | FileRows, *, horizon: int, seed: int
    ) -> None:
        super().__init__()
        self.set_model(model)
        swa = training.averaging is not None and training.averaging.kind == "swa"
        # 0.14 of 50 epochs is 7, and 7.000000000000001 in binary.
        self._first = training.averaging.arguments["start"] * horizon - 1e-9 if training.averaging and swa else np.inf
        """Epochs that are done when the first to be averaged begins."""
        self._averages = [keras.Variable(value, trainable=False) for value in self._weights()] if swa else []
        self._count = keras.Variable(0, trainable=False, dtype="int32") if swa else None
        self._collected = -1
        self._epoch = -1
        self._raw: list[NDArray[np.generic]] = []
        self._statistics = Statistics(model, images, batch_size=training.batch_size, seed=seed)

    @property
    def state(self) -> list[keras.Variable]:
        """What a checkpoint must hold besides model and optimizer."""
        return [*self._averages, self._count] if self._count is not None else []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._epoch = epoch

    def on_test_begin(self, logs: object = None) -> None:
        self._collect()
        if self._has_average():
            self._raw = [variable.numpy() for variable in self.model.weights]
            self.put_in()

    def on_test_end(self, logs: object = None) -> None:
        for variable, value in zip(self.model.weights, self._raw, strict=False):
            variable.assign(value)
        self._raw = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._collect()

    def put_in(self) -> None:
        """Gives the model its averaged weights for good, where there are any."""
        if not self._has_average():
            return
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        for variable, average in zip(self.model.trainable_variables, self._averages, strict=False):
            variable.assign(average)
        self._statistics.fit()

    def _has_average(self) -> bool:
        # Where the loss is scaled, the optimizer that averages stands inside the one that scales.
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        return bool(optimizer.use_ema or (self._count is not None and int(self._count) > 0))

    def _collect(self) -> None:
        """Takes the weights after the present epoch into the average, once: Source: Izmailov et al. 2018, SWA, (1)."""
        if self._epoch == self._collected:
            return
        self._collected = self._epoch
        if self._count is None or self._epoch < self._first:
            return
        n = int(self._count)
        for average, weight in zip(self._averages, self._weights(), strict=True):
            average.assign((average * n + weight) / (n + 1))
        self._count.assign(n + 1)

    def _weights(self) -> list[keras.Variable]:
        return list(self.model.trainable_variables)
