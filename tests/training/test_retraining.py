"""The winner's file: it opens where nothing of this program is, and predicts what was recorded."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tuner.messages import Retrain, decode, encode
from tuner.training.fit import Course, Images, train
from tuner.training.jobs import retrain
from tuner.trial import Epoch, epoch_of

OPEN_ELSEWHERE = """
import sys
for name in ("tuner", "search_spaces"):
    sys.modules[name] = None  # importing it is an error from here on
import keras, numpy as np
folder, images = sys.argv[1:]
model = keras.models.load_model(folder + "/model.keras")
assert not model.compiled
recorded = np.load(folder + "/predictions.npz")["probabilities"]
assert np.abs(model.predict_on_batch(np.load(images).astype("float32")) - recorded).max() < 1e-6
print("the same")
"""


@pytest.fixture
def job(component: Callable, configure: Callable, stripes: tuple[Images, Images], tmp_path: Path) -> Retrain:
    images, tests = stripes
    for name, value in (("x", images.images), ("y", images.labels), ("tx", tests.images), ("ty", tests.labels)):
        np.save(tmp_path / f"{name}.npy", value)
    np.savez(tmp_path / "split.npz", train=np.arange(40), validation=np.arange(40, 50))
    configuration = configure(
        schedule=component("one_cycle"), averaging=component("swa", start=0.25), augmentation=(component("mixup"),)
    )
    paths = {"images": "x", "labels": "y", "test_images": "tx", "test_labels": "ty"}
    return Retrain(
        job=4,
        configuration=configuration.to_json(),
        split=str(tmp_path / "split.npz"),
        n_classes=3,
        epochs=3,
        horizon=8,
        curve=(Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=1.1, learning_rate=0.1),),
        seed=2,
        folder=str(tmp_path / "best"),
        facts={"trial": 4},
        **{name: str(tmp_path / f"{file}.npy") for name, file in paths.items()},
    )


def test_the_saved_model_opens_without_this_program_and_predicts_what_was_recorded(
    job: Retrain, configure: Callable, component: Callable, stripes: tuple[Images, Images]
) -> None:
    told: list[Epoch] = []
    retrain(job, told.append, lambda: False)
    opened = subprocess.run(
        [sys.executable, "-c", OPEN_ELSEWHERE, job.folder, job.test_images],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert opened.stdout.strip() == "the same", opened.stderr
    # It holds the averages of epoch 3, the first after a quarter of the 8 of its trial, and has that epoch's rate.
    configuration = configure(
        schedule=component("one_cycle"), averaging=component("swa", start=0.25), augmentation=(component("mixup"),)
    )
    quiet = {"epochs": 3, "seed": 2, "on_epoch": lambda _epoch: None, "should_stop": lambda: False}
    model, curve = train(configuration, stripes[0], Course(horizon=8), **quiet)
    recorded = np.load(Path(job.folder) / "predictions.npz")["probabilities"]
    assert model.predict_on_batch(stripes[1].images.astype(np.float32)) == pytest.approx(recorded, abs=1e-6)
    assert [epoch.learning_rate for epoch in told] == [epoch.learning_rate for epoch in curve]
    assert told[-1].learning_rate == pytest.approx(0.00966, rel=0.001)  # 9 of 24 steps: just past the top


def test_the_order_survives_the_pipe_with_the_curve_of_its_trial(job: Retrain) -> None:
    assert decode(encode(job)) == job


def test_rows_of_a_curve_from_before_learning_rates_were_kept_can_be_read() -> None:
    assert epoch_of([2, 0.5, 1.0, 0.4, 1.1, 3.0]) == Epoch(
        epoch=2, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=1.1, seconds=3.0
    )
