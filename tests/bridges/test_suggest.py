"""Optuna's own loop over a space."""

from __future__ import annotations

import optuna
import pytest

from search_spaces import SearchSpace
from tuner.bridges import suggest
from tuner.distributions import chooser

RULED = """
name: ruled
layers: [flatten, {dense: {units: {choice: [2, 4]}}}]
training: {optimizer: adam, batch_size: {choice: [32, 64]}, epochs: 1}
forbid:
  - rule: dense.units == 4 and training.batch_size == 64
    because: too much
"""


def test_every_proposal_lies_in_the_space(nested: SearchSpace) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        trial = study.ask()
        configuration = suggest(trial, nested)
        assert nested.check_values(configuration.values) == configuration
        assert trial.params.keys() == configuration.values.keys()


def test_a_trial_is_asked_as_the_engine_of_tune_asks_it(nested: SearchSpace) -> None:
    asked = optuna.create_study(direction="maximize").ask()
    configuration = nested.configure(chooser(asked))
    assert suggest(optuna.trial.FixedTrial(asked.params), nested) == configuration  # type: ignore[arg-type]


def test_a_forbidden_combination_is_pruned_with_its_rule_and_the_study_goes_on() -> None:
    space = SearchSpace.parse(RULED, "ruled.yaml")
    grid = {"dense.units": [2, 4], "training.batch_size": [32, 64]}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(grid))
    study.optimize(lambda trial: suggest(trial, space).training.batch_size, n_trials=4)
    assert sorted(trial.state.name for trial in study.trials) == ["COMPLETE"] * 3 + ["PRUNED"]
    with pytest.raises(optuna.TrialPruned, match=r"forbidden: .*dense.units.* \(too much\)"):
        suggest(optuna.trial.FixedTrial({"dense.units": 4, "training.batch_size": 64}), space)  # type: ignore[arg-type]
