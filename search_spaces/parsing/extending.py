"""`extends`: a space file on top of another one. What comes out needs no other file any more."""

from __future__ import annotations

import json
import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from search_spaces.parsing.document import Unreadable, read_document
from search_spaces.parsing.findings import Findings
from search_spaces.problems import SpaceError, suggestion
from search_spaces.sources import library, read_source
from search_spaces.wording import shown

if TYPE_CHECKING:
    from search_spaces.parsing.findings import Path

EXTENDS = "extends"
MERGED = ("variables", "training", "limits", "presets", "set", "fix")
"""Keys whose entries are taken over one by one. All others are taken over whole, and `forbid` grows longer."""

REMOVABLE = ("variables", "presets", "set", "fix")
"""Those of them whose entries are taken out by giving them as null, and all of them by giving the key as null."""

MOST_PARENTS = 8
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def extended(findings: Findings, data: dict[str, Any], folder: FilePath | None) -> dict[str, Any] | None:
    """The file's data on top of the one that it extends; as it is where it extends none.

    None where there is nothing to extend, which is reported: all else in the file would be told wrongly without it.
    """
    return _extended(findings, data, folder, seen=(findings.source,))


def _extended(
    findings: Findings, data: dict[str, Any], folder: FilePath | None, seen: tuple[str, ...]
) -> dict[str, Any] | None:
    if EXTENDS not in data:
        return data
    own = {key: value for key, value in data.items() if key != EXTENDS}
    parent = _read(findings, data[EXTENDS], folder, seen)
    return None if parent is None else _merged(findings, own, *parent)


def _read(
    findings: Findings, name: Any, folder: FilePath | None, seen: tuple[str, ...]
) -> tuple[dict[str, Any], Findings] | None:
    """The data of the file of that name, extended itself, and where everything in it stands."""
    if not isinstance(name, str):
        findings.report((EXTENDS,), f"must be a space of the library or a file. Got {shown(name)}")
        return None
    if name not in library() and not name.endswith((".yaml", ".yml")):
        here = (folder or FilePath()) / f"{name}.yaml"
        near = f" Did you mean '{name}.yaml'?" if NAME.fullmatch(name) and here.is_file() else ""
        hint = near or suggestion(name, library()) or f" Known: {', '.join(library())}"
        findings.report((EXTENDS,), f"no such space.{hint}; or name a file that ends in .yaml. Got {shown(name)}")
        return None
    try:
        source, text, parents_folder = read_source(name, folder)
    except SpaceError as error:
        findings.report((EXTENDS,), error.problems[0].text)
        return None
    if source in seen or len(seen) > MOST_PARENTS:
        rule = "a space cannot extend itself" if source in seen else f"at most {MOST_PARENTS} spaces in a row"
        findings.report((EXTENDS,), f"{rule}. Got {shown(' -> '.join([*seen, source]))}")
        return None
    inner = Findings(source)
    try:
        data = read_document(text, inner)
    except Unreadable:
        data = None
    else:
        if not isinstance(data, dict):
            # Not shown: what is extended may be any file that the user can read.
            inner.report((), "a space file is a mapping with name, layers and training")
    if isinstance(data, dict):
        data = _extended(inner, data, parents_folder, (*seen, source))
    for problem in inner.problems:
        findings.problems[problem] = None
    return (data, inner) if isinstance(data, dict) and not inner.problems else None


def _merged(findings: Findings, own: dict[str, Any], base: dict[str, Any], inner: Findings) -> dict[str, Any]:
    merged = dict(own)
    for key, value in base.items():
        mine = own.get(key)
        if key not in own:
            merged[key] = value
            _adopt(findings, inner, (key,))
        elif key in MERGED and isinstance(mine, dict) and isinstance(value, dict):
            merged[key] = value | mine
            for name in value.keys() - mine.keys():
                _adopt(findings, inner, (key, name))
        elif key == "forbid" and isinstance(mine, list) and isinstance(value, list):
            merged[key] = mine + value
            for index in range(len(value)):
                _adopt(findings, inner, (key, index), (key, len(mine) + index))
        elif key in REMOVABLE and mine is None:
            merged[key] = {}
    # What is given as null is the parent's taken out.
    for key in REMOVABLE:
        if isinstance(merged.get(key), dict) and isinstance(base.get(key), dict):
            merged[key] = {
                name: value for name, value in merged[key].items() if value is not None or name not in base[key]
            }
    return merged


def _adopt(findings: Findings, inner: Findings, path: Path, new: Path | None = None) -> None:
    """Takes over where everything at the path stands, under a new path if one is given."""
    new = path if new is None else new
    for each, place in inner.places.items():
        if each[: len(path)] == path:
            findings.places[new + each[len(path) :]] = place
    findings.origins[new] = inner.origin(path) or inner.source
    for each, origin in inner.origins.items():
        if each[: len(path)] == path:
            findings.origins[new + each[len(path) :]] = origin


def dumped(data: dict[str, Any]) -> str:
    """The data as a space file that stands by itself."""
    lines = []
    for key, value in data.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {_flow(entry)}" for entry in value)] if value else [f"{key}: []"]
        elif isinstance(value, dict) and value:
            lines += [f"{key}:", *(f"  {_flow(name)}: {_flow(entry)}" for name, entry in value.items())]
        else:
            lines.append(f"{key}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # JSON leaves as they are what YAML refuses, or takes for the end of a line: DEL, NEL, U+2028.
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in text)
