"""The ten development tasks of the LCBench surrogate as problems: trainings of 20 epochs, or of all 51.

Source: Zimmer et al. 2021, Auto-PyTorch Tabular (LCBench); Pfisterer et al. 2022, YAHPO Gym (the surrogate). Its first
epoch is the untrained network, so training epochs are its epochs 2 to 52.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.defaults.problem import Curve
from search_spaces import SearchSpace, Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


TASKS = (167168, 189873, 189906, 168331, 126026, 167161, 168868, 146212, 7593, 168910)
"""To choose on. The surrogate's others are kept for judging what was chosen."""

REFERENCE = 20_000
"""Configurations drawn at random that scores are ranked among."""

SPACE = """
name: lcbench
variables:
  num_layers: {int: [1, 5]}
  max_units: {int: [64, 1024], log: true}
  max_dropout: {float: [0.0, 0.999]}
layers:
  - flatten
  - repeat: $num_layers
    name: hidden
    layers: [{dense: {units: $max_units}}, {dropout: {rate: $max_dropout}}]
training:
  optimizer:
    sgd:
      learning_rate: {float: [1e-4, 1e-1], log: true}
      momentum: {float: [0.1, 0.99]}
      weight_decay: {float: [1e-5, 1e-1], log: true}
  batch_size: {int: [16, 512], log: true}
  epochs: EPOCHS
"""
FIELDS = ("batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")

SENSIBLE = {
    "variables.num_layers": 3,
    "variables.max_units": 256,
    "variables.max_dropout": 0.2,
    "training.optimizer.sgd.learning_rate": 0.01,
    "training.optimizer.sgd.momentum": 0.9,
    "training.optimizer.sgd.weight_decay": 1e-4,
    "training.batch_size": 128,
}
"""What somebody would write who has not looked at the data: the preset of this space."""


class LCBenchTask:
    def __init__(self, folder: Path, task: int, epochs: int, work: Path) -> None:
        self.name = f"lcbench {task}"
        self.epochs = epochs
        self.space = SearchSpace.parse(SPACE.replace("EPOCHS", str(epochs)), "lcbench.yaml")
        self.presets = [SENSIBLE]
        self._surrogate = _loader(folder).LCBench(task)
        self._seed, self._known = -1, dict[tuple[Value, ...], Curve]()
        self.reference, self.cost = self._drawn(work / f"lcbench-{task}-{epochs}.npz")

    def begin(self, seed: int) -> None:
        if seed != self._seed:
            self._seed = seed
            self._known.clear()

    def curve(self, values: Mapping[str, Value], *, at_random: bool) -> Curve:
        """Searches of one seed have their random draws in common: these are looked up once."""
        key = tuple(values.values())
        if key not in self._known:
            plain = {name.rpartition(".")[2]: value for name, value in values.items()}
            accuracy, seconds = self._query(np.array([[plain[field] for field in FIELDS]], dtype=np.float32))
            found = Curve(key=-1, values=values, scores=accuracy[0].tolist(), seconds=seconds[0].tolist())
            self._known[key] = found
        return self._known[key]

    def _drawn(self, kept: Path) -> tuple[NDArray[np.float64], float]:
        """Ascending scores of configurations drawn at random, and the median cost of one. Looked up once."""
        if not kept.exists():
            draws = np.split(_draws(np.random.default_rng(0)), REFERENCE // 500)
            scores, costs = zip(*((a.max(axis=1), s.sum(axis=1)) for a, s in map(self._query, draws)), strict=True)
            np.savez(kept, scores=np.sort(np.concatenate(scores)), cost=np.median(np.concatenate(costs)))
        with np.load(kept) as found:
            return found["scores"], float(found["cost"])

    def _query(self, configurations: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, epochs) accuracies and seconds of the configurations, whose columns are FIELDS."""
        n, epochs = len(configurations), np.arange(1, self.epochs + 2, dtype=np.float32)
        rows = np.column_stack([np.tile(epochs, n), np.repeat(configurations, len(epochs), axis=0)])
        inputs = {"x_cont": rows.astype(np.float32), "x_cat": np.full((len(rows), 1), self._surrogate.task, np.int32)}
        answers = self._surrogate.s.run(None, inputs)[0].reshape(n, len(epochs), -1).astype(float)
        # The network was fitted to cumulative seconds, which now and then it has go back a little.
        seconds = np.maximum(np.diff(answers[:, :, 0], axis=1), 0.0)
        return answers[:, 1:, 1] / 100, seconds


def _draws(chance: np.random.Generator) -> NDArray[np.float64]:
    n = REFERENCE

    def log(low: float, high: float) -> NDArray[np.float64]:
        return np.exp(chance.uniform(np.log(low), np.log(high), n))

    columns = (
        np.floor(log(16, 513)),
        log(1e-4, 1e-1),
        chance.uniform(0.1, 0.99, n),
        log(1e-5, 1e-1),
        chance.integers(1, 6, n),
        np.floor(log(64, 1025)),
        chance.uniform(0.0, 0.999, n),
    )
    return np.column_stack(columns)


def _loader(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("lcbench_loader", folder / "lcbench_loader.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
