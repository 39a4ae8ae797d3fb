from __future__ import annotations

import time
from pathlib import Path

import pytest

from tuner.data import class_counts, find, split
from tuner.data.places import SYSTEM_FOLDERS, keras_folder, look
from tuner.data.sets.fashion_mnist import CARD
from tuner.errors import DataError

FOLDERS = (
    *(Path(folder) / "datasets" / "fashion-mnist" for folder in SYSTEM_FOLDERS.split(":")),
    keras_folder({}) / "fashion-mnist",
)
HERE = next((folder for folder in FOLDERS if not isinstance(look(folder, CARD), str)), None)

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(HERE is None, reason="Fashion-MNIST is not on this machine"),
]


def test_fashion_mnist_as_installed_is_fashion_mnist_as_published(environ: dict[str, str]) -> None:
    found = find("fashion-mnist", data=HERE, environ=environ)
    assert found.note == ""
    assert (found.n_train, found.n_test, found.image_shape) == (60_000, 10_000, (28, 28, 1))
    assert found.fingerprint == "6aa89e49f20bfb9cc6c5ce094b260c3c1b550fd70a2e022714efd52518d361d0"
    assert class_counts(found.train()[1], 10) == (6_000,) * 10
    assert class_counts(found.test()[1], 10) == (1_000,) * 10


def test_fashion_mnist_once_prepared_opens_and_splits_at_once(environ: dict[str, str]) -> None:
    find("fashion-mnist", data=HERE, environ=environ)
    started = time.perf_counter()
    found = find("fashion-mnist", data=HERE, environ=environ)
    assert time.perf_counter() - started < 0.2
    made = split(found.train()[1], validation=0.1, seed=0)
    assert time.perf_counter() - started < 1
    assert (len(made.train), len(made.validation)) == (54_000, 6_000)


def test_fashion_mnist_given_as_mnist_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(DataError, match=r"train-images.*: holds the training images of Fashion-MNIST, not of MNIST"):
        find("mnist", data=HERE, environ=environ)
