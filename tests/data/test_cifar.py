from __future__ import annotations

import pickle
import struct
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace
    from typing import Any, Literal

    from numpy.typing import NDArray

    from tests.data.conftest import Made
    from tuner.data import Card, ImageData

RECORD = 3_073


def assert_same(found: ImageData, made: Made) -> None:
    np.testing.assert_array_equal(found.train()[0], made.arrays["train_images"])
    np.testing.assert_array_equal(found.train()[1], made.arrays["train_labels"])
    np.testing.assert_array_equal(found.test()[0], made.arrays["test_images"])
    np.testing.assert_array_equal(found.test()[1], made.arrays["test_labels"])


@pytest.fixture
def read(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, tmp_path: Path
) -> Callable[..., ImageData]:
    """Reads these files from a folder that the user gives."""

    def run(files: dict[str, bytes], card: Card = colour.card) -> ImageData:
        return search(card, forms.put(tmp_path / "mine", files))

    return run


@pytest.fixture
def read_archive(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, tmp_path: Path
) -> Callable[..., ImageData]:
    """Reads these files from an archive that the user gives, after a change to its bytes."""

    def run(files: dict[str, bytes], change: Callable[[bytes], bytes] = bytes) -> ImageData:
        path = forms.tar_gz(tmp_path / "cifar-10-binary.tar.gz", files)
        path.write_bytes(change(path.read_bytes()))
        return search(colour.card, path)

    return run


@pytest.fixture
def binary(colour: Made, forms: SimpleNamespace) -> dict[str, bytes]:
    return forms.batches(colour.arrays, forms.binary_batch, ".bin")


@pytest.fixture
def python(colour: Made, forms: SimpleNamespace) -> dict[str, bytes]:
    return forms.batches(colour.arrays, forms.python_batch, "")


def test_the_binary_version_is_read_from_its_folder(
    read: Callable[..., ImageData], colour: Made, binary: dict[str, bytes]
) -> None:
    assert_same(read(binary), colour)


def test_the_binary_version_is_read_from_the_folder_above(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, binary: dict[str, bytes], tmp_path: Path
) -> None:
    forms.put(tmp_path / "mine" / "cifar-10-batches-bin", binary)
    assert_same(search(colour.card, tmp_path / "mine"), colour)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_binary_version_is_read_from_its_archive_in_any_order(
    colour: Made, read_archive: Callable[..., ImageData], binary: dict[str, bytes], reverse: bool
) -> None:
    files = {f"cifar-10-batches-bin/{name}": data for name, data in sorted(binary.items(), reverse=reverse)}
    assert_same(read_archive({"cifar-10-batches-bin/readme.html": b"<html>", **files}), colour)


def test_an_archive_is_found_in_a_given_folder(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, binary: dict[str, bytes], tmp_path: Path
) -> None:
    forms.tar_gz(tmp_path / "cifar-10-binary.tar.gz", binary)
    assert_same(search(colour.card, tmp_path), colour)


def test_the_python_version_is_read_from_its_folder(
    read: Callable[..., ImageData], colour: Made, python: dict[str, bytes]
) -> None:
    assert_same(read(python), colour)


def test_the_python_version_is_read_from_its_archive(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, python: dict[str, bytes], tmp_path: Path
) -> None:
    files = {f"cifar-10-batches-py/{name}": data for name, data in python.items()}
    assert_same(search(colour.card, forms.tar_gz(tmp_path / "cifar-10-python.tar.gz", files)), colour)


def test_the_python_version_is_what_unpickling_would_give(colour: Made, forms: SimpleNamespace) -> None:
    batch = forms.python_batch(colour.arrays["test_images"], colour.arrays["test_labels"])
    loaded = pickle.loads(batch, encoding="latin1")
    np.testing.assert_array_equal(
        loaded["data"].reshape(20, 3, 32, 32).transpose(0, 2, 3, 1), colour.arrays["test_images"]
    )
    assert loaded["labels"] == colour.arrays["test_labels"].tolist()


def pickled_again(images: NDArray[Any], labels: NDArray[Any], protocol: int, order: Literal["C", "F"]) -> bytes:
    data = np.array(images.transpose(0, 3, 1, 2).reshape(len(images), -1), order=order)
    whole = {"batch_label": "x", "labels": labels.tolist(), "data": data, "filenames": ["a.png"] * len(labels)}
    return pickle.dumps(whole, protocol=protocol)


@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize("order", ["C", "F"])
def test_batches_pickled_again_in_another_form_are_refused(
    read: Callable[..., ImageData], colour: Made, forms: SimpleNamespace, protocol: int, order: Literal["C", "F"]
) -> None:
    files = forms.batches(colour.arrays, partial(pickled_again, protocol=protocol, order=order), "")
    with pytest.raises(DataError, match=r"data_batch_1: must hold images of 3,072 bytes each\. Got 0 bytes"):
        read(files)


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_batches_pickled_again_in_the_published_form_are_read(
    read: Callable[..., ImageData], colour: Made, forms: SimpleNamespace, protocol: int, order: Literal["C", "F"]
) -> None:
    files = forms.batches(colour.arrays, partial(pickled_again, protocol=protocol, order=order), "")
    assert_same(read(files), colour)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("cifar-10-batches-py", "put"),
        ("cifar-10-batches-py-target/cifar-10-batches-py", "put"),
        ("cifar-10-batches-py.tar.gz", "tar_gz"),
    ],
)
def test_what_keras_keeps_is_found(
    colour: Made,
    search: Callable[..., ImageData],
    forms: SimpleNamespace,
    python: dict[str, bytes],
    environ: dict[str, str],
    name: str,
    write: str,
) -> None:
    place = Path(environ["KERAS_HOME"]) / "datasets" / name
    getattr(forms, write)(place, python)
    found = search(colour.card)
    assert found.source == f"{place} (Keras's cache)"
    assert_same(found, colour)


def test_what_keras_keeps_must_have_the_published_checksums(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, python: dict[str, bytes], tmp_path: Path
) -> None:
    forms.put(tmp_path / "keras" / "datasets" / "cifar-10-batches-py", python)
    card = replace(colour.card, files={"data_batch_3": "0" * 32})
    with pytest.raises(DataError, match=r"data_batch_3: wrong checksum: not the file of CIFAR-10 as published"):
        search(card)


def test_what_a_user_gives_may_have_other_checksums(
    read: Callable[..., ImageData], colour: Made, python: dict[str, bytes], tmp_path: Path
) -> None:
    card = replace(colour.card, files={"data_batch_3": "0" * 32})
    found = read(python, card)
    assert found.note == f"not CIFAR-10 as published: other contents in {tmp_path}/mine/data_batch_3"


def test_an_evil_pickle_is_never_run(
    read: Callable[..., ImageData], forms: SimpleNamespace, python: dict[str, bytes], tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    evil = b"\x80\x02cpathlib\nPath.touch\n" + b"cpathlib\nPath\n" + forms.push(str(canary).encode()) + b"\x85R\x85R."
    with pytest.raises(DataError, match=r"data_batch_2: "):
        read({**python, "data_batch_2": evil})
    assert not canary.exists()


def test_a_good_batch_with_an_evil_tail_is_read_and_the_tail_not_run(
    read: Callable[..., ImageData], colour: Made, forms: SimpleNamespace, python: dict[str, bytes], tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    call = b"cos\nmkdir\n" + forms.push(str(canary).encode()) + b"\x85R0"
    evil = {**python, "data_batch_1": python["data_batch_1"][:2] + call + python["data_batch_1"][2:]}
    pickle.loads(evil["data_batch_1"][: 2 + len(call)] + b"N.")
    assert canary.exists(), "the call does nothing, so this test shows nothing"
    canary.rmdir()
    assert_same(read(evil), colour)
    assert not canary.exists()


def edited(files: dict[str, bytes], name: str, change: Callable[..., Any]) -> dict[str, bytes]:
    return {**files, name: change(files[name])}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: b"", r"test_batch.bin: byte 0: the file is empty"),
        (lambda data: b"<html>", r"test_batch.bin: byte 0: this is a web page"),
        (lambda data: data[:-1], r"test_batch.bin: byte 61,459: .* records of 3,073 bytes\. The last one has 3,072"),
        (lambda data: data + b"\x00", r"test_batch.bin: byte 61,461: .* The last one has 1"),
        (
            lambda data: data[:RECORD] + b"\x0a" + data[RECORD + 1 :],
            r"byte 3,073: labels must be from 0 to 9\. Got 10$",
        ),
    ],
)
def test_a_spoilt_binary_batch_is_named_with_its_byte(
    read: Callable[..., ImageData], binary: dict[str, bytes], change: Callable[..., Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read(edited(binary, "test_batch.bin", change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: b"", "test_batch: byte 0: the file is empty"),
        (lambda data: b"<html>", "test_batch: byte 0: this is a web page"),
        (lambda data: data[: len(data) // 2], "test_batch: not a batch of CIFAR-10's python version"),
        (lambda data: data[:-1], "test_batch: not a batch"),
        (lambda data: b"\x00\x01\x02", "test_batch: not a batch"),
        (lambda data: pickle.dumps({"labels": [1, 2], "data": b""}), "test_batch: must hold images of 3,072 bytes"),
        (lambda data: b"\x80\x02U\x01", "test_batch: not a batch"),
        (lambda data: b"\x80\x02T" + struct.pack("<I", 2**31 - 1), "test_batch: not a batch"),
        (lambda data: b"\x80\x02I" + b"9" * 10_000 + b"\n.", "test_batch: not a batch"),
        (lambda data: b"\x80\x02" + b"N0" * 400_000 + b".", "test_batch: not a batch .*more than 500,000 tokens"),
        (lambda data: data.replace(b"U\x06labels](K\x00", b"U\x06labels]("), "holds 19 labels, but .* holds 20 images"),
        (lambda data: data.replace(b"](K\x00K\x01", b"](K\x00K\x63"), r"label 1: labels must be from 0 to 9\. Got 99"),
    ],
    ids=range(12),
)
def test_a_spoilt_python_batch_is_named(
    read: Callable[..., ImageData], python: dict[str, bytes], change: Callable[..., Any], told: str
) -> None:
    with pytest.raises(DataError, match=told) as caught:
        read(edited(python, "test_batch", change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: b"", "byte 0: the file is empty"),
        (lambda data: b"<html>", "byte 0: this is a web page"),
        (lambda data: b"no archive", "damaged archive"),
        (lambda data: data[: len(data) // 2], "damaged archive|damaged data|truncated"),
        (lambda data: data[:50_000] + b"\x55\xaa\x55" + data[50_003:], "damaged archive|damaged data"),
    ],
    ids=range(5),
)
def test_a_spoilt_archive_is_named(
    read_archive: Callable[..., ImageData], binary: dict[str, bytes], change: Callable[..., Any], told: str
) -> None:
    with pytest.raises(DataError, match=rf"cifar-10-binary.tar.gz.*: .*({told})") as caught:
        read_archive(binary, change)
    assert "\n" not in str(caught.value)


def test_an_archive_of_something_else_says_what_is_missing(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, tmp_path: Path
) -> None:
    path = forms.tar_gz(tmp_path / "my-bin.tar.gz", {"data_batch_1.bin": b"", "holiday.jpg": b""})
    with pytest.raises(DataError, match=r"my-bin.tar.gz: must hold the six batches.* Missing: data_batch_2.bin, data_"):
        search(colour.card, path)


def test_an_archive_writes_nothing_outside(
    colour: Made, search: Callable[..., ImageData], forms: SimpleNamespace, binary: dict[str, bytes], tmp_path: Path
) -> None:
    files = {f"../../../{name}": data for name, data in binary.items()}
    found = search(colour.card, forms.tar_gz(tmp_path / "cifar-10-binary.tar.gz", files))
    assert_same(found, colour)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cifar-10-binary.tar.gz", "tune"]


def test_half_of_the_batches_is_not_a_data_set(read: Callable[..., ImageData], binary: dict[str, bytes]) -> None:
    del binary["data_batch_4.bin"]
    with pytest.raises(DataError, match=r"binary version .* in part; missing: data_batch_4.bin"):
        read(binary)


def test_an_npz_of_colour_images_is_read(colour: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    path = colour.npz(tmp_path / "a.npz", y_train=colour.arrays["train_labels"].reshape(-1, 1))
    assert_same(search(colour.card, path), colour)


def test_an_npz_with_channels_first_is_refused(colour: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    path = colour.npz(tmp_path / "a.npz", x_train=np.zeros((40, 3, 32, 32), np.uint8))
    with pytest.raises(DataError, match=r"must have the shape \(32, 32, 3\)\. Got \(3, 32, 32\)"):
        search(colour.card, path)
