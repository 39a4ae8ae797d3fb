from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.data import fetch, find
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.data.conftest import Made
    from tuner.data import ImageData


@pytest.fixture
def digits(environ: dict[str, str]) -> ImageData:
    return find("digits", environ=environ)


def flip(path: Path, offset: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


DAMAGES = {
    "array truncated": lambda folder: os.truncate(folder / "train_images.npy", 1_000),
    "array empty": lambda folder: (folder / "test_labels.npy").write_bytes(b""),
    "array longer": lambda folder: (folder / "test_labels.npy").open("ab").write(b"x"),
    "array missing": lambda folder: (folder / "test_images.npy").unlink(),
    "manifest missing": lambda folder: (folder / "data.json").unlink(),
    "manifest truncated": lambda folder: os.truncate(folder / "data.json", 100),
    "manifest empty": lambda folder: (folder / "data.json").write_bytes(b""),
    "manifest a list": lambda folder: (folder / "data.json").write_text("[]"),
    "manifest not text": lambda folder: (folder / "data.json").write_bytes(b"\xff\xfe\x00"),
    "manifest changed": lambda folder: rewrite(folder / "data.json", fingerprint="0" * 64),
    "manifest of a later version": lambda folder: rewrite(folder / "data.json", version=99),
    "manifest without a seal": lambda folder: (folder / "data.json").write_text('{"name": "digits"}'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_cache_is_prepared_again(
    digits: ImageData, environ: dict[str, str], damage: Callable[[Path], object]
) -> None:
    damage(digits.folder)
    again = find("digits", environ=environ)
    assert again == digits
    again.verify()


def test_a_damaged_cache_without_a_source_is_told(grey: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    folder = grey.idx(tmp_path / "keras" / "datasets" / "fashion-mnist")
    found = search(grey.card)
    folder.rename(tmp_path / "gone")
    os.truncate(found.folder / "train_images.npy", 1_000)
    with pytest.raises(DataError, match=r"\(our cache\): damaged: train_images.npy has 1,000 bytes instead of 31,488"):
        search(grey.card)


def test_a_flipped_bit_is_seen_when_the_arrays_are_loaded(digits: ImageData) -> None:
    flip(digits.train_images_path)
    with pytest.raises(
        DataError, match=r"train_images.npy: damaged: .*Delete .*digits and give the same command again"
    ):
        digits.train()
    digits.test()


def test_fetch_heals_a_flipped_bit(digits: ImageData, environ: dict[str, str]) -> None:
    flip(digits.train_images_path)
    fetch("digits", environ=environ).verify()


def test_a_folder_that_vanished_is_told(digits: ImageData) -> None:
    (digits.folder / "data.json").unlink()
    with pytest.raises(DataError, match=r"damaged: data.json is missing"):
        digits.train()


def test_arrays_are_mapped_and_read_only(digits: ImageData) -> None:
    images, _ = digits.train()
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_a_worker_needs_only_the_paths(digits: ImageData) -> None:
    for path, array in (
        (digits.train_images_path, digits.train()[0]),
        (digits.train_labels_path, digits.train()[1]),
        (digits.test_images_path, digits.test()[0]),
        (digits.test_labels_path, digits.test()[1]),
    ):
        np.testing.assert_array_equal(np.load(path, mmap_mode="r", allow_pickle=False), array)


def test_finding_and_training_do_not_read_the_test_set(digits: ImageData, environ: dict[str, str]) -> None:
    flip(digits.test_images_path)
    flip(digits.test_labels_path)
    find("digits", environ=environ).train()


def test_what_a_killed_process_left_is_swept(grey: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    grey.idx(tmp_path / "keras" / "datasets" / "fashion-mnist")
    left = tmp_path / "tune" / "data" / ".unfinished-fashion-mnist-abc"
    left.mkdir(parents=True)
    (left / "train_images.npy").write_bytes(b"half")
    search(grey.card)
    assert not left.exists()


def test_a_mapped_array_survives_being_prepared_again(digits: ImageData, environ: dict[str, str]) -> None:
    images, _ = digits.train()
    before = np.array(images)
    (digits.folder / "data.json").unlink()
    find("digits", environ=environ)
    np.testing.assert_array_equal(images, before)


def test_three_processes_at_once_prepare_one_data_set(environ: dict[str, str]) -> None:
    script = (
        "import json, sys, time; from tuner.data import find\n"
        "while time.time() < float(sys.argv[2]): pass\n"
        "found = find('digits', environ=json.loads(sys.argv[1])); print(found.fingerprint, found.train()[0].sum())\n"
    )
    start = str(time.time() + 1)
    command = [sys.executable, "-c", script, json.dumps(environ), start]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 3
    assert len(answers) == 1
    assert sorted(path.name for path in (Path(environ["TUNE_HOME"]) / "data").iterdir()) == [".locks", "digits"]


def test_a_prepared_data_set_opens_at_once(environ: dict[str, str]) -> None:
    started = time.perf_counter()
    find("digits", environ=environ)
    assert time.perf_counter() - started < 0.2
