"""Files that are whole or not there: temporary file beside the target, fsync, rename."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """`path` holds `text` in UTF-8, or what it held before."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def sync(path: Path) -> None:
    """Everything written so far to the file or folder `path` is on the disk."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when the block ends well and vanishes when it does not.

    A folder that stood at `path` is replaced; between the two renames `path` is absent, never half-made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield temporary
        for file in temporary.iterdir():
            sync(file)
        sync(temporary)
        replace_folder(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def replace_folder(new: Path, path: Path) -> None:
    """`path` is what `new` was. A folder cannot be renamed over one that holds files, so the old one steps aside."""
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
    if path.exists():
        path.replace(old / path.name)
    new.replace(path)
    sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


MANIFEST = "manifest.json"


def write_manifest(folder: Path, **facts: Any) -> None:
    """The hashes of all files of `folder`, written last, so that a folder with a true manifest is complete."""
    files = {file.name: sha256(file) for file in sorted(folder.iterdir()) if file.name != MANIFEST}
    write_json(folder / MANIFEST, {**facts, "files": files})


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of `folder` where every file it names has the hash it gives; None where anything is amiss."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = all(sha256(folder / name) == digest for name, digest in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if whole else None
