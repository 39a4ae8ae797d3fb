"""KerasTuner's oracles as our engine, held to stock tuners over the bridge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from fakes.driving import N_CLASSES, SHAPE, Driver, driver, made_up
from threadpoolctl import threadpool_limits

from search_spaces import SearchSpace
from tuner.bridges import hypermodel
from tuner.engines import Idle
from tuner.trial import Stage, Trial, plain

pytestmark = [
    pytest.mark.usefixtures("unsynced"),
    pytest.mark.filterwarnings("ignore:getName:DeprecationWarning", "ignore::sklearn.exceptions.ConvergenceWarning"),
]

BRANCHES = """
name: branches
layers:
  - flatten
  - repeat: {int: [1, 2], default: 1}
    name: hidden
    layers:
      - dense: {units: {int: [8, 64], log: true}, activation: {choice: [relu, tanh]}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
      - sgd: {learning_rate: {float: [1e-3, 1e-1], log: true}, momentum: {float: [0.0, 0.9], step: 0.3}}
  batch_size: 32
  epochs: EPOCHS
"""
"""Nine parameters."""

FEW = """
name: few
layers:
  - flatten
  - {repeat: {int: [1, 2]}, name: hidden, layers: [{dense: {units: {choice: [8, 16]}}}]}
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.9]}}}]}
  batch_size: 32
  epochs: EPOCHS
"""
"""Five parameters, so that the Gaussian process sets in after 15 trials."""

STOCK: Mapping[str, tuple[str, dict[str, Any]]] = {
    "random": ("RandomSearch", {"max_trials": 32}),
    "bayesian": ("BayesianOptimization", {"max_trials": 26}),
    "grid": ("GridSearch", {"max_trials": 40}),
    "hyperband": ("Hyperband", {"max_epochs": 9, "hyperband_iterations": 2}),
}
ALGORITHMS = tuple(STOCK)


def epochs(algorithm: str) -> int:
    """As few as the algorithm can make something of."""
    return 9 if algorithm == "hyperband" else 1


def ours(folder: Path, algorithm: str, text: str, **more: Any) -> Driver:
    return driver(folder, "keras-tuner", algorithm, text=text.replace("EPOCHS", str(epochs(algorithm))), more=more)


class Stock:
    """A stock tuner over the bridge, whose trials score what the engine's would."""

    def __init__(self, algorithm: str, space: SearchSpace, seed: int, folder: Path) -> None:
        kind, options = STOCK[algorithm]
        self.epochs = epochs(algorithm)
        model = hypermodel(space, SHAPE, N_CLASSES)
        self.tuner = getattr(keras_tuner, kind)(
            model, objective="val_accuracy", seed=seed + 1, directory=folder, project_name="p", **options
        )
        self.tuner.run_trial = lambda trial, **_: self.score(trial)

    def values(self, trial: Any) -> dict[str, Any]:
        found = self.tuner.hypermodel.configuration(trial.hyperparameters).values
        return {name: plain(value) for name, value in found.items()}

    def score(self, trial: Any) -> dict[str, float]:
        return {"val_accuracy": made_up(self.values(trial), self._stage(trial).epochs or self.epochs)}

    def begin(self, name: str) -> Any:
        return self.tuner.oracle.create_trial(name)

    def end(self, trial: Any) -> None:
        self.tuner.oracle.update_trial(trial.trial_id, self.score(trial))
        trial.status = "COMPLETED"
        self.tuner.oracle.end_trial(trial)

    def proposals(self) -> list[tuple[dict[str, Any], Stage]]:
        trials = [self.tuner.oracle.trials[each] for each in self.tuner.oracle.start_order]
        return [(self.values(trial), self._stage(trial)) for trial in trials]

    def _stage(self, trial: Any) -> Stage:
        values = trial.hyperparameters.values
        if not values.get("tuner/round"):
            return Stage(epochs=values.get("tuner/epochs"))
        after = self.tuner.oracle.start_order.index(values["tuner/trial_id"])
        return Stage(epochs=values["tuner/epochs"], after=after)


def proposals(trials: list[Trial]) -> list[tuple[dict[str, Any], Stage]]:
    return [(dict(trial.values), trial.stage) for trial in trials]


@pytest.mark.parametrize(("algorithm", "seed"), [(each, 0) for each in ALGORITHMS] + [("hyperband", 7)])
def test_proposals_are_those_of_a_stock_tuner(algorithm: str, seed: int, tmp_path: Path) -> None:
    study = ours(tmp_path / "s", algorithm, FEW if algorithm == "bayesian" else BRANCHES, seed=seed)
    stock = Stock(algorithm, study.space, seed, tmp_path / "stock")
    with threadpool_limits(1):  # as ours draws: sums of several threads may differ in the last digit
        stock.tuner.search(verbose=0)
    expected = stock.proposals()
    assert len(expected) >= 25
    while len(study.trials) < len(expected):
        assert study.run(1) == ""
        if len(study.trials) % 6 == 0:
            study.restart()
    assert proposals(study.trials)[: len(expected)] == expected  # one more may have followed one that was turned down
    if algorithm == "hyperband":
        assert {trial.stage.epochs for trial in study.trials} == {1, 3, 9}
        assert [trial for trial in study.trials if trial.stage.after is not None]


@pytest.mark.parametrize("algorithm", ["random", "grid", "hyperband"])
def test_side_by_side_too_they_are_those_of_a_stock_oracle(algorithm: str, tmp_path: Path) -> None:
    study = ours(tmp_path / "s", algorithm, BRANCHES)
    stock = Stock(algorithm, study.space, 0, tmp_path / "stock")
    stock.tuner.oracle.verbose = 0
    free, running = ["a", "b", "c"], dict[str, Any]()
    for step in range(28):
        for name in list(free):
            trial, following = stock.begin(name), study.begin()
            if isinstance(following, Idle):
                assert trial.status == "IDLE"
                break
            free.remove(name)
            running[name] = (trial, following)
        name = list(running)[step % len(running)]
        trial, following = running.pop(name)
        stock.end(trial)
        study.end(following)
        free.append(name)
    assert len(study.trials) >= 28
    assert proposals(study.trials) == stock.proposals()
