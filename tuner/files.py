"""Files and folders that are whole or not there: a temporary name beside the target, fsync, rename. And their sums."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner import crashing

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFINISHED = ".unfinished-"
MANIFEST = "manifest.json"
SEAL = "seal"
"""Under which a manifest keeps the sum of all else that it holds."""


FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota on its disk is used up",
    errno.EFBIG: "a limit on the size of files is reached",
}
"""What the system says where a file has no room, and in words."""


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal sum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; what the block writes there replaces `path` when it ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{UNFINISHED}{path.name}-", suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    work = Path(name)
    try:
        yield work
        sync(work)
        crashing.here_with(path, "written")
        work.replace(path)
        sync(path.parent)
        crashing.here_with(path, "renamed")
    except OSError as error:
        raise _named(error, path) from None
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its name, and its place, when the block ends without an error.

    Where a folder stood there, it steps aside first: between the two renames there is none, never a half-made one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{folder.name}-", dir=folder.parent))
    try:
        yield work
        for path in work.iterdir():
            sync(path)
        sync(work)
        crashing.here_with(folder, "written")
        _replace(work, folder)
    except OSError as error:
        raise _named(error, folder) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _named(error: OSError, path: Path) -> OSError:
    """The error of a write that does not say to which file, or says its temporary name."""
    if error.filename is None or UNFINISHED in str(error.filename):
        error.filename, error.filename2 = str(path), None
    return error


def sweep(folder: Path, name: str) -> None:
    """Removes what a killed process left behind while it made `name` here. The caller holds the lock of `name`."""
    for left in folder.glob(f"{UNFINISHED}{name}-*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`path` holds `value` as indented JSON, or what it held before."""
    with new_file(path) as work:
        work.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_manifest(folder: Path, **facts: Any) -> None:
    """The sums of all files of `folder`, written last, so that a folder with a true manifest is complete."""
    files = {file.name: checksum(file) for file in sorted(folder.iterdir()) if file.name != MANIFEST}
    body = {**facts, "files": files}
    write_json(folder / MANIFEST, {**body, SEAL: _seal(body)})


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of `folder` where it and every file it names are as they were written; None otherwise."""
    try:
        return _manifest(folder)
    except _Damaged:
        return None


def damage(folder: Path) -> str:
    """What is wrong with a folder that was written with a manifest; '' where nothing is, or where there is none."""
    try:
        _manifest(folder)
    except _Damaged as damaged:
        return str(damaged) if os.path.lexists(folder) else ""
    return ""


class _Damaged(Exception):
    """A folder is not what was written. Its text says in which way."""


def _manifest(folder: Path) -> dict[str, Any]:
    manifest = _sealed(folder / MANIFEST)
    for name, stored in manifest["files"].items():
        _check_is_file(folder / name)
        try:
            whole = checksum(folder / name) == stored
        except (OSError, ValueError) as error:
            raise _Damaged(f"{name} cannot be read: {_why(error)}") from None
        if not whole:
            raise _Damaged(f"{name} has another checksum than {MANIFEST} holds")
    return manifest


def _sealed(path: Path) -> dict[str, Any]:
    """The manifest at `path`. One from before manifests were sealed has no seal that could be broken."""
    _check_is_file(path)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        seal = manifest.pop(SEAL, None)
        whole = isinstance(manifest["files"], dict) and seal in (None, _seal(manifest))
    except OSError as error:
        raise _Damaged(f"{MANIFEST} cannot be read: {_why(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _Damaged(f"{MANIFEST} is not readable") from None
    if not whole:
        raise _Damaged(f"{MANIFEST} has been changed")
    return dict(manifest)


def _check_is_file(path: Path) -> None:
    """A pipe or a device under its name would be read for ever."""
    if not path.is_file():
        raise _Damaged(f"{path.name} {'is no file' if os.path.lexists(path) else 'is missing'}")


def _seal(body: dict[str, Any]) -> str:
    """Of what the file will hold, in which all keys are texts."""
    text = json.dumps(json.loads(json.dumps(body)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _replace(new: Path, folder: Path) -> None:
    """Renames, because no system renames over a folder that holds files. What others have mapped stays valid."""
    aside = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{folder.name}-", dir=folder.parent))
    old = aside / "old"
    try:
        if folder.exists():
            folder.rename(old)
            crashing.here_with(folder, "aside")
        new.rename(folder)
        sync(folder.parent)
        crashing.here_with(folder, "renamed")
    finally:
        if old.exists() and not os.path.lexists(folder):  # the new one did not come
            old.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """What was written to the file, or the names in the folder, are on the disk when this returns."""
    if os.name == "nt":  # Windows opens no folders; its renames reach the disk by themselves
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
