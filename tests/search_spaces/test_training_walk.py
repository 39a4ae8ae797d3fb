"""Training settings: what a chooser is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from walks import asked, needs

from search_spaces import (
    Component,
    EarlyStopping,
    SearchSpace,
)

SpaceOf = Callable[..., SearchSpace]


TRAINING = """
  optimizer: adam
  batch_size: 8
  epochs: 1
  schedule: {choice: [constant, {cosine: {warmup: {choice: [0.1, 0.2]}}}]}
  loss: {categorical_focal_crossentropy: {gamma: 3}}
  averaging: {choice: [none, ema]}
  augmentation:
    - flip
    - optional: {bool}
      name: more
      layers: [{shift: {height: {choice: [0.1, 0.2]}}}, flip]
"""


def test_parts_of_the_training_are_drawn_with_what_stands_under_them(space_of: SpaceOf) -> None:
    space = space_of("- flatten", TRAINING)

    assert asked(space) == ["training.schedule", "training.averaging", "training.augmentation.more.optional"]
    assert needs(space)["training.schedule.cosine.warmup"] == ("training.schedule is cosine",)
    assert needs(space)["training.augmentation.more.shift.height"] == ("training.augmentation.more.optional is true",)
    assert space.size().configurations == (1 + 2) * 2 * (1 + 2)


def test_arguments_that_the_file_does_not_name_have_their_defaults(space_of: SpaceOf) -> None:
    space = space_of("- flatten", TRAINING)

    training = space.check_values(
        {"training.schedule": "cosine", "training.augmentation.more.optional": True, "training.averaging": "ema"}
    ).training

    assert training.schedule == Component(kind="cosine", arguments={"warmup": 0.1, "end": 0.0})
    assert training.loss == Component(kind="categorical_focal_crossentropy", arguments={"gamma": 3.0, "alpha": 0.25})
    assert training.averaging == Component(kind="ema", arguments={"momentum": 0.99})
    assert training.augmentation == (
        Component(kind="flip", arguments={"direction": "horizontal"}),
        Component(kind="shift", arguments={"height": 0.1, "width": 0.1, "fill_mode": "constant"}),
        Component(kind="flip", arguments={"direction": "horizontal"}),
    )


def test_a_training_that_names_no_more_has_no_more(space_of: SpaceOf) -> None:
    training = space_of("- flatten").default().training

    assert (training.schedule, training.loss, training.averaging, training.early_stopping) == (None,) * 4
    assert (training.label_smoothing, training.class_weights, training.augmentation) == (0.0, "none", ())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("null", None),
        ("{}", EarlyStopping(patience=5)),
        ("{min_delta: 1}", EarlyStopping(patience=5, min_delta=1.0)),
        ("{patience: null, monitor: val_accuracy}", None),
        ("{patience: 2, monitor: val_accuracy}", EarlyStopping(patience=2, monitor="val_accuracy")),
    ],
)
def test_early_stopping_has_its_defaults_and_none_without_a_patience(
    space_of: SpaceOf, written: str, expected: EarlyStopping | None
) -> None:
    space = space_of("- flatten", f"{{optimizer: adam, batch_size: 8, epochs: 1, early_stopping: {written}}}")

    assert space.default().training.early_stopping == expected


def test_a_patience_may_be_drawn_beside_none(space_of: SpaceOf) -> None:
    training = "{optimizer: adam, batch_size: 8, epochs: 1, early_stopping: {patience: {choice: [null, 3]}}}"
    space = space_of("- flatten", training)

    stopped = space.check_values({"training.early_stopping.patience": 3})

    assert space.default().training.early_stopping is None
    assert stopped.training.early_stopping == EarlyStopping(patience=3)


def test_an_augmentation_may_hang_on_a_variable(space_of: SpaceOf) -> None:
    training = "{optimizer: adam, batch_size: 8, epochs: 1, augmentation: [{optional: $more, layers: [flip]}]}"
    space = space_of("- flatten", training, more="variables: {more: {bool}}")

    assert space.size().configurations == len(list(space.enumerate())) == 2
