"""The learning rate of each step, against formulas written down a second time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import Component, EarlyStopping
from search_spaces.components import SCHEDULES
from search_spaces.keras_table import keras_table
from tuner import models
from tuner.training import compiling, plateaus
from tuner.training.fit import Checkpointing, Course, Supervision, train
from tuner.training.pipeline import TrainingImages
from tuner.training.schedules import schedule
from tuner.trial import Epoch

N_STEPS = 40
PEAK = 0.2


def half_cosine(begin: float, end: float, p: float) -> float:
    return begin + (end - begin) * (1 - math.cos(math.pi * p)) / 2


RATES: dict[str, Callable[[float], float]] = {
    "constant": lambda p: PEAK,
    "linear": lambda p: PEAK * ((1 - p) + p * 0.1),
    "cosine": lambda p: half_cosine(PEAK, PEAK * 0.1, p),
    "exponential": lambda p: PEAK * math.exp(p * math.log(0.1)),
    "one_cycle": lambda p: half_cosine(PEAK, PEAK * 0.1, p),
    "plateau": lambda p: PEAK,
}


def expected(kind: str, step: int, warmup: int) -> float:
    if step < warmup:
        return half_cosine(PEAK * 0.04, PEAK, step / warmup) if kind == "one_cycle" else PEAK * (step + 1) / warmup
    return RATES[kind](min(1.0, (step - warmup) / (N_STEPS - warmup)))


def named(component: Callable[..., Component], kind: str, warmup: float) -> Component:
    ends = {"end": 0.1} if "end" in SCHEDULES[kind].arguments else {}
    return component(kind, warmup=warmup, **ends)


@pytest.mark.parametrize("warmup", [0, 8])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_step_has_the_rate_of_the_formula_and_those_beyond_the_last_its_end(
    component: Callable[..., Component], configure: Callable, kind: str, warmup: int
) -> None:
    sgd = Component(kind="sgd", arguments={"learning_rate": PEAK})
    training = configure(optimizer=sgd, schedule=named(component, kind, warmup / N_STEPS)).training
    made = schedule(training, N_STEPS)
    steps = range(N_STEPS + 10)
    told = [PEAK if made is None else float(made(step)) for step in steps]
    assert told == pytest.approx([expected(kind, step, warmup) for step in steps], rel=1e-6)


@pytest.mark.parametrize("optimizer", keras_table().optimizers)
def test_every_optimizer_steps_as_with_the_rate_of_the_schedule_set_by_hand(
    component: Callable[..., Component], configure: Callable, optimizer: str
) -> None:
    more = {"gradient_accumulation_steps": 2, "clipnorm": 0.5, "weight_decay": 0.01}
    for kind, arguments in [*((kind, {}) for kind in SCHEDULES), ("cosine", more)]:
        part = Component(kind=optimizer, arguments=arguments)
        made = schedule(configure(optimizer=part, schedule=named(component, kind, 0.25)).training, 4)
        assert made is not None
        peak = float(models.build_optimizer(part).learning_rate)  # Keras's own, not being named
        assert float(made(1)) == pytest.approx(peak)
        followed, by_hand = (models.build_optimizer(part, rate) for rate in (made, peak))
        weights = [keras.Variable([[1.0, -2.0], [0.5, 3.0]]) for _ in range(2)]
        for each, weight in zip((followed, by_hand), weights, strict=True):
            each.build([weight])
        for step in range(4):
            by_hand.learning_rate = float(made(step))
            gradient = keras.ops.convert_to_tensor([[0.1 * step, -1.0], [2.0, 0.3]])
            for each, weight in zip((followed, by_hand), weights, strict=True):
                each.apply([gradient], [weight])
        assert weights[0].numpy() == pytest.approx(weights[1].numpy(), rel=1e-6)
        assert not np.allclose(weights[0].numpy(), [[1.0, -2.0], [0.5, 3.0]], rtol=1e-7, atol=0)


def test_many_steps_in_one_call_of_the_graph_have_their_own_rates(
    component: Callable[..., Component], configure: Callable, stripes: tuple
) -> None:
    images = stripes[0]
    plain = configure(optimizer=Component(kind="sgd", arguments={"learning_rate": 0.5}))
    falling = replace(plain, training=replace(plain.training, schedule=component("cosine", warmup=0.3)))
    batches = TrainingImages(images.images, images.labels, batch_size=20, seed=0)
    batches.shuffle(0)
    keras.utils.set_random_seed(1)
    model = compiling.compiled(falling, (6, 6, 1), 3, n_train=50, epochs=2)
    model.fit(batches.dataset, epochs=2, shuffle=False, verbose=0)
    keras.utils.set_random_seed(1)
    by_hand = compiling.compiled(plain, (6, 6, 1), 3, n_train=50, epochs=2)
    for step, batch in enumerate([*batches.dataset, *batches.dataset]):
        share = (step + 1) / 2 if step < 2 else (1 + math.cos(math.pi * (step - 2) / 4)) / 2
        by_hand.optimizer.learning_rate = 0.5 * share
        by_hand.train_on_batch(*batch)
    for ours, theirs in zip(model.get_weights(), by_hand.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)


def test_a_retraining_cut_short_has_the_rates_that_its_trial_had_until_then(
    component: Callable[..., Component], configure: Callable, stripes: tuple
) -> None:
    falling = configure(schedule=component("linear"))
    trial = train(falling, *stripes, epochs=4, seed=0)[1]
    again = train(falling, stripes[0], Course(horizon=4, curve=trial), epochs=2, seed=0)[1]
    assert [epoch.learning_rate for epoch in trial] == pytest.approx([0.0075, 0.005, 0.0025, 0.0])
    assert [epoch.learning_rate for epoch in again] == [epoch.learning_rate for epoch in trial[:2]]


def test_a_plateau_lowers_the_rate_and_the_retraining_repeats_it(
    component: Callable[..., Component], configure: Callable, stripes: tuple
) -> None:
    stuck = configure(schedule=component("plateau", patience=1, factor=0.5, min_delta=1e9))
    trial = train(stuck, *stripes, epochs=4, seed=0)[1]
    # The first epoch is the best so far; each later one is no better by the min_delta, and lowers the next one's rate.
    assert [epoch.learning_rate for epoch in trial] == pytest.approx([0.01, 0.01, 0.005, 0.0025])
    better = [replace(epoch, val_loss=-1e10 * epoch.epoch) for epoch in trial]
    again = train(stuck, stripes[0], Course(horizon=4, curve=tuple(better)), epochs=3, seed=0)[1]
    assert [epoch.learning_rate for epoch in again] == pytest.approx([0.01] * 3)


def curve_of(values: Sequence[float]) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(epoch=i, accuracy=0.0, loss=0.0, val_accuracy=value, val_loss=-value)
        for i, value in enumerate(values, start=1)
    )


CURVES = st.lists(st.integers(0, 16).map(lambda n: n / 16), min_size=1, max_size=20)


class Stub:
    """What Keras's callbacks need of a model."""

    def __init__(self) -> None:
        self.optimizer = keras.optimizers.SGD(1.0)
        self.stop_training = False


@settings(max_examples=60, deadline=None)
@given(values=CURVES, patience=st.integers(1, 4), delta=st.sampled_from([0.0, 0.125]), loss=st.booleans())
def test_plateaus_and_ends_are_those_of_keras(values: list[float], patience: int, delta: float, loss: bool) -> None:
    monitor, mode = ("val_loss", "min") if loss else ("val_accuracy", "max")
    lowering = keras.callbacks.ReduceLROnPlateau(monitor, factor=0.5, patience=patience, mode=mode, min_delta=delta)
    ending = keras.callbacks.EarlyStopping(monitor, min_delta=delta, patience=patience, mode=mode)
    stub = Stub()
    for callback in (lowering, ending):
        callback.set_model(stub)
        callback.on_train_begin()
    arguments = {"factor": 0.5, "patience": patience, "min_delta": delta, "monitor": monitor}
    stopping = EarlyStopping(patience=patience, min_delta=delta, monitor=monitor)
    curve = curve_of(values)
    for epoch in curve:
        for callback in (lowering, ending):
            callback.on_epoch_end(epoch.epoch - 1, {monitor: epoch.val_loss if loss else epoch.val_accuracy})
        so_far = curve[: epoch.epoch]
        scale = plateaus.scale(Component(kind="plateau", arguments=arguments), so_far)
        assert scale == pytest.approx(float(stub.optimizer.learning_rate))
        assert plateaus.is_over(stopping, so_far) == stub.stop_training


def test_early_stopping_ends_a_trial_for_good_but_no_retraining(
    configure: Callable, stripes: tuple, tmp_path: Path
) -> None:
    stopped = configure(early_stopping=EarlyStopping(patience=2, min_delta=1e9))
    kept = Supervision(checkpointing=Checkpointing(folder=tmp_path, identity="a"))
    model, curve = train(stopped, *stripes, epochs=6, supervision=kept, seed=0)
    resumed, told = train(stopped, *stripes, epochs=6, supervision=kept, seed=0)
    assert [len(curve), len(told)] == [3, 3]
    for before, after in zip(model.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(before, after)
    assert len(train(stopped, stripes[0], Course(horizon=6), epochs=4, seed=0)[1]) == 4
