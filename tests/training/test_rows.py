"""Images that do not fit into memory are read from their file while others train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search_spaces import SearchSpace
from tuner.training.fit import Images, train
from tuner.training.pipeline import TrainingImages, evaluation_batches
from tuner.training.preparation import preparation
from tuner.training.rows import FileRows, taken

N, SHAPE = 300, (8, 8, 3)
ROWS = np.arange(0, N, 2)

SPACE = """
name: small
layers: [{conv2d: {filters: 4, kernel_size: 3}}, batch_normalization, flatten, {dropout: {rate: 0.2}}]
training:
  optimizer: {adam: {learning_rate: 0.01}}
  batch_size: 16
  epochs: 2
  augmentation: [flip]
  averaging: {swa: {start: 0.5}}
"""


@pytest.fixture
def file(tmp_path: Path) -> np.ndarray:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (N, *SHAPE), np.uint8))
    return np.load(path, mmap_mode="r")


def labelled(images: np.ndarray | FileRows) -> Images:
    return Images(images=images, labels=ROWS % 3, n_classes=3)


def test_images_are_held_where_they_fit_into_free_memory_and_read_where_they_do_not(file: np.ndarray) -> None:
    size = len(ROWS) * file[:1].nbytes
    held, read = (taken(file, ROWS, free=free) for free in (6 * size, 5 * size))
    assert isinstance(held, np.ndarray)
    assert isinstance(read, FileRows)
    assert read.shape == held.shape == (150, *SHAPE)
    np.testing.assert_array_equal(read[np.array([3, 0, 149])], held[[3, 0, 149]])


def test_the_batches_are_the_same_wherever_the_images_are(file: np.ndarray) -> None:
    settings = SearchSpace.parse(SPACE, "small.yaml").default().training
    sides = []
    for images in (file[ROWS], FileRows(file, ROWS)):
        prepare = preparation(settings, ROWS % 3, 3)
        batches = TrainingImages(images, ROWS % 3, batch_size=16, seed=1, prepare=prepare)
        batches.shuffle(4)
        sides.append([each.numpy() for batch in batches.dataset for each in batch])
        sides[-1] += [each.numpy() for batch in evaluation_batches(images, ROWS % 3) for each in batch]
    for held, read in zip(*sides, strict=True):
        np.testing.assert_array_equal(held, read)


def test_a_model_trained_from_a_file_is_the_one_trained_from_memory(file: np.ndarray) -> None:
    made = SearchSpace.parse(SPACE, "small.yaml").default()
    curves = []
    for images in (file[ROWS], FileRows(file, ROWS)):
        _, curve = train(made, labelled(images), labelled(images), epochs=2, seed=3)
        curves.append([(epoch.loss, epoch.val_loss, epoch.val_accuracy) for epoch in curve])
    np.testing.assert_allclose(*curves, rtol=1e-4)


def test_reading_holds_no_more_of_the_file_than_a_batch(file: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    most: list[int] = []
    read = FileRows.__getitem__

    def noted(self: FileRows, places: np.ndarray | slice) -> np.ndarray:
        found = read(self, places)
        most.append(len(found))
        return found

    monkeypatch.setattr(FileRows, "__getitem__", noted)
    batches = TrainingImages(FileRows(file, ROWS), ROWS % 3, batch_size=16, seed=1)
    assert sum(len(labels) for _, labels in batches.dataset) == len(ROWS)
    assert max(most) == 16
