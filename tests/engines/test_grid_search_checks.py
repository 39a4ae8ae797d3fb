"""What grid-search-cv says before it starts, of spaces and images that it cannot search."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from fakes.driving import plan_for

from search_spaces import SearchSpace, SpaceError, changes
from tuner.engines.checking import check_engine
from tuner.engines.grid_search.checking import check_images
from tuner.engines.usual import usual_trials
from tuner.errors import UsageError
from tuner.plan import Plan

FINITE = """
name: finite
layers: [flatten, {dense: {units: {choice: [8, 16, 24]}}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.9], step: 0.3}}}]}
  batch_size: {choice: [16, 32]}
  epochs: 9
"""


def plan(space: SearchSpace, algorithm: str = "grid", folds: int = 5) -> Plan:
    return plan_for(space, "grid-search-cv", algorithm, folds=folds)


def refused(text: str, *more: str) -> list[str]:
    """The lines that are said of a space."""
    space = SearchSpace.parse(text, "x.yaml", changes(more))
    with pytest.raises((SpaceError, UsageError)) as error:
        check_engine(space, plan(space))
    return str(error.value).splitlines()


ENDLESS = """name: x
layers:
  - repeat: 3
    name: hidden
    layers:
      - dense: {units: {choice: [8, 16]}}
      - dropout: {rate: {float: [0.0, 0.5], default: 0.2}}
  - flatten
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true, default: 1e-3}}
      - sgd: {momentum: {float: [0.0, 0.9], step: 0.3}}
  batch_size: 32
  epochs: 2
"""


def test_each_endless_parameter_is_named_with_its_line_and_what_to_type() -> None:
    rule = "grid-search-cv needs finite domains: give it a step or choices, e.g. --set"
    rate, choices = "training.optimizer.adam.learning_rate", "{choice: [0.0001, 0.001, 0.01]}"
    assert refused(ENDLESS) == [
        f"x.yaml:7: hidden.dropout.rate: {rule} 'hidden.dropout.rate={{choice: [0, 0.2, 0.5]}}'",
        f"x.yaml:12: {rate}: {rule} '{rate}={choices}'",
    ]


def test_what_the_message_says_to_type_helps() -> None:
    space = SearchSpace.parse(
        ENDLESS,
        "x.yaml",
        changes(
            [
                "hidden.dropout.rate={choice: [0, 0.2, 0.5]}",
                "training.optimizer.adam.learning_rate={choice: [0.0001, 0.001, 0.01]}",
            ]
        ),
    )
    check_engine(space, plan(space))
    assert space.size().configurations == 6**3 * (3 + 4)


WATCHING = """name: x
variables: {p: {choice: [null, 2]}}
layers: [flatten]
training:
  optimizer: adam
  SETTING
  batch_size: 32
  epochs: 2
"""


@pytest.mark.parametrize(
    ("setting", "place", "name"),
    [
        ("early_stopping: {patience: 3}", "x.yaml:1: training.early_stopping:", "training.early_stopping"),
        (
            "early_stopping: {patience: {choice: [null, 3]}}",
            "x.yaml:5: training.early_stopping.patience:",
            "training.early_stopping",
        ),
        ("early_stopping: {patience: $p}", "x.yaml:1: training.early_stopping:", "training.early_stopping"),
        ("schedule: {choice: [cosine, plateau]}", "x.yaml:5: training.schedule:", "training.schedule.plateau"),
        ("schedule: plateau", "x.yaml:1: training.schedule.plateau:", "training.schedule.plateau"),
    ],
)
def test_what_watches_validation_images_is_refused_wherever_it_hides(setting: str, place: str, name: str) -> None:
    text = WATCHING.replace("SETTING", setting)
    text = text if "$p" in setting else text.replace("variables: {p: {choice: [null, 2]}}\n", "")
    (said,) = refused(text)
    reason = "it watches validation images, and scikit-learn shows a classifier none"
    start, hint = said.split(" Leave it out: --set ")
    assert start == f"{place} grid-search-cv cannot carry {name}: {reason}."
    changed = SearchSpace.parse(text, "x.yaml", changes([hint]))
    check_engine(changed, plan(changed))


def test_a_space_that_is_too_large_is_refused_at_once_with_its_size_and_what_to_fix() -> None:
    text = FINITE.replace("choice: [8, 16, 24]", "int: [1, 100_000]")
    began = time.process_time()
    (said,) = refused(text)
    assert said == (
        "grid-search-cv lists at most 100,000 configurations. Space 'finite' has 1,000,000. Most values have "
        "dense.units 100000, training.optimizer.sgd.momentum 4, training.optimizer 2: give them fewer with --set, or "
        "keep one, e.g. --fix dense.units=50000."
    )
    assert time.process_time() - began < 1.0


def test_every_space_of_the_library_is_checked_without_scikit_learn() -> None:
    code = """
import sys
from search_spaces import SearchSpace, SpaceError, library
from tuner.engines.checking import check_engine
from tuner.plan import Plan
for name in library():
    space = SearchSpace.load(name)
    try:
        check_engine(space, Plan(dataset="", data_fingerprint="", space=name, space_fingerprint="",
                                 engine="grid-search-cv", algorithm="grid", pruner="none", folds=5))
        print(name)
    except SpaceError:
        pass
print("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mlp_grid", "False"]


def test_images_too_few_for_the_folds_are_refused() -> None:
    space = SearchSpace.parse(FINITE, "space.yaml")
    with pytest.raises(UsageError, match=r"--folds must not exceed the images of the rarest class, 2\. Got 3"):
        check_images(np.array([0, 0, 0, 1, 1]), plan(space, folds=3))
    with pytest.raises(UsageError, match=r"2 images of each of 2 classes for each of 3 folds.* at least 12\. Got 11"):
        check_images(np.arange(11) % 2, plan(space, "halving", folds=3))
    check_images(np.arange(12) % 2, plan(space, "halving", folds=3))


def test_a_grid_is_gone_through_whole_where_nobody_says_how_many_trials_there_shall_be() -> None:
    space, endless = SearchSpace.parse(FINITE, "space.yaml"), SearchSpace.load("mlp_v1")
    assert usual_trials(space, "grid-search-cv", None) == 30
    assert usual_trials(space, "grid-search-cv", "halving") == 30 + 10 + 4 + 2
    assert usual_trials(space, "grid-search-cv", "random") == 50
    assert usual_trials(endless, "grid-search-cv", "grid") == 50  # refused later, with the lines to change
    assert usual_trials(space, "optuna", None) == 50
