"""Averaged weights: which they are, where they are used, and that training does not notice."""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest

from search_spaces import Component, Configuration
from tuner.training import compiling
from tuner.training.fit import Images, train
from tuner.training.pipeline import TrainingImages, evaluation_batches
from tuner.training.statistics import Statistics
from tuner.trial import Epoch


def trained(
    configuration: Configuration, stripes: tuple[Images, Images], epochs: int
) -> tuple[object, tuple[Epoch, ...]]:
    return train(configuration, *stripes, epochs=epochs, seed=0)  # type: ignore[arg-type, return-value]


def test_ema_is_the_moving_average_of_the_weights_after_each_step(
    component: Callable, layer: Callable, configure: Callable, stripes: tuple[Images, Images]
) -> None:
    dense = configure((layer("flatten"),), averaging=component("ema", momentum=0.8))
    model, _curve = trained(dense, stripes, 1)
    keras.utils.set_random_seed(0)
    plain = compiling.compiled(
        replace(dense, training=replace(dense.training, averaging=None)), (6, 6, 1), 3, n_train=50, epochs=1
    )
    batches = TrainingImages(stripes[0].images, stripes[0].labels, batch_size=20, seed=0)
    batches.shuffle(0)
    average: list[np.ndarray] = []
    for batch in batches.dataset:
        plain.train_on_batch(*batch)
        weights = plain.get_weights()
        average = [0.8 * a + 0.2 * w for a, w in zip(average, weights, strict=True)] if average else weights
    for ours, expected in zip(model.get_weights(), average, strict=True):
        assert ours == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert not np.allclose(model.get_weights()[0], plain.get_weights()[0], atol=1e-4)


def test_swa_is_the_mean_after_its_epochs_and_training_goes_on_as_without_it(
    component: Callable, layer: Callable, configure: Callable, stripes: tuple[Images, Images]
) -> None:
    dense = (layer("flatten"),)
    model, curve = trained(configure(dense, averaging=component("swa", start=0.5)), stripes, 4)
    third, _ = trained(configure(dense), stripes, 3)
    fourth, plain = trained(configure(dense), stripes, 4)
    for ours, a, b in zip(model.get_weights(), third.get_weights(), fourth.get_weights(), strict=True):
        assert ours == pytest.approx((a + b) / 2, rel=1e-5, abs=1e-7)
    assert [epoch.loss for epoch in curve] == [epoch.loss for epoch in plain]
    # The third epoch's average is of one epoch, so its score is that of the weights; the fourth's is not.
    assert [epoch.val_loss for epoch in curve[:3]] == [epoch.val_loss for epoch in plain[:3]]
    assert curve[3].val_loss != plain[3].val_loss


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_the_model_that_comes_back_scores_as_its_last_epoch_was_told(
    component: Callable, configure: Callable, stripes: tuple[Images, Images], kind: str
) -> None:
    model, curve = trained(configure(averaging=component(kind)), stripes, 4)
    scored = model.evaluate(evaluation_batches(stripes[1].images, stripes[1].labels), verbose=0, return_dict=True)
    assert scored["loss"] == pytest.approx(curve[-1].val_loss, abs=2e-6)
    assert scored["accuracy"] == pytest.approx(curve[-1].val_accuracy, abs=1e-6)


def test_an_average_that_the_optimizer_keeps_by_itself_is_scored_too(
    component: Callable, configure: Callable, stripes: tuple[Images, Images]
) -> None:
    own = Component(kind="adam", arguments={"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9})
    named = trained(configure(averaging=component("ema", momentum=0.9)), stripes, 2)[1]
    assert [e.val_loss for e in trained(configure(optimizer=own), stripes, 2)[1]] == [e.val_loss for e in named]


def test_normalisation_is_given_the_statistics_of_the_images_and_nothing_else_changes(
    layer: Callable, configure: Callable, stripes: tuple[Images, Images]
) -> None:
    images = stripes[0].images
    layers = (layer("batch_normalization"), layer("dropout", rate=0.5), layer("flatten"))
    model = compiling.compiled(configure(layers), (6, 6, 1), 3, n_train=50, epochs=1)
    dropout = model.get_layer("dropout").seed_generator.state
    before = (dropout.numpy(), [weight.numpy() for weight in model.trainable_variables])
    Statistics(model, images, batch_size=50, seed=0).fit()
    normalisation = model.get_layer("batch_normalization")
    assert np.asarray(normalisation.moving_mean) == pytest.approx([(images / 255).mean()], rel=1e-4)
    assert np.asarray(normalisation.moving_variance) == pytest.approx([(images / 255).var()], rel=1e-3)
    assert np.array_equal(before[0], dropout.numpy())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], model.trainable_variables, strict=True))
