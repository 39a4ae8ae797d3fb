"""What a search would cost, held to hand-computed cases and to what trainings were measured to take."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from search_spaces import SearchSpace
from tuner.planning import (
    Hindrance,
    Images,
    Setting,
    Span,
    Speed,
    Work,
    duration,
    epoch_seconds,
    forecast,
    look_at,
    measure_speed,
    memory,
    slots_of,
    training_memory,
    trial_seconds,
    work_of,
)

WORK = Work(
    n_train=900,
    n_validation=100,
    image_values=64,
    batch_size=100,
    epochs=10,
    n_layers=3,
    parameters=1_000,
    multiply_adds=5_000,
    activations=300,
    largest_activation=200,
    slots=2,
)
SPEED = Speed(multiply_adds=56e9, bytes=44e9, cores=2)
FASHION = Images(shape=(28, 28, 1), n_classes=10, n_train=51_000, n_validation=9_000)
DIGITS = Images(shape=(8, 8, 1), n_classes=10, n_train=1_221, n_validation=216)
SPACE = """
name: tiny
layers:
  - conv2d: {filters: {choice: [4, 8, 16]}, kernel_size: {choice: [3, 5, 9]}}
  - flatten
training: {optimizer: adam, batch_size: {choice: [32, 64]}, epochs: 10}
limits: {parameters: 5_000}
forbid: [conv2d.kernel_size == 5 and training.batch_size == 64]
"""
TINY = SearchSpace.parse(SPACE, "tiny.yaml")


def setting(images: Images = DIGITS, **changes: object) -> Setting:
    return replace(Setting(space=TINY, images=images, epochs=None, speed=SPEED), **changes)  # type: ignore[arg-type]


def middle(span: Span) -> float:
    return float((span.low * span.high) ** 0.5)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_memory_is_the_sum_that_a_hand_makes() -> None:
    process = (710 + 3 * 2) * 2**20
    images = 3 * 1_000 * 64
    weights = 2.7 * 4 * 1_000 * 4
    step = 4 * 100 * (0.8 * 300 + 2.7 * 200)
    evaluation = 4 * 100 * 4.2 * 200
    assert evaluation > step
    assert training_memory(WORK) == round(process + images + weights + evaluation)
    large = replace(WORK, batch_size=900)
    assert training_memory(large) == round(process + images + weights + 9 * step)


@pytest.mark.parametrize("name", ["n_train", "n_layers", "parameters", "slots", "image_values", "largest_activation"])
def test_more_of_anything_takes_more_memory(name: str) -> None:
    assert training_memory(replace(WORK, **{name: 2 * getattr(WORK, name)})) > training_memory(WORK)


MEASURED = [
    # train, validation, batch, layers, parameters, multiply-adds, activations, largest, slots, MiB, processor seconds
    ("mlp_v1", 2550, 450, 128, 6, 118_282, 118_016, 1_306, 784, 2, 752, 0.10),
    ("wide perceptron", 2550, 450, 128, 4, 5_824_522, 5_820_416, 4_890, 2_048, 2, 967, 2.06),
    ("cnn_v4 of 64", 2550, 450, 64, 17, 120_234, 3_616_512, 53_258, 25_088, 2, 835, 1.08),
    ("cnn_v4 of 256", 2550, 450, 256, 17, 120_234, 3_616_512, 53_258, 25_088, 2, 890, 1.08),
    ("two blocks of 64 filters", 1700, 300, 128, 9, 514_250, 44_206_336, 144_394, 50_176, 2, 1003, 5.20),
    ("two blocks in batches of 512", 1700, 300, 512, 9, 514_250, 44_206_336, 144_394, 50_176, 2, 1238, 4.92),
    ("residual blocks", 1700, 300, 128, 27, 56_714, 19_192_640, 263_754, 25_088, 2, 903, 3.58),
    ("all of Fashion-MNIST", 51000, 9000, 128, 6, 118_282, 118_016, 1_306, 784, 2, 878, 1.12),
]
"""Of the trainings that the constants were fitted to; one epoch, as `tuner.planning.memory` tells."""


@pytest.mark.parametrize("row", MEASURED, ids=[row[0] for row in MEASURED])
def test_estimates_stay_near_what_was_measured(row: tuple[str, *tuple[float, ...]]) -> None:
    _, n_train, n_validation, batch, layers, parameters, adds, activations, largest, slots, mebibytes, seconds = row
    work = Work(
        n_train=int(n_train),
        n_validation=int(n_validation),
        image_values=784,
        batch_size=int(batch),
        epochs=1,
        n_layers=int(layers),
        parameters=int(parameters),
        multiply_adds=int(adds),
        activations=int(activations),
        largest_activation=int(largest),
        slots=int(slots),
    )
    assert training_memory(work) / 2**20 == pytest.approx(mebibytes, rel=0.06)
    one_core = middle(epoch_seconds(work, replace(SPEED, cores=1)))
    # Between its epochs a training waits for the disk, which takes no processor time.
    assert one_core - duration.EPOCH + 0.035 == pytest.approx(seconds, rel=0.25)


def test_a_real_training_takes_about_the_estimated_memory(home: Path) -> None:
    code = """
import json, sys
from search_spaces import SearchSpace
from tuner.data import find
from tuner.machine import peak_memory
from tuner.training.fit import Images, train
from tuner.training.pipeline import EVALUATION_BATCH
images, labels = find("digits").train()
parts = [Images(images=images[a:b], labels=labels[a:b], n_classes=10) for a, b in ((0, 1000), (1000, 1400))]
configuration = SearchSpace.parse(sys.argv[1], "tiny.yaml").default()
train(configuration, *parts, epochs=1, seed=0)
print(json.dumps([peak_memory(), EVALUATION_BATCH]))
"""
    done = subprocess.run([sys.executable, "-c", code, SPACE], capture_output=True, text=True, timeout=240, check=True)
    peak, batch = json.loads(done.stdout.splitlines()[-1])
    images = Images(shape=(8, 8, 1), n_classes=10, n_train=1_000, n_validation=400)
    case = look_at("default", TINY.default(), setting(images))
    assert case.cost is not None
    assert 1 / 1.4 < peak / case.cost.memory < 1.4
    assert batch == memory.EVALUATION_BATCH


# --- time -------------------------------------------------------------------------------------------------------------


def test_an_epoch_takes_the_sum_that_a_hand_makes() -> None:
    images = 3 * 900 + 100
    shared = 1.02 * images * 5_000 / 56e9 + 14 * images * 300 * 4 / 44e9 + 21 * 9 * 1_000 * 4 * 4 / 44e9
    seconds = 0.08 + 9 * 3 * 34e-6 + shared / 2**0.6
    span = epoch_seconds(WORK, SPEED)
    assert middle(span) == pytest.approx(seconds)
    assert span.high / span.low == pytest.approx(1.32**2)


def test_a_trial_is_its_epochs_and_its_start() -> None:
    epoch, trial = epoch_seconds(WORK, SPEED), trial_seconds(WORK, SPEED)
    assert trial.low == pytest.approx(10 * epoch.low + (0.7 + 3 * 0.12) / 1.32)
    assert trial.high == pytest.approx(10 * epoch.high + (0.7 + 3 * 0.12) * 1.32)


@pytest.mark.parametrize("name", ["n_train", "n_validation", "n_layers", "parameters", "multiply_adds", "activations"])
def test_more_of_anything_takes_longer(name: str) -> None:
    more = epoch_seconds(replace(WORK, **{name: 2 * getattr(WORK, name)}), SPEED)
    assert more.low > epoch_seconds(WORK, SPEED).low


def test_larger_batches_and_more_cores_are_quicker_and_many_cores_less_sure() -> None:
    span = epoch_seconds(WORK, SPEED)
    assert epoch_seconds(replace(WORK, batch_size=300), SPEED).high < span.high
    many = epoch_seconds(WORK, replace(SPEED, cores=16))
    assert many.low < span.low
    assert many.high / many.low > span.high / span.low


def test_the_speed_of_this_machine_is_a_speed() -> None:
    speed = measure_speed(0.001)
    assert speed.cores >= 1
    assert 1e7 < speed.multiply_adds < 1e13
    assert 1e7 < speed.bytes < 1e13


# --- configurations ---------------------------------------------------------------------------------------------------


def test_the_work_of_the_published_preset_is_known() -> None:
    space = SearchSpace.load("cnn_v4")
    case = look_at("published", space.preset("published"), setting(FASHION, space=space))
    assert case.summary is not None
    work = work_of(case.configuration, case.summary, FASHION, epochs=3)
    assert (work.parameters, work.multiply_adds, work.largest_activation) == (120_234, 3_616_512, 28 * 28 * 32)
    assert (work.steps, work.epochs, work.slots) == (399, 3, 2)


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        ("adam", 2),
        ("sgd", 0),
        ("{sgd: {momentum: 0.9}}", 1),
        ("{adam: {amsgrad: true}}", 3),
        ("{rmsprop: {momentum: 0.5, centered: true}}", 3),
        ("lion", 1),
    ],
)
def test_optimizers_keep_as_many_arrays_as_they_do(optimizer: str, slots: int) -> None:
    text = f"name: x\nlayers: [flatten]\ntraining: {{optimizer: {optimizer}, batch_size: 32, epochs: 1}}"
    assert slots_of(SearchSpace.parse(text, "x.yaml").default().training) == slots


@pytest.mark.parametrize(
    ("values", "hindrance", "said"),
    [
        ({"conv2d.kernel_size": 5}, None, ""),
        ({"conv2d.kernel_size": 5, "training.batch_size": 64}, Hindrance.FORBIDDEN, "forbidden: "),
        ({"conv2d.kernel_size": 9}, Hindrance.UNBUILDABLE, "does not fit the 8 x 8 input"),
        (
            {"conv2d.filters": 16},
            Hindrance.OVER_LIMIT,
            "5,930 parameters are more than the limit of 5,000",
        ),
    ],
)
def test_what_stands_in_the_way_of_a_configuration_is_told(
    values: dict[str, object], hindrance: Hindrance | None, said: str
) -> None:
    case = look_at("this one", TINY.check_values(values), setting())
    assert case.hindrance is hindrance
    assert said in case.problem
    assert (case.cost is None) == (hindrance is not None)


def test_draws_add_up_and_the_search_is_their_average_cost() -> None:
    found = forecast(setting(), samples=3, trials=20, seed=0)
    draws = found.draws
    assert draws.n_trainable + sum(each.n for each in draws.hindered) == draws.n == 200
    assert {each.hindrance for each in draws.hindered} == set(Hindrance)
    assert [case.name for case in found.cases] == ["default", "sample 1", "sample 2", "sample 3"]
    assert draws.trial is not None
    assert found.search == draws.trial * 20
    assert found.problem == ""


def test_the_same_seed_gives_the_same_forecast_and_another_does_not() -> None:
    first, again, other = (forecast(setting(), samples=3, trials=20, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [case.configuration for case in first.samples] != [case.configuration for case in other.samples]


def test_nothing_is_estimated_without_a_speed() -> None:
    found = forecast(setting(speed=None), samples=1, trials=20, seed=0)
    assert found.search is None
    assert {case.cost for case in found.cases} == {None}
    assert found.draws.n_trainable > 0


def test_a_space_that_does_not_fit_says_why() -> None:
    small = Images(shape=(2, 2, 1), n_classes=10, n_train=100, n_validation=20)
    found = forecast(setting(small), samples=1, trials=20, seed=0)
    assert "does not fit the 2 x 2 input" in found.problem
    assert found.search is None


def test_two_trials_at_once_on_the_same_cores_end_no_sooner_than_one_after_the_other() -> None:
    alone = forecast(setting(), samples=1, trials=10, seed=0).search
    beside = forecast(setting(at_once=2), samples=1, trials=10, seed=0).search
    measured = forecast(setting(at_once=2, gain=1.6), samples=1, trials=10, seed=0).search
    assert alone is not None
    assert beside is not None
    assert measured is not None
    assert beside.low == pytest.approx(alone.low)
    assert measured.high == pytest.approx(alone.high / 1.6)
