"""What the time for one image is, and when it is measured."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from search_spaces import Configuration
from tuner import models
from tuner.messages import Train
from tuner.training.fit import Images
from tuner.training.jobs import train_trial
from tuner.training.latency import N_CALLS, N_CALLS_AT_LEAST, latency


class Clock:
    """Each look at it takes the next of these seconds, the last one again and again."""

    def __init__(self, *seconds: float) -> None:
        self.looks = 0
        self._now = 0.0
        self._steps: Iterator[float] = iter(seconds)
        self._step = 0.0

    def __call__(self) -> float:
        self.looks += 1
        self._step = next(self._steps, self._step)
        self._now += self._step
        return self._now


@pytest.fixture(scope="module")
def model(configure: Callable[..., Configuration]) -> object:
    return models.build(configure(), (6, 6, 1), 3)


def test_a_few_calls_that_the_system_held_up_do_not_count(model: object) -> None:
    held_up = [0.1, 0.002, 0.5, 0.002, 0.3, 0.002, 0.4]
    assert latency(model, Clock(*held_up, 0.002)) == 2.0


def test_a_quick_model_is_called_often_and_a_slow_one_a_few_times(model: object) -> None:
    quick, slow = Clock(1e-5), Clock(5.0)
    latency(model, quick)
    latency(model, slow)
    assert quick.looks > 2 * N_CALLS
    assert slow.looks == 1 + 2 * N_CALLS_AT_LEAST + 1


def test_it_is_the_time_of_a_call_that_neither_traces_nor_compiles(model: object) -> None:
    assert 0 < latency(model) < 50


@pytest.mark.parametrize("asked", [True, False])
def test_a_trial_is_measured_at_its_end_where_latency_is_sought(
    asked: bool, tmp_path: Path, configure: Callable[..., Configuration], stripes: tuple[Images, Images]
) -> None:
    images = np.concatenate([part.images for part in stripes])
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", np.concatenate([part.labels for part in stripes]))
    np.savez(tmp_path / "split.npz", train=np.arange(50), validation=np.arange(50, 80))
    job = Train(
        job=0,
        configuration=dict(configure().to_json()),
        images=str(tmp_path / "images.npy"),
        labels=str(tmp_path / "labels.npy"),
        split=str(tmp_path / "split.npz"),
        n_classes=3,
        epochs=1,
        horizon=1,
        seed=0,
        checkpoints=str(tmp_path / "checkpoints"),
        start=None,
        identity="a",
        latency=asked,
    )
    measured = train_trial(job, lambda _: None, lambda: False)
    assert (measured is not None) == asked
