"""KerasTuner's tuners over a space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest
from keras_tuner.errors import FailedTrialError, FatalValueError
from numpy.typing import NDArray

from search_spaces import SearchSpace
from tuner.bridges import hypermodel
from tuner.bridges.hypermodels import SpaceHyperModel

Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]
SHAPE = (8, 8, 1)

TUNERS: dict[str, dict[str, Any]] = {
    "RandomSearch": {"max_trials": 15},
    "GridSearch": {"max_trials": 40},
    "Hyperband": {"max_epochs": 4, "factor": 2},
}

SMALL = """
name: small
layers: [flatten]
training:
  optimizer: {choice: [sgd, {adam: {learning_rate: {float: [1e-3, 1e-2], log: true}}}]}
  batch_size: {int: [16, 64], log: true}
  epochs: 1
"""

SETTINGS = """
name: settings
layers: [flatten, {dense: {units: {choice: [2, 8]}}}]
training: {optimizer: adam, batch_size: 50, epochs: 2, SETTING}
"""


def tuner_of(kind: str, model: SpaceHyperModel, folder: Path, **options: Any) -> keras_tuner.Tuner:
    return getattr(keras_tuner, kind)(
        model, objective="val_accuracy", directory=folder, project_name="p", seed=3, **(options or TUNERS[kind])
    )


def own(trial: keras_tuner.engine.trial.Trial) -> dict[str, Any]:
    """The trial's values without those that Hyperband notes beside them."""
    return {name: value for name, value in trial.hyperparameters.values.items() if not name.startswith("tuner/")}


def with_setting(setting: str) -> SearchSpace:
    return SearchSpace.parse(SETTINGS.replace("SETTING", setting), "settings.yaml")


def check_values_of_trials(tuner: keras_tuner.Tuner, space: SearchSpace) -> None:
    tuner.run_trial = lambda trial, **_: {"val_accuracy": len(own(trial)) / 100}  # nothing is trained
    tuner.search(verbose=0)
    trials = tuner.oracle.trials.values()
    assert len(trials) >= 4
    for trial in trials:
        configuration = tuner.hypermodel.configuration(trial.hyperparameters)
        assert own(trial).keys() == configuration.values.keys()
        assert space.check_values(configuration.values) == configuration


@pytest.mark.parametrize("kind", TUNERS)
def test_the_values_of_every_trial_are_exactly_the_active_ones(kind: str, nested: SearchSpace, tmp_path: Path) -> None:
    check_values_of_trials(tuner_of(kind, hypermodel(nested, SHAPE, 3), tmp_path), nested)


def test_so_are_those_that_the_gaussian_process_proposes(tmp_path: Path) -> None:
    space = SearchSpace.parse(SMALL, "small.yaml")
    options = {"max_trials": 4, "num_initial_points": 3}
    check_values_of_trials(tuner_of("BayesianOptimization", hypermodel(space, SHAPE, 3), tmp_path, **options), space)


def test_grid_search_tries_each_configuration_of_a_finite_space_once(tmp_path: Path) -> None:
    space = with_setting(
        "label_smoothing: {float: [0.0, 0.5], step: 0.1}, loss: {choice: [kl_divergence, categorical_hinge]}"
    )
    model = hypermodel(space, SHAPE, 3)
    tuner = tuner_of("GridSearch", model, tmp_path, max_trials=100)
    tuner.run_trial = lambda trial, **_: {"val_accuracy": 0.5}
    tuner.search(verbose=0)
    tried = [model.configuration(trial.hyperparameters).hash for trial in tuner.oracle.trials.values()]
    assert sorted(tried) == sorted(each.hash for each in space.enumerate())


def test_random_search_trains_and_gives_the_best_model_back(
    nested: SearchSpace, pictures: Pictures, tmp_path: Path
) -> None:
    images, labels = pictures
    tuner = tuner_of("RandomSearch", hypermodel(nested, SHAPE, 3), tmp_path, max_trials=2)
    tuner.search(images, labels, validation_data=(images, labels), verbose=0)
    best = tuner.oracle.get_best_trials()[0]
    _, accuracy = tuner.get_best_models()[0].evaluate(images, labels, verbose=0)
    assert accuracy == pytest.approx(best.score, abs=1e-3)


def test_hyperband_trains_as_long_as_it_says(pictures: Pictures, tmp_path: Path) -> None:
    space = with_setting("schedule: cosine, augmentation: [mixup], class_weights: balanced")
    tuner = tuner_of("Hyperband", hypermodel(space, SHAPE, 3), tmp_path, max_epochs=2, factor=2)
    steps: list[tuple[int, int]] = []
    fit = tuner.hypermodel.fit

    def noting(hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        before = int(model.optimizer.iterations)
        history = fit(hp, model, *args, **kwargs)
        steps.append((before, int(model.optimizer.iterations)))
        return history

    tuner.hypermodel.fit = noting
    tuner.search(*pictures, validation_split=0.25, verbose=0)
    assert all(trial.status == "COMPLETED" for trial in tuner.oracle.trials.values())
    # 150 images are 3 steps. The one that is promoted goes on with the optimizer that it had.
    assert steps[:3] == [(0, 3), (0, 3), (3, 6)]


def test_values_of_kinds_that_kerastuner_does_not_mix_come_back_as_they_were() -> None:
    space = SearchSpace.parse(
        """
name: kinds
layers:
  - conv2d: {filters: 2, kernel_size: {choice: [1, [1, 3]]}, activation: {choice: [null, relu]}}
  - flatten
  - dropout: {rate: {choice: [0, 0.25]}}
  - dense: {units: {int: [1, 3], log: true}, use_bias: {choice: [true, false]}}
training: {optimizer: {adam: {learning_rate: {float: [0.1, 0.7], step: 0.1}}}, batch_size: 8, epochs: 1}
""",
        "kinds.yaml",
    )
    model = hypermodel(space, SHAPE, 3)
    hp = keras_tuner.HyperParameters()
    assert model.configuration(hp) == space.default()
    reached = {name: set[Any]() for name in space.default().values}
    for each in hp.space:
        for value in each.values:
            hp.values[each.name] = value
            reached[each.name].add(model.configuration(hp).values[each.name])
    assert reached == {each.name: set(each.domain.values()) for each in space.parameters()}
    hp.values["dense.units"] = 4  # one too many, as the Gaussian process may propose
    assert model.configuration(hp).values["dense.units"] == 3


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("averaging: {choice: [none, ema]}", "training.averaging"),
        ("schedule: {choice: [constant, plateau]}", "training.schedule.plateau"),
    ],
)
def test_a_setting_that_is_not_carried_is_named_before_anything_is_trained(setting: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"`{named}` is not carried"):
        hypermodel(with_setting(setting), SHAPE, 3)


@pytest.mark.parametrize(
    ("setting", "arguments", "message"),
    [
        ("label_smoothing: 0.1", {"batch_size": 8}, "would have no effect"),
        ("early_stopping: {patience: 1}", {}, "give `validation_data`"),
        ("label_smoothing: 0.1", {"validation_data": (np.zeros((3, 8, 8)), [0, 1, 2])}, "x must be an array of images"),
        ("label_smoothing: 0.1", {"validation_split": 1.5}, "validation_split must leave"),
    ],
)
def test_what_cannot_be_meant_ends_the_search(
    setting: str, arguments: dict[str, Any], message: str, pictures: Pictures, tmp_path: Path
) -> None:
    tuner = tuner_of("RandomSearch", hypermodel(with_setting(setting), SHAPE, 3), tmp_path)
    with pytest.raises(FatalValueError, match=message):
        tuner.search(*pictures, **arguments, verbose=0)


def test_searched_epochs_and_a_tuner_that_gives_epochs_exclude_each_other(pictures: Pictures) -> None:
    text = SETTINGS.replace("epochs: 2, SETTING", "epochs: {choice: [1, 2]}")
    model = hypermodel(SearchSpace.parse(text, "epochs.yaml"), SHAPE, 3)
    hp = keras_tuner.HyperParameters()
    built = model.build(hp)
    with pytest.raises(FatalValueError, match="is searched, and the tuner gives epochs"):
        model.fit(hp, built, *pictures, epochs=3)


def test_a_configuration_that_is_forbidden_too_large_or_not_buildable_fails_its_trial() -> None:
    space = SearchSpace.parse(
        """
name: limited
layers:
  - max_pooling2d: {pool_size: {choice: [2, 9]}}
  - flatten
  - dense: {units: {choice: [2, 4, 100]}}
training: {optimizer: adam, batch_size: 8, epochs: 1}
limits: {parameters: 500}
forbid: [dense.units == 4]
""",
        "limited.yaml",
    )
    model = hypermodel(space, SHAPE, 3)
    for values, message in [
        ({"dense.units": 4}, "forbidden: dense.units == 4"),
        ({"dense.units": 100}, "parameters are more than the limit of 500"),
        ({"max_pooling2d.pool_size": 9}, "max_pooling2d"),
    ]:
        hp = keras_tuner.HyperParameters()
        model.declare_hyperparameters(hp)
        hp.values |= values
        with pytest.raises(FailedTrialError, match=message):
            model.build(hp)
