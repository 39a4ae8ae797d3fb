"""The winner's file: it opens where nothing of this program is, and predicts what was recorded."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tuner.errors import DataError
from tuner.messages import Retrain, decode, encode
from tuner.training.fit import Course, Images, Stopped, train
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


def test_the_saved_model_opens_without_this_program_and_predicts_what_was_recorded(
    winner: Retrain, configure: Callable, component: Callable, stripes: tuple[Images, Images]
) -> None:
    told: list[Epoch] = []
    retrain(winner, told.append, lambda: False)
    opened = subprocess.run(
        [sys.executable, "-c", OPEN_ELSEWHERE, winner.folder, winner.test_images],
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
    model, curve = train(configuration, stripes[0], Course(horizon=8), epochs=3, seed=2)
    recorded = np.load(Path(winner.folder) / "predictions.npz")["probabilities"]
    predicted = keras.ops.softmax(model.predict_on_batch(stripes[1].images.astype(np.float32)))
    assert np.asarray(predicted) == pytest.approx(recorded, abs=1e-6)
    assert [epoch.learning_rate for epoch in told] == [epoch.learning_rate for epoch in curve]
    assert told[-1].learning_rate == pytest.approx(0.00966, rel=0.001)  # 9 of 24 steps: just past the top


def test_a_retraining_that_is_cut_off_goes_on_from_its_last_epoch_to_the_same_model(
    winner: Retrain, tmp_path: Path
) -> None:
    undisturbed = replace(winner, folder=str(tmp_path / "whole"), checkpoints=str(tmp_path / "others"))
    retrain(undisturbed, lambda _: None, lambda: False)
    told: list[int] = []
    with pytest.raises(Stopped):
        retrain(winner, lambda epoch: told.append(epoch.epoch), lambda: bool(told))
    assert not Path(winner.folder).exists()
    retrain(winner, lambda epoch: told.append(epoch.epoch), lambda: False)
    assert told == [1, 1, 2, 3]  # the first of it is told again, from the checkpoint
    predictions = [np.load(Path(job.folder) / "predictions.npz")["probabilities"] for job in (undisturbed, winner)]
    assert np.array_equal(*predictions)


def test_a_damaged_test_set_is_not_scored(winner: Retrain) -> None:
    path = Path(winner.test_labels)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ty\.npy: damaged: its checksum is not the prepared one"):
        retrain(winner, lambda _: None, lambda: False)
    assert not Path(winner.folder).exists()


def test_the_order_survives_the_pipe_with_the_curve_of_its_trial(winner: Retrain) -> None:
    assert decode(encode(winner)) == winner


def test_rows_of_a_curve_from_before_learning_rates_were_kept_can_be_read() -> None:
    assert epoch_of([2, 0.5, 1.0, 0.4, 1.1, 3.0]) == Epoch(
        epoch=2, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=1.1, seconds=3.0
    )
