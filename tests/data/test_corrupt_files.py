"""Fault test 28: whatever lies under the name of the data is one readable line, and costs little memory."""

from __future__ import annotations

import json
import os
import pickle
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from evidence import Measured
    from numpy.typing import NDArray

    from tests.data.conftest import Made
    from tuner.data import ImageData

    Spoilt = dict[str, tuple[Path, str]]

PAGE = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
ROOM = 256 * 1024 * 1024


def edit(path: Path, change: Callable[..., Any]) -> None:
    path.write_bytes(change(path.read_bytes()))


def at(offset: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:offset] + new + data[offset + len(new) :]


def big(n: int) -> bytes:
    return struct.pack(">I", n)


def zipped(n_bytes: int, start: bytes = b"") -> bytes:
    """A gzip of zeros that is a thousandth of their size."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [pack.compress(start)]
    parts += [pack.compress(bytes(1 << 20)) for _ in range(n_bytes >> 20)]
    return b"".join((*parts, pack.flush()))


# What is done to which IDX file, and what the one line must say after the file's name.
IDX_FAULTS = {
    "empty file": (IMAGES, lambda data: b"", "byte 0: the file is empty"),
    "html page": (IMAGES, lambda data: PAGE, r"byte 0: this is a web page"),
    "html page for labels": (LABELS, lambda data: PAGE, "byte 0: this is a web page"),
    "html page after spaces": (IMAGES, lambda data: b"\xef\xbb\xbf \n" + PAGE, "byte 0: this is a web page"),
    "json error": (IMAGES, lambda data: b'{"error": "not found"}', "byte 0: an IDX file of 3 dimensions must start"),
    "git lfs pointer": (IMAGES, lambda data: b"version https://git-lfs", "byte 0: an IDX file"),
    "random bytes": (IMAGES, lambda data: b"\x93\x11\x42\x87" * 50, "byte 0: an IDX file"),
    "magic cut short": (IMAGES, lambda data: data[:3], "byte 3: the file ends here, 1 bytes too early"),
    "header cut short": (IMAGES, lambda data: data[:9], "byte 9: the file ends here"),
    "only a header": (IMAGES, lambda data: data[:16], "byte 16: the header promises 31,360 more bytes"),
    "cut in the middle": (IMAGES, lambda data: data[:10_000], "byte 16: the header promises"),
    "one byte short": (IMAGES, lambda data: data[:-1], "byte 16: the header promises"),
    "one byte long": (IMAGES, lambda data: data + b"x", "byte 31,376: the file goes on after its last image"),
    "twice": (IMAGES, lambda data: data * 2, "byte 31,376: the file goes on"),
    "labels cut": (LABELS, lambda data: data[:20], "byte 8: the header promises 40 more bytes"),
    "labels long": (LABELS, lambda data: data + b"\x00", "byte 48: the file goes on"),
    "images for labels": (LABELS, at(0, b"\x00\x00\x08\x03"), "byte 0: an IDX file of 1 dimension must start with"),
    "labels for images": (IMAGES, at(0, b"\x00\x00\x08\x01"), r"byte 0: .* 00 00 08 03\. Got 00 00 08 01"),
    "floats": (IMAGES, at(2, b"\x0d"), "byte 0: an IDX file"),
    "little-endian": (IMAGES, at(0, b"\x03\x08\x00\x00"), "byte 0: an IDX file"),
    "no images": (IMAGES, at(4, big(0)), r"byte 4: the number of images must be from 1 to 1,000,000\. Got 0"),
    "negative count": (IMAGES, at(4, struct.pack(">i", -1)), r"byte 4: .* Got 4,294,967,295"),
    "2^31 images": (IMAGES, at(4, big(2**31)), r"byte 4: .* Got 2,147,483,648"),
    "2^31 - 1 images": (IMAGES, at(4, big(2**31 - 1)), "byte 4: the number of images"),
    "2^31 labels": (LABELS, at(4, big(2**31)), "byte 4: the number of images"),
    "900,000 labels": (LABELS, at(4, big(900_000)), "byte 8: the header promises 900,000 more bytes"),
    "29 rows": (IMAGES, at(8, big(29)), r"byte 8: images of Fashion-MNIST must be 28 x 28\. Got 29 x 28"),
    "no rows": (IMAGES, at(8, big(0)), "byte 8: images of"),
    "2^32 - 1 columns": (IMAGES, at(12, big(2**32 - 1)), "byte 8: images of"),
    "label 10": (LABELS, at(8, b"\x0a"), r"byte 8: labels must be from 0 to 9\. Got 10$"),
    "label 255": (LABELS, at(47, b"\xff"), r"byte 47: labels must be from 0 to 9\. Got 255"),
    "labels 10 and 11": (LABELS, at(20, b"\x0a\x0b"), r"byte 20: .* Got 10, and 1 more such labels"),
}

# The same for files that are gzipped when they are spoilt.
GZ_FAULTS = {
    "gz cut at the start": (lambda data: data[:5], "after byte 0: the gzip file is truncated"),
    "gz cut in the middle": (lambda data: data[: len(data) // 2], r"after byte [\d,]+: the gzip file is truncated"),
    "gz cut at the end": (lambda data: data[:-4], r"after byte [\d,]+: the gzip file is truncated"),
    "gz flipped in the middle": (at(9_000, b"\x55\xaa\x55\xaa"), r"(after )?byte [\d,]+: .*damaged data"),
    "gz wrong checksum": (lambda data: at(len(data) - 8, b"\x00\x01\x02\x03")(data), "after byte .*: damaged data"),
    "gz wrong method": (at(2, b"\x07"), "after byte 0: damaged data"),
    "gz of a page": (lambda data: zipped(0, PAGE), "byte 0: an IDX file"),
    "gz of nothing": (lambda data: zipped(0), "byte 0: the file ends here"),
    "gz followed by rubbish": (lambda data: data + b"rubbish", "after byte 31,376: damaged data"),
    "gz bomb": (
        lambda data: zipped(1 << 29, struct.pack(">BBBB3I", 0, 0, 8, 3, 40, 28, 28)),
        "byte 31,376: the file goes on after its last image",
    ),
    "gz of a lie": (
        lambda data: zipped(0, struct.pack(">BBBB3I", 0, 0, 8, 3, 40, 28, 28)),
        "byte 16: the file ends here, 31,360 bytes too early",
    ),
}


def object_array() -> NDArray[Any]:
    return np.array([{"a": 1}] * 40, dtype=object)


class Canary:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("CANARY",))


NPZ_CHANGES = {
    "no x_test": ({"x_test": None}, r"a.npz: must hold the arrays x_train, .* Got x_train, y_train, y_test"),
    "images as objects": ({"x_train": object_array()}, r"a.npz\[x_train\]: holds pickled Python objects"),
    "labels as objects": ({"y_train": object_array()}, r"a.npz\[y_train\]: holds pickled Python objects"),
    "a pickle that prints": ({"y_test": np.array([Canary()] * 20, dtype=object)}, r"a.npz\[y_test\]: holds pickled"),
    "float pixels": ({"x_train": np.zeros((40, 28, 28))}, r"\[x_train\]: pixels must be whole numbers .* Got float64"),
    "float labels": ({"y_train": np.zeros(40)}, r"\[y_train\]: labels must be whole numbers.* Got float64"),
    "text labels": ({"y_train": np.array(["boot"] * 40)}, r"\[y_train\]: labels must be whole numbers"),
    "labels one-hot": ({"y_train": np.eye(10, dtype=np.uint8)[[0] * 40]}, r"\[y_train\]: .* of shape \(40, 10\)"),
    "NaN labels": ({"y_train": np.full(40, np.nan)}, r"\[y_train\]: labels must be whole numbers"),
    "pixel 256": (
        {"x_train": np.full((40, 28, 28), 256)},
        r"\[x_train\]: pixels must be from 0 to 255\. Got 256 to 25",
    ),
    "pixel -1": ({"x_test": np.full((20, 28, 28), -1)}, r"\[x_test\]: pixels must be from 0 to 255\. Got -1 to -1"),
    "label -1": ({"y_train": np.full(40, -1)}, r"\[y_train\]: element 0: labels must be from 0 to 9\. Got -1"),
    "label 2^40": ({"y_test": np.arange(20) << 40}, r"\[y_test\]: element 1: .* Got 1099511627776, and 18 more"),
    "39 labels": ({"y_train": np.zeros(39, np.uint8)}, r"\[y_train\]: holds 39 labels, but .*\[x_train\] holds 40"),
    "no images": ({"x_train": np.zeros((0, 28, 28), np.uint8)}, r"\[x_train\]: its header: the number of images"),
    "other size": (
        {"x_train": np.zeros((40, 32, 32), np.uint8)},
        r"must have the shape \(28, 28, 1\)\. Got \(32, 32\)",
    ),
    "colour": ({"x_train": np.zeros((40, 28, 28, 3), np.uint8)}, r"must have the shape \(28, 28, 1\)"),
    "one number": ({"x_train": np.uint8(3)}, r"\[x_train\]: must be an array in C order"),
    "columns first": ({"x_train": np.asfortranarray(np.zeros((40, 28, 28), np.uint8))}, r"\[x_train\]: .* in C order"),
}

NPZ_FAULTS = {
    "npz empty": (lambda data: b"", "byte 0: the file is empty"),
    "npz a page": (lambda data: PAGE, "byte 0: this is a web page"),
    "npz cut": (lambda data: data[: len(data) // 2], r"damaged .npz"),
    "npz one byte short": (lambda data: data[:-1], r"damaged .npz"),
    "npz flipped": (at(20_000, b"\x55\xaa\x55\xaa"), r"damaged"),
    "npz a pickle": (lambda data: pickle.dumps(Canary()), r"damaged .npz"),
    "npz an npy": (lambda data: b"\x93NUMPY\x01\x00", r"damaged .npz"),
}


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


HEADERS = {
    "npy header lies": ("{'descr': '|u1', 'fortran_order': False, 'shape': (900000, 28, 28)}\n", "900,000 images"),
    "npy 2^31 images": (
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2147483648, 28, 28)}\n",
        "number of images",
    ),
    "npy negative": ("{'descr': '|u1', 'fortran_order': False, 'shape': (-40, 28, 28)}\n", "number of images"),
    "npy code": ("{'descr': __import__('os').system('echo CANARY'), 'shape': (1,)}\n", "damaged .npy header"),
    "npy deep": ("(" * 5_000 + "\n", "damaged .npy header"),
    "npy long": (" " * 60_000 + "\n", "damaged .npy header"),
}


def faults(made: Made, folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Every spoilt data set, made under `folder`: its name, the path to give, and the pattern of its one line."""
    for name, (role, change, told) in IDX_FAULTS.items():
        path = made.idx(folder / name, zipped=False)
        edit(path / role, change)
        yield name, path, f"{role}: {told}"
    for name, (change, told) in GZ_FAULTS.items():
        path = made.idx(folder / name)
        edit(path / f"{IMAGES}.gz", change)
        yield name, path, f"{IMAGES}.gz: {told}"
    for name, (changes, told) in NPZ_CHANGES.items():
        yield name, made.npz(folder / name / "a.npz", **changes), told
    for name, (change, told) in NPZ_FAULTS.items():
        path = made.npz(folder / name / "a.npz")
        edit(path, change)
        yield name, path, f"a.npz.*: {told}"
    for name, (header, told) in HEADERS.items():
        path = made.npz(folder / name / "a.npz", x_train=None)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("x_train.npy", npy(header, bytes(1_000)))
        yield name, path, rf"a.npz\[.*{told}"


NAMES = (*IDX_FAULTS, *GZ_FAULTS, *NPZ_CHANGES, *NPZ_FAULTS, *HEADERS)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Spoilt:
    made = request.getfixturevalue("module_grey")
    return {name: (path, told) for name, path, told in faults(made, tmp_path_factory.mktemp("spoilt"))}


@pytest.mark.parametrize("name", NAMES)
def test_a_spoilt_file_is_one_line_that_names_it(
    grey: Made, search: Callable[..., ImageData], spoilt: Spoilt, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    path, told = spoilt[name]
    with pytest.raises(DataError) as caught:
        search(grey.card, path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert re.search(told, line)
    assert "\n" not in line
    assert len(line) < len(str(path)) * 2 + 300
    assert "CANARY" not in capfd.readouterr().out


SHOW_ALL = """
import contextlib, io, json, re, sys
from pathlib import Path
from tuner.cli.boundary import run_program
told = []
for path in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_program(["data", "show", "fashion-mnist", "--data", path])
    told.append([code, said.getvalue()])
# ru_maxrss would count the process that we were started from as well.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps([told, peak * 1024]))
"""
PLACE = re.compile(r"byte [\d,]+|element [\d,]+")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_all_spoilt_files_together_end_with_exit_3_and_stay_within_256_mb(
    spoilt: Spoilt, environ: dict[str, str], measured: Measured
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_ALL], input=json.dumps([str(path) for path, _ in spoilt.values()]),
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, peak = json.loads(done.stdout)
    wrong = [(code, line) for code, line in told if code != DataError.exit_code or line.count("\n") != 1]
    placed = sum(bool(PLACE.search(line)) for _, line in told)
    inside = sum(bool(re.search(r"a\.npz", line)) for _, line in told if not PLACE.search(line))
    measured(
        28,
        target="60 files: exit 3, file:line or byte offset, <= 256 MB RSS (no format here is text, so no line numbers; "
        "CSV is not read)",
        figure=f"{len(told) - len(wrong)} of {len(told)} with exit 3 and one line; {placed} with the byte or element, "
        f"{inside} with the archive or the array in it, {len(told) - placed - inside} without; {peak / 2**20:.0f} MiB",
    )
    assert wrong == []
    assert len(told) >= 60
    assert placed + inside == len(told)
    assert peak < ROOM


def test_a_csv_file_is_told_what_is_read_instead(grey: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    (tmp_path / "fashion-mnist_train.csv").write_text("label,pixel1\n999,nan\n3\n")
    with pytest.raises(DataError, match=r"Got: only fashion-mnist_train\.csv"):
        search(grey.card, tmp_path)
    with pytest.raises(DataError, match="Got: not a file of this data set"):
        search(grey.card, tmp_path / "fashion-mnist_train.csv")


def test_a_spoilt_file_in_a_system_folder_is_an_error_and_not_passed_over(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    folder = grey.idx(tmp_path / "share" / "datasets" / "fashion-mnist")
    edit(folder / f"{LABELS}.gz", lambda data: data[:20])
    with pytest.raises(DataError, match=rf"{LABELS}.gz: after byte 8: the gzip file is truncated"):
        search(grey.card)


def test_a_link_to_nowhere_is_a_missing_file(grey: Made, search: Callable[..., ImageData], tmp_path: Path) -> None:
    folder = grey.idx(tmp_path / "mine", zipped=False)
    (folder / LABELS).unlink()
    (folder / LABELS).symlink_to(folder / LABELS)
    with pytest.raises(DataError, match=f"in part; missing: {LABELS}"):
        search(grey.card, folder)
