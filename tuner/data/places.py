"""Where a data set's files may lie on this machine, in the order in which they are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from tuner.data.formats import FORMATS, Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.data.card import Card
    from tuner.data.formats.members import Members

SYSTEM_FOLDERS = "/usr/local/share:/usr/share"
"""Source: XDG base directory specification, the default of XDG_DATA_DIRS."""
NAMED = 5
"""Foreign files named in an error before it says that there are more."""


@dataclass(frozen=True, kw_only=True)
class Place:
    path: Path
    what: str
    """Why we look there, for a person."""

    @property
    def source(self) -> str:
        return f"{self.path} ({self.what})"


@dataclass(frozen=True, kw_only=True)
class Find:
    """Files in a format we read."""

    format: Format
    members: Members


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where prepared data sets are kept: TUNE_HOME/data, or the user's cache folder."""
    home = environ.get("TUNE_HOME")
    return Path(home).expanduser() / "data" if home else platformdirs.user_cache_path("kerastune") / "data"


def given(data: Path | None, environ: Mapping[str, str]) -> Place | None:
    """What the user points to. It goes before all else."""
    if data:
        return Place(path=data.expanduser(), what="--data")
    if environ.get("TUNE_DATA"):
        return Place(path=Path(environ["TUNE_DATA"]).expanduser(), what="TUNE_DATA")
    return None


def on_this_machine(card: Card, environ: Mapping[str, str]) -> tuple[Place, ...]:
    """Keras's cache, then the operating system's folders for data sets."""
    keras = keras_folder(environ)
    systems = environ.get("XDG_DATA_DIRS") or SYSTEM_FOLDERS
    return (
        *(Place(path=keras / name, what="Keras's cache") for name in card.keras),
        *(
            Place(path=Path(folder) / "datasets" / card.name, what="the operating system's data sets")
            for folder in systems.split(":")
            if folder
        ),
    )


def keras_folder(environ: Mapping[str, str]) -> Path:
    """Source: keras.src.backend.config.keras_home and keras.utils.get_file."""
    home = environ.get("KERAS_HOME")
    if home:
        return Path(home).expanduser() / "datasets"
    return Path(environ.get("HOME") or Path.home()) / ".keras" / "datasets"


def look(path: Path, card: Card) -> Find | str:
    """The data set's files at a file or folder; otherwise, in words, what is there instead."""
    if not path.exists():
        return "not there"
    formats = [FORMATS[name] for name in card.formats]
    found = [Find(format=form, members=form.members(path)) for form in formats]
    for find in found:
        if find.members.complete:
            return find
    for find in found:
        if find.members.files:
            return f"{find.format.wanted} in part; missing: {', '.join(find.members.missing)}"
    return _instead(path)


def look_below(path: Path, card: Card) -> Find | str:
    """As `look`, but a folder of the data set's own name inside goes first: one folder may hold several data sets."""
    inner = look(path / card.name, card)
    return look(path, card) if isinstance(inner, str) else inner


def wanted(card: Card) -> str:
    return ", or ".join(FORMATS[name].wanted for name in card.formats)


def _instead(path: Path) -> str:
    if not path.is_dir():
        return "not a file of this data set; give the folder that holds its files"
    try:
        held = sorted(child.name for child in path.iterdir())
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not held:
        return "an empty folder"
    more = f" and {len(held) - NAMED} more" if len(held) > NAMED else ""
    return f"only {', '.join(held[:NAMED])}{more}"
