"""Every setting, killed in the middle and taken up: the end must be the same to the last bit."""

import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from search_spaces import Component
from search_spaces.components import AUGMENTATIONS, AVERAGINGS, SCHEDULES
from search_spaces.keras_table import keras_table
from tuner import models
from tuner.plan import PRECISIONS
from tuner.training.fit import Checkpointing, Images, Supervision, train
from tuner.trial import Epoch

N_CASES = len(SCHEDULES)
CASES = [
    *(
        ("float32", kind, list(AVERAGINGS)[i % len(AVERAGINGS)], list(AUGMENTATIONS)[i::N_CASES])
        for i, kind in enumerate(SCHEDULES)
    ),
    ("mixed_bfloat16", "cosine", "ema", ["brightness"]),
    # What scales the loss stands around the optimizer: its own state, and a way to each average through it.
    ("mixed_float16", "one_cycle", "none", ["rotate"]),
    ("mixed_float16", "plateau", "ema", []),
    ("mixed_float16", "linear", "swa", ["mixup"]),
]


def test_the_cases_leave_nothing_out() -> None:
    assert {case[0] for case in CASES} == set(PRECISIONS)
    assert {case[1] for case in CASES} == set(SCHEDULES)
    assert {case[2] for case in CASES} == {case[2] for case in CASES if case[0] == "mixed_float16"} == set(AVERAGINGS)
    assert {kind for case in CASES for kind in case[3]} == set(AUGMENTATIONS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_six_epochs_at_once_end_as_three_and_three_after_a_kill(
    component: Callable,
    configure: Callable,
    stripes: tuple[Images, Images],
    tmp_path: Path,
    case: tuple[str, str, str, list[str]],
) -> None:
    precision, schedule, averaging, augmentation = case
    arguments = {"learning_rate": 0.01, "gradient_accumulation_steps": 2 if precision == "mixed_float16" else None}
    configuration = configure(
        optimizer=Component(kind="adam", arguments=arguments),
        schedule=component(schedule, warmup=0.2),
        averaging=component(averaging, **({"start": 0.1} if averaging == "swa" else {})),  # before the kill
        augmentation=tuple(component(kind) for kind in augmentation),
        class_weights="balanced",
    )

    def run(folder: Path, on_epoch: Callable[[Epoch], None]) -> tuple[list[np.ndarray], list[tuple[float, ...]]]:
        watched = Supervision(checkpointing=Checkpointing(folder=folder, identity="a"), on_epoch=on_epoch)
        model, curve = train(configuration, *stripes, epochs=6, seed=1, precision=precision, supervision=watched)
        state = [*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables)]
        return state, [(e.loss, e.val_loss or 0.0, e.learning_rate or 0.0) for e in curve]

    def killed(epoch: Epoch) -> None:
        if epoch.epoch == 3:  # all that a kill would leave
            shutil.copytree(tmp_path / "whole", tmp_path / "killed")

    state, curve = run(tmp_path / "whole", killed)
    told: list[int] = []
    resumed, resumed_curve = run(tmp_path / "killed", lambda epoch: told.append(epoch.epoch))
    assert told == [1, 2, 3, 4, 5, 6]
    assert resumed_curve == curve
    assert all(np.array_equal(a, b) for a, b in zip(state, resumed, strict=True))


@pytest.mark.parametrize("optimizer", keras_table().optimizers)
def test_the_variables_of_every_optimizer_are_all_of_its_memory(optimizer: str) -> None:
    part = Component(kind=optimizer, arguments={"gradient_accumulation_steps": 2, "use_ema": True})
    gradients = [np.full((3, 2), value, np.float32) for value in (0.5, -1.0, 2.0, 0.1, 0.7)]

    def stepped(weight: object, made: object, some: list[np.ndarray]) -> np.ndarray:
        for gradient in some:
            made.apply([gradient], [weight])  # type: ignore[attr-defined]
        return np.array(weight.numpy())

    one, other = (models.build_optimizer(part) for _ in range(2))
    weight = keras.Variable(np.ones((3, 2)))
    one.build([weight])
    stepped(weight, one, gradients[:3])
    copy = keras.Variable(np.array(weight.numpy()))
    other.build([copy])
    for theirs, ours in zip(other.variables, one.variables, strict=True):
        theirs.assign(ours.numpy())
    assert np.array_equal(stepped(copy, other, gradients[3:]), stepped(weight, one, gradients[3:]))
