from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.data.preparing import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from tests.data.conftest import Made
    from tuner.data import ImageData


def assert_same(found: ImageData, made: Made) -> None:
    images, labels = found.train()
    test_images, test_labels = found.test()
    np.testing.assert_array_equal(images, made.arrays["train_images"])
    np.testing.assert_array_equal(labels, made.arrays["train_labels"])
    np.testing.assert_array_equal(test_images, made.arrays["test_images"])
    np.testing.assert_array_equal(test_labels, made.arrays["test_labels"])
    assert {images.dtype, labels.dtype, test_images.dtype, test_labels.dtype} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dotted", [True, False])
def test_idx_files_are_read_in_each_of_their_spellings(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path, zipped: bool, dotted: bool
) -> None:
    found = search(grey.card, grey.idx(tmp_path / "mine", zipped=zipped, dotted=dotted))
    assert_same(found, grey)
    assert (found.n_train, found.n_test, found.image_shape) == (40, 20, (28, 28, 1))
    assert found.source == f"{tmp_path / 'mine'} (--data)"


def test_a_file_named_gz_that_was_unpacked_on_the_way_is_read(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    folder = grey.idx(tmp_path / "mine", zipped=False)
    for path in list(folder.iterdir()):
        path.rename(f"{path}.gz")
    assert_same(search(grey.card, folder), grey)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {},
        lambda arrays: {"x_train": arrays["train_images"][..., 0]},
        lambda arrays: {"x_train": arrays["train_images"].reshape(40, 784)},
        lambda arrays: {"x_train": arrays["train_images"].astype(np.int32)},
        lambda arrays: {"y_train": arrays["train_labels"].astype(np.int64)},
        lambda arrays: {"y_train": arrays["train_labels"].reshape(40, 1)},
        lambda arrays: {"y_train": arrays["train_labels"].astype(">i2")},
        lambda arrays: {"something_else": np.zeros(3)},
    ],
    ids=["plain", "no channel", "flat", "int32 pixels", "int64 labels", "column of labels", "big-endian", "more keys"],
)
def test_an_npz_is_read_in_each_of_its_spellings(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path, change: Callable[..., Any]
) -> None:
    assert_same(search(grey.card, grey.npz(tmp_path / "a.npz", **change(grey.arrays))), grey)


def test_a_folder_with_one_npz_of_any_name_will_do(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    grey.npz(tmp_path / "mine" / "whatever.npz")
    assert_same(search(grey.card, tmp_path / "mine"), grey)


def test_a_set_larger_than_one_piece_is_read_whole(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    large = grey.with_arrays(
        train_images=np.tile(grey.arrays["train_images"], (300, 1, 1, 1)),
        train_labels=np.tile(grey.arrays["train_labels"], 300),
    )
    found = search(grey.card, large.idx(tmp_path / "mine"))
    assert found.n_train == 12_000
    assert_same(found, large)


def test_the_fingerprint_does_not_depend_on_the_file_format(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    idx = search(grey.card, grey.idx(tmp_path / "a"))
    npz = search(grey.card, grey.npz(tmp_path / "b.npz"))
    assert idx.folder != npz.folder
    assert idx.fingerprint == npz.fingerprint


@pytest.mark.parametrize("name", ["train_images", "train_labels", "test_images", "test_labels"])
def test_the_fingerprint_changes_with_every_array(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path, name: str
) -> None:
    before = search(grey.card, grey.npz(tmp_path / "a.npz"))
    changed = grey.arrays[name].copy()
    changed.flat[0] = (int(changed.flat[0]) + 1) % 10
    after = search(grey.card, grey.with_arrays(**{name: changed}).npz(tmp_path / "b.npz"))
    assert before.fingerprint != after.fingerprint


def test_the_fingerprint_is_what_its_definition_says() -> None:
    shapes = dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels"), ((1,), "ab"))
    assert fingerprint(shapes) == "d0aeef9781b7d0dfb7517c35ea57f0a4f906cfd2204abeabcd6836b9d1998c3f"


def test_files_changed_by_the_user_are_prepared_beside_the_old_ones(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    path = grey.npz(tmp_path / "mine.npz")
    before = search(grey.card, path)
    changed = grey.with_arrays(train_labels=grey.arrays["train_labels"][::-1])
    changed.npz(path)
    os.utime(path, (1, 1))
    assert_same(search(grey.card, path), changed)
    assert_same(before, grey)
