"""Small data sets made here, in every form that is accepted, and a machine with nothing on it."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.data import describe
from tuner.data.finding import Search

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from tuner.data import Card, ImageData

ROLES = {
    "train-images-idx3": "train_images",
    "train-labels-idx1": "train_labels",
    "t10k-images-idx3": "test_images",
    "t10k-labels-idx1": "test_labels",
}


def idx_bytes(array: NDArray[Any]) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def push(text: bytes) -> bytes:
    return b"U" + bytes([len(text)]) + text


def python_batch(images: NDArray[Any], labels: NDArray[Any]) -> bytes:
    """What Python 2 pickled for CIFAR-10, opcode by opcode."""
    pixels = images.transpose(0, 3, 1, 2).tobytes()
    state = b"(K\x01K" + bytes([len(labels)]) + b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
    return (
        b"\x80\x02}q\x01(" + push(b"batch_label") + push(b"training batch 1 of 5") + push(b"labels") + b"]("
        + b"".join(b"K" + bytes([label]) for label in labels) + b"e" + push(b"data")
        + b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + state + b"\x89T" + struct.pack("<I", len(pixels)) + pixels + b"tb"
        + push(b"filenames") + b"](" + push(b"leptodactylus_s_000004.png") * len(labels) + b"eu."
    )  # fmt: skip


def binary_batch(images: NDArray[Any], labels: NDArray[Any]) -> bytes:
    return b"".join(
        bytes([label]) + image.transpose(2, 0, 1).tobytes() for image, label in zip(images, labels, strict=True)
    )


def batches(
    arrays: dict[str, NDArray[Any]], write: Callable[[NDArray[Any], NDArray[Any]], bytes], suffix: str
) -> dict[str, bytes]:
    """Six CIFAR batches, by file name."""
    images, labels = arrays["train_images"], arrays["train_labels"]
    n = len(labels) // 5
    files = {
        f"data_batch_{k + 1}{suffix}": write(images[k * n : (k + 1) * n], labels[k * n : (k + 1) * n]) for k in range(5)
    }
    return {**files, f"test_batch{suffix}": write(arrays["test_images"], arrays["test_labels"])}


def tar_gz(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@dataclass(frozen=True)
class Made:
    """A data set of 40 training and 20 test images, and its card with no published sums."""

    card: object
    arrays: dict

    def idx(self, folder: Path, *, zipped: bool = True, dotted: bool = False) -> Path:
        files = {}
        for role, name in ROLES.items():
            array = self.arrays[name]
            data = idx_bytes(array[..., 0] if array.ndim > 1 else array)
            role = role.replace("-idx", ".idx") if dotted else role  # noqa: PLW2901, a shorter table
            files[f"{role}-ubyte{'.gz' if zipped else ''}"] = packed(data) if zipped else data
        return put(folder, files)

    def npz(self, path: Path, **changes: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {
            "x_train": self.arrays["train_images"],
            "y_train": self.arrays["train_labels"],
            "x_test": self.arrays["test_images"],
            "y_test": self.arrays["test_labels"],
            **changes,
        }
        np.savez_compressed(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    def with_arrays(self, **changes: Any) -> Made:
        return replace(self, arrays={**self.arrays, **changes})


def make(name: str, seed: int = 0) -> Made:
    random = np.random.default_rng(seed)
    card = replace(describe(name), sha256={}, files={}, n_train=40, n_test=20, downloads=(), mirrors=())
    return Made(
        card=card,
        arrays={
            "train_images": random.integers(0, 256, (40, *card.image_shape), dtype=np.uint8),
            "train_labels": np.arange(40, dtype=np.uint8) % 10,
            "test_images": random.integers(0, 256, (20, *card.image_shape), dtype=np.uint8),
            "test_labels": np.arange(20, dtype=np.uint8) % 10,
        },
    )


@pytest.fixture
def grey() -> Made:
    return make("fashion-mnist")


@pytest.fixture
def colour() -> Made:
    return make("cifar10")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it."""
    return {
        "TUNE_HOME": str(tmp_path / "tune"),
        "KERAS_HOME": str(tmp_path / "keras"),
        "XDG_DATA_DIRS": str(tmp_path / "share"),
        "HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def search(environ: dict[str, str]) -> Callable[..., ImageData]:
    """Looks for a data set on that machine, without a network unless told otherwise."""

    def run(card: Card, data: Path | None = None, **changes: Any) -> ImageData:
        cache = Path(environ["TUNE_HOME"]) / "data"
        options = {"may_download": False, "environ": environ, **changes}
        return Search(card=card, cache=cache, **options).run(data)

    return run


@pytest.fixture(scope="module")
def module_grey() -> Made:
    return make("fashion-mnist")


@pytest.fixture
def forms() -> SimpleNamespace:
    """How CIFAR-10's files are written."""
    return SimpleNamespace(
        push=push, python_batch=python_batch, binary_batch=binary_batch, batches=batches, tar_gz=tar_gz, put=put
    )
