"""scikit-learn's searches over a finite space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold
from sklearn.utils import check_random_state

from search_spaces import Changes, SearchSpace, SpaceError
from tuner.bridges import classifier_and_grid
from tuner.engines.grid_search.grids import PREFIX, grid, products
from tuner.training.classifier import SpaceClassifier
from tuner.training.fit import Images, train

Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]
SHAPE = (8, 8, 1)

FINITE = """
name: finite
layers:
  - flatten
  - repeat: {int: [0, 2]}
    name: hidden
    layers: [{dense: {units: {choice: [2, 4, 8]}}}, {dropout: {rate: {float: [0.0, 0.2], step: 0.1}}}]
  - optional: {bool}
    name: extra
    layers: [{dense: {units: 3, activation: {choice: [null, relu]}}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {choice: [0, 0.9]}}}]}
  batch_size: {choice: [8, 16]}
  epochs: 1
forbid:
  - hidden[$i].dense.units < hidden[$i + 1].dense.units
  - training.optimizer == sgd and training.batch_size == 16
"""


def values_of(products_: list[dict[str, list[Any]]]) -> list[tuple[tuple[str, Any], ...]]:
    return sorted(tuple(sorted(point.items())) for point in ParameterGrid(products_))


def with_training(settings: str) -> SearchSpace:
    return SearchSpace.parse(
        f"name: x\nlayers: [flatten]\ntraining: {{batch_size: 32, epochs: 1, {settings}}}", "x.yaml"
    )


def test_the_grid_has_each_configuration_of_the_space_once_and_no_forbidden_one() -> None:
    space = SearchSpace.parse(FINITE, "finite.yaml")
    expected = [
        tuple(sorted((f"{PREFIX}{name}", value) for name, value in each.values.items())) for each in space.enumerate()
    ]
    made = grid(space)
    assert values_of(made) == sorted(expected)
    assert len(made) < 40 < len(expected)


def test_rows_that_are_no_product_are_split_into_few() -> None:
    rows = [(a, b, c) for a in (1, 2, 3) for b in (1, 2) for c in "xy" if not (a == 3 and c == "y")]
    assert list(products(rows)) == [([1, 2], (1, 2), ("x", "y")), ([3], (1, 2), ("x",))]


def test_every_endless_parameter_is_named() -> None:
    space = with_training("optimizer: {sgd: {learning_rate: {float: [0.1, 1]}, momentum: {float: [0, 1]}}}")
    with pytest.raises(
        ValueError, match=r"finite domains: give `.*sgd.learning_rate`, `.*sgd.momentum` a step or choices"
    ):
        grid(space)
    assert len(grid(with_training("optimizer: {sgd: {momentum: {float: [0, 0.5], step: 0.25}}}"))) == 1


def test_a_space_that_is_too_large_is_refused_by_its_size() -> None:
    text = FINITE.split("forbid:", maxsplit=1)[0].replace("int: [0, 2]", "int: [0, 9]")
    with pytest.raises(ValueError, match=r"at most 100,000 configurations. Got [\d,]{12,}"):
        grid(SearchSpace.parse(text, "finite.yaml"))


@pytest.mark.parametrize("setting", ["early_stopping: {patience: {choice: [null, 3]}}", "schedule: plateau"])
def test_what_watches_validation_images_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="is not carried: it watches validation images"):
        classifier_and_grid(with_training(f"optimizer: adam, {setting}"), SHAPE, 3)


def test_the_classifier_is_one_and_is_cloned_with_its_parameters(dense: SearchSpace) -> None:
    classifier, _ = classifier_and_grid(dense, SHAPE, 3)
    copy = clone(classifier.set_params(**{"model__dense.units": np.int64(32), "random_state": 1}))
    assert is_classifier(copy)
    assert copy.get_params()["model__dense.units"] == 32
    assert copy.configuration() == dense.check_values({"dense.units": 32})


def test_an_inactive_or_unknown_parameter_is_refused(dense: SearchSpace) -> None:
    classifier, _ = classifier_and_grid(dense, SHAPE, 3)
    with pytest.raises(SpaceError, match=r"dense\.unit: no such parameter"):
        classifier.set_params(**{"model__dense.unit": 32}).configuration()


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({"batch_size": 9}, {}),
        ({"class_weight": "balanced"}, {}),
        ({}, {"epochs": 9}),
        ({}, {"sample_weight": np.ones(200)}),
    ],
)
def test_what_the_space_decides_is_not_silently_ignored(
    parameters: dict[str, Any], arguments: dict[str, Any], dense: SearchSpace, pictures: Pictures
) -> None:
    classifier, _ = classifier_and_grid(dense, SHAPE, 3)
    (name,) = [*parameters, *arguments]
    with pytest.raises(ValueError, match=f"the space decides how to train: {name} would have no effect"):
        classifier.set_params(**parameters).fit(*pictures, **arguments)


def test_a_fold_without_one_of_the_classes_is_refused_where_labels_are_no_class_numbers(
    dense: SearchSpace, pictures: Pictures
) -> None:
    images, labels = pictures
    classifier, _ = classifier_and_grid(dense, SHAPE, 3)
    names = np.array(["left", "right", "up"])[labels]
    with pytest.raises(ValueError, match="all 3 classes must be in every fold: use StratifiedKFold"):
        classifier.fit(images[labels < 2], names[labels < 2])


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_class_numbers_stay_what_they_are_where_a_class_is_absent(
    absent: int, dense: SearchSpace, pictures: Pictures
) -> None:
    images, labels = pictures
    there = labels != absent
    classifier, _ = classifier_and_grid(dense, SHAPE, 3)
    learning = {"model__dense.units": 32, "model__training.optimizer.adam.learning_rate": 0.01}
    classifier.set_params(epochs=8, random_state=1, **learning).fit(images[there], labels[there])
    assert classifier.score(images[there], labels[there]) > 0.9
    assert len(classifier.history_["loss"]) == 8


def test_a_model_over_the_limits_is_not_trained(dense: SearchSpace, pictures: Pictures) -> None:
    changes = Changes(fix={"dense.units": 32})
    space = SearchSpace.parse(f"{dense.text}limits: {{parameters: 500}}\n", "limited.yaml", changes)
    with pytest.raises(ValueError, match="parameters are more than the limit of 500"):
        SpaceClassifier(space, SHAPE, 3).fit(*pictures)


def test_grid_search_finds_what_a_loop_written_by_hand_finds(dense: SearchSpace, pictures: Pictures) -> None:
    images, labels = pictures
    names = np.array(["left", "right", "up"])
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    classifier, points = classifier_and_grid(dense, SHAPE, 3)
    search = GridSearchCV(classifier.set_params(random_state=5), points, cv=folds).fit(images, names[labels])

    seed = int(check_random_state(5).randint(2**31))
    scores = {}
    for configuration in dense.enumerate():
        of_folds = []
        for rows, others in folds.split(images, labels):
            training = Images(images=images[rows], labels=labels[rows], n_classes=3)
            model, _ = train(configuration, training, None, epochs=2, seed=seed)
            guesses = np.argmax(model(images[others].astype("float32")), axis=1)
            of_folds.append(np.mean(guesses == labels[others]))
        scores[configuration.hash] = np.mean(of_folds)

    best = search.best_estimator_
    assert search.cv_results_["mean_test_score"] == pytest.approx(list(scores.values()))
    assert scores[best.configuration().hash] == max(scores.values())
    assert set(best.predict(images)) <= set(names)
    assert best.predict_proba(images).shape == (200, 3)
    assert len(best.history_["loss"]) == 2
