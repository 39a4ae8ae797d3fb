from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from tuner.data import class_counts, load_split, save_split, split
from tuner.errors import StudyError, UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from tuner.data import Split

LABELS = np.arange(1_000) % 10

labellings = st.lists(st.integers(2, 40), min_size=2, max_size=8).flatmap(
    lambda counts: st.permutations([label for label, n in enumerate(counts) for _ in range(n)])
)


def try_split(labels: NDArray[Any], **options: Any) -> Split | None:
    try:
        return split(labels, **options)
    except UsageError:
        return None


@settings(deadline=None)
@given(labels=labellings, validation=st.floats(0.05, 0.95), seed=st.integers(0, 2**32))
def test_a_split_uses_every_image_once_and_keeps_the_shares(labels: NDArray[Any], validation: float, seed: int) -> None:
    labels = np.array(labels)
    made = try_split(labels, validation=validation, seed=seed)
    if made is None:
        return
    assert sorted([*made.train, *made.validation]) == list(range(len(labels)))
    share = len(made.validation) / len(labels)
    for label in np.unique(labels):
        exact = share * np.sum(labels == label)
        assert abs(np.sum(labels[made.validation] == label) - exact) < 1
    again = split(labels, validation=validation, seed=seed)
    np.testing.assert_array_equal(made.train, again.train)
    np.testing.assert_array_equal(made.validation, again.validation)


@settings(deadline=None)
@given(labels=labellings, limit=st.integers(4, 300), seed=st.integers(0, 2**32))
def test_a_limit_takes_a_stratified_sample_first(labels: NDArray[Any], limit: int, seed: int) -> None:
    labels = np.array(labels)
    made = try_split(labels, validation=0.3, seed=seed, limit=limit)
    if made is None:
        return
    chosen = np.concatenate((made.train, made.validation))
    assert len(np.unique(chosen)) == len(chosen) == min(limit, len(labels))
    for label in np.unique(labels):
        exact = len(chosen) / len(labels) * np.sum(labels == label)
        assert abs(np.sum(labels[chosen] == label) - exact) < 1


def test_the_shares_are_those_of_scikit_learn() -> None:
    labels = np.repeat(np.arange(5), (100, 203, 57, 400, 11))
    ours = split(labels, validation=0.2, seed=0).validation
    _, theirs = train_test_split(np.arange(len(labels)), test_size=len(ours), stratify=labels, random_state=0)
    difference = np.subtract(class_counts(labels[ours], 5), class_counts(labels[theirs], 5))
    assert np.abs(difference).max() <= 1


def test_another_seed_is_another_split() -> None:
    one, two = (split(LABELS, validation=0.1, seed=seed) for seed in (1, 2))
    assert set(one.validation) != set(two.validation)


def test_indices_are_int64_and_ascending() -> None:
    made = split(LABELS.astype(np.uint8), validation=0.1, seed=0, limit=500)
    for indices in (made.train, made.validation):
        assert indices.dtype == np.int64
        assert (np.diff(indices) > 0).all()
    assert class_counts(LABELS[made.validation], 10) == (5,) * 10


def test_a_limit_above_the_number_of_images_takes_all() -> None:
    made = split(LABELS, validation=0.1, seed=0, limit=10**9)
    assert len(made.train) + len(made.validation) == 1_000


@pytest.mark.parametrize(
    ("labels", "options", "told"),
    [
        (LABELS, {"validation": 0}, r"validation share must lie between 0 and 1, both excluded\. Got 0"),
        (LABELS, {"validation": 1.0}, r"Got 1\.0"),
        (LABELS, {"validation": -0.1}, r"Got -0\.1"),
        (LABELS, {"validation": float("nan")}, r"Got nan"),
        (LABELS, {"validation": 0.1, "limit": 19}, r"2 images for each of 10 classes, so at least 20\. Got 19"),
        (LABELS, {"validation": 0.1, "limit": 0}, r"Got 0"),
        (LABELS, {"validation": 0.1, "limit": -5}, r"Got -5"),
        (LABELS, {"validation": 0.001}, r"at least one image of 10 classes\. Got 999 and 1 of 1,000 images"),
        (LABELS, {"validation": 0.999}, r"Got 1 and 999 of 1,000 images"),
        (np.array([0, 0, 0, 1]), {"validation": 0.5}, r"In the 4 training images class 1 has 1"),
        (np.array([0] * 98 + [1] * 2), {"validation": 0.2, "limit": 10}, r"leaves nothing of the rarest class"),
        (np.array([0] * 90 + [1] * 10), {"validation": 0.2, "limit": 12}, r"In the limit of 12 images class 1 has 1"),
        (np.array([], dtype=np.int64), {"validation": 0.2}, r"there are none"),
    ],
)
def test_an_impossible_split_is_refused_with_its_numbers(labels: NDArray[Any], options: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        split(labels, seed=0, **options)
    assert "\n" not in str(caught.value)


def test_classes_without_images_are_counted_too() -> None:
    assert class_counts(np.array([0, 2, 2], dtype=np.uint8), 4) == (1, 0, 2, 0)


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Split, Path]:
    made = split(LABELS, validation=0.1, seed=0)
    save_split(made, tmp_path / "split.npz", "f" * 64)
    return made, tmp_path / "split.npz"


def test_a_stored_split_comes_back(stored: tuple[Split, Path]) -> None:
    made, path = stored
    back = load_split(path, "f" * 64)
    np.testing.assert_array_equal(back.train, made.train)
    np.testing.assert_array_equal(back.validation, made.validation)
    assert [child.name for child in path.parent.iterdir()] == ["split.npz"]


def test_a_split_of_other_data_is_refused(stored: tuple[Split, Path]) -> None:
    _, path = stored
    with pytest.raises(StudyError, match=r"split.npz: .* other data\. Fingerprint then ffffffffffff, now aaaaaaaaaaaa"):
        load_split(path, "a" * 64)


def test_a_missing_split_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="split is missing"):
        load_split(tmp_path / "split.npz", "f" * 64)


@pytest.mark.parametrize("offset", [0, 1, 10, 200, 1_000, 5_000])
def test_a_truncated_split_says_damaged(stored: tuple[Split, Path], offset: int) -> None:
    _, path = stored
    path.write_bytes(path.read_bytes()[:offset])
    with pytest.raises(StudyError, match=r"split.npz: the study's split is damaged"):
        load_split(path, "f" * 64)


def test_a_flipped_byte_in_a_split_never_passes_unseen(stored: tuple[Split, Path]) -> None:
    made, path = stored
    whole = path.read_bytes()
    for offset in range(0, len(whole), 19):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x55]) + whole[offset + 1 :])
        try:
            back = load_split(path, "f" * 64)
        except StudyError:
            continue
        np.testing.assert_array_equal(back.train, made.train)
        np.testing.assert_array_equal(back.validation, made.validation)


def test_a_pickle_in_place_of_a_split_is_not_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "split.npz", train=np.array([{}], dtype=object), validation=[1], fingerprint="f" * 64)
    with pytest.raises(StudyError, match="damaged"):
        load_split(tmp_path / "split.npz", "f" * 64)
