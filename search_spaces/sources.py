"""Where the text of a space comes from: the library, or a file of the user's. The only module that reads files."""

from __future__ import annotations

import os
import stat
from importlib import resources
from pathlib import Path
from typing import NoReturn

from search_spaces.problems import Problem, SpaceError, suggestion

LARGEST_FILE = 64 * 1024
"""Bytes. A long space has 10 kB; what is larger was not written by hand, and would not be read within a second."""


def library() -> tuple[str, ...]:
    """Names of the spaces that come with the tool, in alphabetical order."""
    folder = resources.files("search_spaces") / "library"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def read_source(name_or_path: str | Path, folder: Path | None = None) -> tuple[str, str, Path | None]:
    """(how errors call it, its text, its folder) of a space in the library, whose folder is None, or in a file.

    A relative path counts from `folder`, or from the working directory. SpaceError where it cannot be read.
    """
    if isinstance(name_or_path, str) and (name_or_path in library() or not _looks_like_path(name_or_path, folder)):
        # The library first: a folder that happens to be called mlp_v1 must not hide the space.
        return *_read_library(name_or_path), None
    path = str(name_or_path) if folder is None else str(folder / name_or_path)
    return path, decode(_read_file(path), path), Path(path).parent


def decode(content: bytes, source: str) -> str:
    """The bytes as text. SpaceError where they are not UTF-8, with the line of the first wrong byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        encoding = "It looks like UTF-16." if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "Save it as UTF-8."
        line = before.count(b"\n") + 1
        _refuse(source, f"a space file is UTF-8 text. Got byte 0x{content[error.start]:02x}. {encoding}", line, column)


def _looks_like_path(text: str, folder: Path | None) -> bool:
    separators = [separator for separator in (os.sep, os.altsep, "/") if separator]
    return text.endswith((".yaml", ".yml")) or any(mark in text for mark in separators) or _exists(text, folder)


def _exists(text: str, folder: Path | None) -> bool:
    try:
        return Path(folder or "", text).exists()
    except (OSError, ValueError):
        return False


def _read_library(name: str) -> tuple[str, str]:
    names = library()
    if name not in names:
        hint = suggestion(name, names)
        _refuse(name or "''", f"no such space.{hint} Known: {', '.join(names)}; or name a file that ends in .yaml")
    text = (resources.files("search_spaces") / "library" / f"{name}.yaml").read_text("utf-8")
    return f"{name}.yaml", text


def _read_file(path: str) -> bytes:
    try:
        # Asked before it is opened: a named pipe would wait for its writer for ever.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            _refuse(path, f"a space is a file. Got {'a directory' if Path(path).is_dir() else 'something else'}")
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        names = library()
        hint = suggestion(Path(path).stem, names)
        _refuse(path, f"no such file.{hint} Spaces of the library go by name: {', '.join(names)}")
    except (OSError, ValueError) as error:
        _refuse(path, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(content) > LARGEST_FILE:
        _refuse(path, f"a space file has at most {LARGEST_FILE // 1024} kB. Got more")
    return content


def _refuse(source: str, text: str, line: int = 1, column: int = 1) -> NoReturn:
    raise SpaceError([Problem(source=source, line=line, column=column, path="", text=text)])
