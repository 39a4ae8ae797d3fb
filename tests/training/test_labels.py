"""What the loss is told: smoothed labels, weights of classes, and what validation shows."""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from search_spaces import Component, Configuration
from search_spaces.components import LOSSES
from tuner.training import compiling, labels
from tuner.training.fit import Images, train
from tuner.training.preparation import preparation
from tuner.trial import Epoch

STILL = Component(kind="sgd", arguments={"learning_rate": 1e-30})
"""Leaves the weights as they were drawn, so that each setting scores the same model."""


@pytest.fixture
def dense(layer: Callable, configure: Callable) -> Configuration:
    return configure((layer("flatten"),), optimizer=STILL)


def first_epoch(configuration: Configuration, stripes: tuple[Images, Images], **settings: object) -> Epoch:
    changed = replace(configuration, training=replace(configuration.training, **settings))  # type: ignore[arg-type]
    options = {"epochs": 1, "seed": 0}
    return train(changed, *stripes, **options)[1][0]


def losses_of(configuration: Configuration, images: Images) -> np.ndarray:
    keras.utils.set_random_seed(0)
    model = compiling.compiled(configuration, (6, 6, 1), 3, n_train=50, epochs=1)
    probabilities = np.asarray(model(images.images.astype(np.float32)))
    return -np.log(probabilities[np.arange(len(images.labels)), images.labels])


def test_label_smoothing_trains_as_keras_has_it_and_leaves_validation_as_it_is(
    dense: Configuration, stripes: tuple[Images, Images]
) -> None:
    plain, smooth = first_epoch(dense, stripes), first_epoch(dense, stripes, label_smoothing=0.2)
    assert (smooth.accuracy, smooth.val_accuracy) == (plain.accuracy, plain.val_accuracy)
    assert smooth.val_loss == pytest.approx(plain.val_loss, abs=1e-5)
    one_hot = tf.one_hot([0, 2, 1], 3)
    probabilities = tf.constant([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]])
    ours = keras.losses.CategoricalCrossentropy()(labels.smoothed(one_hot, 0.2), probabilities)
    theirs = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)(one_hot, probabilities)
    assert float(ours) == pytest.approx(float(theirs))
    assert abs(smooth.loss - plain.loss) > 0.01


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_balanced_classes_weigh_each_image_as_scikit_learn_does(
    dense: Configuration, stripes: tuple[Images, Images], smoothing: float
) -> None:
    images = stripes[0]
    weights = compute_class_weight("balanced", classes=np.arange(3), y=images.labels)
    told = first_epoch(dense, stripes, class_weights="balanced")
    expected = float(np.mean(weights[images.labels] * losses_of(dense, images)))
    assert told.loss == pytest.approx(expected, abs=1e-4)
    assert told.val_loss == pytest.approx(first_epoch(dense, stripes).val_loss, abs=1e-5)
    prepare = preparation(
        replace(dense.training, class_weights="balanced", label_smoothing=smoothing), images.labels, 3
    )
    assert prepare is not None
    fed = prepare(tf.zeros([3, 6, 6, 1]), tf.constant([0, 1, 2]), tf.constant([0, 0], tf.int64))
    assert fed[-1].numpy() == pytest.approx(weights)


def test_a_class_that_does_not_occur_weighs_nothing_and_divides_by_nothing() -> None:
    weights = labels.balanced_weights(np.array([0, 0, 0, 2]), 4)
    assert weights.tolist() == pytest.approx([2 / 3, 0.0, 2.0, 0.0])


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_is_the_one_of_keras(
    component: Callable, dense: Configuration, stripes: tuple[Images, Images], kind: str
) -> None:
    loss = component(kind)
    keras.utils.set_random_seed(0)
    model = compiling.compiled(dense, (6, 6, 1), 3, n_train=50, epochs=1)
    validation = stripes[1]
    probabilities = model(validation.images.astype(np.float32))
    one_hot = tf.one_hot(validation.labels, 3)
    expected = float(np.mean(getattr(keras.losses, kind)(one_hot, probabilities, **loss.arguments)))
    told = first_epoch(dense, stripes, loss=loss)
    assert told.val_loss == pytest.approx(expected, rel=1e-4)
    right = np.mean(np.argmax(probabilities, axis=1) == validation.labels)
    assert told.val_accuracy == pytest.approx(float(right), abs=1e-5)


def test_a_compiled_model_takes_class_numbers_until_something_needs_more(
    component: Callable, configure: Callable
) -> None:
    needs = {
        "label_smoothing": 0.1,
        "loss": component("mean_squared_error"),
        "augmentation": (component("mixup"),),
    }
    assert not labels.are_one_hot(
        configure(class_weights="balanced", loss=component("categorical_crossentropy")).training
    )
    assert not labels.are_one_hot(configure(augmentation=(component("mixup", alpha=0.0), component("flip"))).training)
    for name, value in needs.items():
        assert labels.are_one_hot(configure(**{name: value}).training)
    model = compiling.compiled(configure(), (6, 6, 1), 3, n_train=50, epochs=1)
    model.fit(np.zeros((4, 6, 6, 1)), np.array([0, 1, 2, 0]), verbose=0)
    assert model.count_params() > 0
