"""What layers compute in is each trial's own, and costs neither pixels, nor probabilities, nor a trial by mistake."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest

from search_spaces import Component, SearchSpace
from search_spaces.keras_table import keras_table
from tuner import models
from tuner.messages import Retrain
from tuner.plan import PRECISIONS
from tuner.training import fit
from tuner.training.classifier import SpaceClassifier
from tuner.training.compiling import LEAST_LOSS_SCALE, compiled, loss_scale
from tuner.training.fit import Images, NotFinite, train
from tuner.training.jobs import retrain

MIXED = [name for name in PRECISIONS if name != "float32"]


@pytest.mark.parametrize("precision", MIXED)
def test_a_trial_of_single_precision_is_the_same_after_a_mixed_one_in_the_same_process(
    configure: Callable, stripes: tuple[Images, Images], precision: str
) -> None:
    def trained(precision: str) -> list[np.ndarray]:
        return train(configure(), *stripes, epochs=2, seed=4, precision=precision)[0].get_weights()  # type: ignore[no-any-return]

    before, mixed, after = trained("float32"), trained(precision), trained("float32")
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(before, mixed, strict=True))
    assert keras.mixed_precision.global_policy().name == "float32"


@pytest.mark.parametrize("precision", MIXED)
def test_hidden_layers_compute_by_the_policy_pixels_probabilities_and_weights_stay_whole(
    configure: Callable, precision: str
) -> None:
    model = models.build(configure(), (6, 6, 1), 3, precision)
    scale, *hidden, output = model.layers[1:]
    assert {layer.compute_dtype for layer in (scale, output)} == {"float32"}
    assert {layer.compute_dtype for layer in hidden} == {precision.removeprefix("mixed_")}
    assert {variable.dtype for variable in model.weights} == {"float32"}
    assert model.predict_on_batch(np.zeros((2, 6, 6, 1))).dtype == np.float32
    pixels = np.array([1.0, 100.25, 254.5, 255.0], np.float32)
    assert np.array_equal(scale(pixels.reshape(1, 2, 2, 1)).numpy().ravel(), pixels * np.float32(1 / 255))


CONVOLUTION, RATE, POOL = {"filters": 2, "kernel_size": 1}, {"rate": 0.2}, {"pool_size": 2}
NEEDED = {
    "conv2d": CONVOLUTION,
    "separable_conv2d": CONVOLUTION,
    "depthwise_conv2d": {"kernel_size": 1},
    "dense": {"units": 2},
    "activation": {"activation": "tanh"},
    "average_pooling2d": POOL,
    "max_pooling2d": POOL,
    "dropout": RATE,
    "alpha_dropout": RATE,
    "spatial_dropout2d": RATE,
    "gaussian_dropout": RATE,
    "gaussian_noise": {"stddev": 0.1},
    "group_normalization": {"groups": 1},
}
FLATTENING = {"flatten", "global_average_pooling2d", "global_max_pooling2d"}


@pytest.mark.parametrize("kind", keras_table().layers)
def test_every_layer_takes_a_policy(layer: Callable, configure: Callable, kind: str) -> None:
    first = [] if kind in FLATTENING else [layer("flatten")]
    configuration = configure((layer(kind, **NEEDED.get(kind, {})), *first))
    model = models.build(configuration, (6, 6, 1), 3, "mixed_bfloat16")
    images = np.random.default_rng(0).integers(0, 256, (2, 6, 6, 1)).astype(np.float32)
    assert model.get_layer(kind).compute_dtype == "bfloat16"
    assert model(images, training=True).numpy().sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_step_that_scaling_the_loss_skipped_is_no_loss_that_ran_away(
    configure: Callable, stripes: tuple[Images, Images]
) -> None:
    model, curve = train(configure(), *stripes, epochs=8, seed=1, precision="mixed_float16")
    assert loss_scale(model) < 2**15
    assert int(model.optimizer.iterations) < 8 * 3
    assert [epoch.epoch for epoch in curve] == list(range(1, 9))


def test_steps_that_no_scale_mends_are_told_as_what_they_are(
    configure: Callable, stripes: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "LEAST_LOSS_SCALE", 2.0**15)  # by default it takes 40 skipped steps
    with pytest.raises(NotFinite, match="gradients"):
        train(configure(), *stripes, epochs=8, seed=1, precision="mixed_float16")
    assert LEAST_LOSS_SCALE == 2.0**15 / 2**39


@pytest.mark.parametrize("precision", PRECISIONS)
def test_averages_of_the_optimizer_are_scored_and_served_under_every_policy(
    component: Callable, configure: Callable, stripes: tuple[Images, Images], precision: str
) -> None:
    averaged = configure(averaging=component("ema", momentum=0.9))
    model, averages = train(averaged, *stripes, epochs=2, seed=0, precision=precision)
    plain, scores = train(configure(), *stripes, epochs=2, seed=0, precision=precision)
    assert not np.array_equal(model.trainable_variables[0], plain.trainable_variables[0])
    assert averages[0].val_loss != scores[0].val_loss


def test_an_optimizer_that_gathers_gradients_still_does_inside_one_that_scales(configure: Callable) -> None:
    gathering = configure(
        optimizer=Component(kind="sgd", arguments={"learning_rate": 0.1, "gradient_accumulation_steps": 2})
    )
    model = compiled(gathering, (6, 6, 1), 3, n_train=40, epochs=1, precision="mixed_float16")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.dynamic_scale.assign(8.0)  # at which no step is skipped
    images, labels = np.arange(36.0).reshape(1, 6, 6, 1), np.zeros(1)
    biases = []
    for _ in range(4):
        biases.append(model.get_layer("output").bias.numpy())
        model.train_on_batch(images, labels)
    assert [np.array_equal(a, b) for a, b in pairwise(biases)] == [True, False, True]


def test_the_winner_of_a_mixed_study_is_saved_in_single_precision_and_judged_as_saved(
    winner: Retrain, stripes: tuple[Images, Images]
) -> None:
    retrain(replace(winner, precision="mixed_bfloat16"), lambda _: None, lambda: False)
    saved = keras.models.load_model(Path(winner.folder) / "model.keras")
    assert {layer.dtype_policy.name for layer in saved.layers} == {"float32"}
    recorded = np.load(Path(winner.folder) / "predictions.npz")["probabilities"]
    assert np.array_equal(saved.predict_on_batch(stripes[1].images.astype(np.float32)), recorded)


def test_folds_are_trained_by_the_policy_too(stripes: tuple[Images, Images]) -> None:
    text = "name: tiny\nlayers: [flatten]\ntraining: {optimizer: adam, batch_size: 20, epochs: 1}\n"
    classifier = SpaceClassifier(
        SearchSpace.parse(text, "tiny.yaml"), (6, 6, 1), 3, random_state=0, precision="mixed_bfloat16"
    )
    fitted = classifier.fit(stripes[0].images, stripes[0].labels)
    assert fitted.model_.get_layer("flatten").compute_dtype == "bfloat16"
    assert fitted.predict_proba(stripes[1].images).dtype == np.float32
