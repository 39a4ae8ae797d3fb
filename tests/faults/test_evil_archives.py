"""Fault test 41: evil archives and caches run nothing, write nothing, and cost neither time nor memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from evidence import Measured

from tuner.data import find
from tuner.data import manifest as manifests

SECONDS, MEMORY = 2.0, 500 * 2**20

ZEROS = gzip.compress(bytes(32 << 20), 9)
"""A thousandth of what they unpack to; one after another they unpack to all of them."""

BATCHES = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]


IDX = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]


class Canary:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (f"touch {self.path}",))


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info.tobuf(tarfile.GNU_FORMAT)


def tars(canary: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Parts that are gzipped each by itself; those that start with gzip's magic are already."""
    end = bytes(1024)
    for kind, word in ((tarfile.SYMTYPE, "symlinks"), (tarfile.LNKTYPE, "hard links"), (tarfile.FIFOTYPE, "pipes"),
                       (tarfile.CHRTYPE, "devices"), (tarfile.DIRTYPE, "folders")):  # fmt: skip
        yield f"{word} for batches", [*(header(f"{name}.bin", kind=kind, link=str(canary)) for name in BATCHES), end]
    slips = [f"../../../../../../..{canary}", str(canary), f"./..//{canary}", "..\\..\\canary"]
    yield "members that climb", [*(header(name, 512) + bytes(512) for name in slips), end]
    yield "members that climb as batches", [*(header(f"{s}/{n}.bin", 512) + bytes(512) for s in slips for n in BATCHES)]
    yield "a symlink and a member through it", [
        header("way", kind=tarfile.SYMTYPE, link=str(canary.parent)), header("way/canary", 512) + bytes(512), end,
    ]  # fmt: skip
    for kind, word in ((tarfile.GNUTYPE_LONGNAME, "name"), (tarfile.XHDTYPE, "pax"), (tarfile.XGLTYPE, "global")):
        yield f"a {word} header of 1 GB", [header("x", 32 << 25, kind), *[ZEROS] * 32]
    yield "1 GB before the batches", [header("x", 32 << 25), *[ZEROS] * 32]
    yield "a batch of 8 GB", [header("data_batch_1.bin", (8 << 30) - 1), *[ZEROS] * 16]
    yield "a hundred thousand members", [header(f"{n}") for n in range(100_000)]
    yield "a thousand names one after another", [header("x", 512, tarfile.GNUTYPE_LONGNAME) + b"x" * 512] * 1000
    yield (
        "no end of a sparse map",
        [header("x", 512, tarfile.GNUTYPE_SPARSE)[:482] + b"\x01" * 30, *[b"\x01" * 512] * 5000],
    )
    yield (
        "a negative size",
        [header("x", 512, tarfile.XHDTYPE) + b"15 size=-10240\n".ljust(512, b"\0"), header("y"), end],
    )


def zips(canary: Path) -> Iterator[tuple[str, Callable[[zipfile.ZipFile], object]]]:
    pickled = io.BytesIO()
    np.save(pickled, np.array([Canary(canary)], dtype=object), allow_pickle=True)
    four = ("x_train", "y_train", "x_test", "y_test")
    lie = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
    shape = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 28, 28), }".ljust(117) + b"\n"

    yield "pickles for arrays", lambda archive: [archive.writestr(f"{name}.npy", pickled.getvalue()) for name in four]
    yield (
        "members that climb",
        lambda archive: [
            archive.writestr(name, b"x")
            for name in (f"../../../../../..{canary}", str(canary), f"../x_train{canary}.npy")
        ],
    )
    yield (
        "1 GB of zeros",
        lambda archive: [archive.writestr(f"{name}.npy", lie + shape + bytes(64 << 20)) for name in four],
    )
    yield "fifty thousand members", lambda archive: [archive.writestr(f"{n}", b"") for n in range(50_000)]
    yield "a member's name twice", lambda archive: [archive.writestr("x_train.npy", lie + shape) for _ in range(4)]
    yield (
        "headers of a megabyte",
        lambda archive: [
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30) + b" " * (1 << 20))
            for name in four
        ],
    )


def archives(folder: Path, canary: Path) -> Iterator[tuple[str, str, Path]]:
    """The data set to ask for, what is evil, and where it lies."""
    for number, (what, parts) in enumerate(tars(canary)):
        path = folder / f"{number}-bin.tar.gz"
        with path.open("wb") as file:
            plain = b"".join(part for part in parts if not part.startswith(b"\x1f\x8b"))
            file.write(gzip.compress(plain, 1))
            file.write(b"".join(part for part in parts if part.startswith(b"\x1f\x8b")))
        yield "cifar10", f"tar: {what}", path
    batch = pickle.dumps(Canary(canary), protocol=2)
    python = folder / "python-py.tar.gz"
    with tarfile.open(python, "w:gz") as archive:
        for name in BATCHES:
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(batch)
            archive.addfile(info, io.BytesIO(batch))
    yield "cifar10", "tar: pickles for batches", python
    for number, (what, fill) in enumerate(zips(canary)):
        path = folder / f"{number}.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            fill(made)
        yield "fashion-mnist", f"zip: {what}", path
    idx = folder / "idx"
    idx.mkdir()
    for name, n in (
        ("train-images-idx3", 3),
        ("train-labels-idx1", 1),
        ("t10k-images-idx3", 3),
        ("t10k-labels-idx1", 1),
    ):
        start = struct.pack(f">BBBB{n}I", 0, 0, 8, n, *(1_000_000, 28, 28)[:n])
        (idx / f"{name}-ubyte.gz").write_bytes(gzip.compress(start) + ZEROS * 40)
    yield "fashion-mnist", "gz: 1.3 GB in each of four files", idx
    links = folder / "links"
    links.mkdir()
    for name in (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ):
        (links / name).symlink_to("/dev/zero")
    yield "fashion-mnist", "links to /dev/zero", links


SHOW_ALL = """
import contextlib, io, json, os, re, sys, time
from pathlib import Path
from tuner.cli.boundary import run_program
told = []
for name, path, home in json.load(sys.stdin):
    os.environ |= {"TUNE_HOME": home, "XDG_DATA_DIRS": home, "KERAS_HOME": home}
    said, began = io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_program(["data", "show", name, *(["--data", path] if path else [])])
    told.append([code, said.getvalue(), time.process_time() - began])
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps([told, peak * 1024]))
"""


def shown(asked: list[tuple[str, str, str]]) -> tuple[list[tuple[int, str, float]], int]:
    """What `tune data show` made of each data set, path and home: its exit code, what it said, its seconds; and the
    most memory of all.
    """
    done = subprocess.run(
        [sys.executable, "-c", SHOW_ALL], input=json.dumps(asked), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, peak = json.loads(done.stdout)
    return [tuple(each) for each in told], peak


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_evil_archives_are_refused_at_once_and_leave_nothing(tmp_path: Path, measured: Measured) -> None:
    canary = tmp_path / "nest" / "canary"
    for name in ("nest", "given"):
        (tmp_path / name).mkdir()
    evil = list(archives(tmp_path / "given", canary))

    told, peak = shown([(name, str(path), str(tmp_path / "home")) for name, _, path in evil])

    wrong = [
        (what, code, said, seconds)
        for (_, what, _), (code, said, seconds) in zip(evil, told, strict=True)
        if code != 3 or said.count("\n") != 1 or seconds > SECONDS
    ]
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and path.suffix != ".lock"]
    measured(
        41,
        target="evil archives: 0 canary files created, refused <= 2 s, <= 500 MB",
        figure=f"{len(evil) - len(wrong)} of {len(evil)} archives refused with exit 3, the slowest in "
        f"{max(seconds for *_, seconds in told):.2f} s of CPU, {peak / 2**20:.0f} MiB, "
        f"{len(list(canary.parent.iterdir()))} canaries",
    )
    assert wrong == []
    assert list(canary.parent.iterdir()) == []
    assert left == []
    assert peak <= MEMORY


def caches(canary: Path) -> dict[str, Callable[[Path], object]]:
    """What is done to a prepared folder; with true seals and sums, for whoever can write there can make them."""

    def sealed(folder: Path, **changes: object) -> None:
        body = json.loads((folder / manifests.FILE).read_text())
        del body["seal"]
        body |= changes
        (folder / manifests.FILE).write_text(json.dumps({**body, "seal": manifests._seal(body)}))

    def replaced(folder: Path, content: bytes) -> None:
        first, *others = json.loads((folder / manifests.FILE).read_text())["arrays"]
        (folder / first["file"]).write_bytes(content)
        sums = {"n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        sealed(folder, arrays=[{**first, **sums}, *others])

    pickled = io.BytesIO()
    np.save(pickled, np.array([Canary(canary)], dtype=object), allow_pickle=True)
    large = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1152921504606846976,), }".ljust(117) + b"\n"
    elsewhere = {"file": "../../../etc/passwd", "n_bytes": 1, "sha256": "", "shape": [1]}
    return {
        "a pickle": lambda folder: replaced(folder, pickled.getvalue()),
        "no array": lambda folder: replaced(folder, b"x"),
        "a shape of 2^60": lambda folder: replaced(folder, b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + large),
        "files elsewhere": lambda folder: sealed(folder, arrays=[elsewhere]),
        "arrays that are no list": lambda folder: sealed(folder, arrays=7),
        "no name": lambda folder: sealed(folder, arrays=[], name=None),
    }


def test_an_evil_cache_is_made_anew_or_refused(tmp_path: Path, measured: Measured) -> None:
    canary, good = tmp_path / "canary", tmp_path / "good"
    find("digits", cache=good)
    asked = []
    for what, spoil in caches(canary).items():
        shutil.copytree(good / "digits", tmp_path / what / "data" / "digits")
        spoil(tmp_path / what / "data" / "digits")
        asked.append(("digits", "", str(tmp_path / what)))

    told, peak = shown(asked)

    wrong = [each for each in told if each[0] not in {0, 3} or "Traceback" in each[1] or each[2] > SECONDS]
    codes = [code for code, *_ in told]
    measured(
        41,
        target="evil caches: 0 canary files created, refused <= 2 s, <= 500 MB",
        figure=f"{len(told)} caches with true seals: {codes.count(0)} prepared anew, {codes.count(3)} refused with "
        f"exit 3, {len(wrong)} otherwise; {canary.exists():d} canaries, {peak / 2**20:.0f} MiB",
    )
    assert wrong == []
    assert not canary.exists()
    assert peak <= MEMORY
