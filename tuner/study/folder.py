"""Where studies live, and what stands where inside one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from tuner.errors import StudyError
from tuner.plan import check_name

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Folder:
    """The layout of a study's folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def database(self) -> Path:
        return self.path / "study.db"

    @property
    def split(self) -> Path:
        return self.path / "split.npz"

    def folds(self, samples: int | None) -> Path:
        """The rows of a cross-validation's folds, where they are cut from so many images; None is all."""
        return self.path / ("folds.npz" if samples is None else f"folds-{samples}.npz")

    @property
    def best(self) -> Path:
        """The retrained winner: model, configuration, predictions, manifest."""
        return self.path / "best"

    @property
    def report(self) -> Path:
        return self.path / "report"

    @property
    def logs(self) -> Path:
        """What the worker processes wrote to their standard error."""
        return self.path / "logs"

    @property
    def inbox(self) -> Path:
        """Where guesses of users wait for the process that holds the study."""
        return self.path / "inbox"

    def checkpoints(self, number: int) -> Path:
        """The epochs of a trial that runs or was cut off."""
        return self.path / "checkpoints" / f"{number:05d}"


def studies_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`$TUNE_HOME/studies`, or the folder for programs' data of this system."""
    home = environ.get("TUNE_HOME")
    return (Path(home).expanduser().absolute() if home else user_data_path("kerastune")) / "studies"


def study_folder(name: str, environ: Mapping[str, str] = os.environ) -> Folder:
    """Where the study of that name is or would be."""
    return Folder(studies_root(environ) / check_name(name, "a study's name"))


def find_study(name: str, environ: Mapping[str, str] = os.environ) -> Folder:
    """The study called `name`, or the study whose folder `name` is. Raises StudyError where there is none."""
    if os.sep in name or (os.altsep and os.altsep in name):
        folder = Folder(Path(name).expanduser().absolute())
        if folder.database.exists():
            return folder
        raise StudyError(f"no study in {folder.path}: it holds no study.db.")
    folder = study_folder(name, environ)
    if folder.database.exists():
        return folder
    known = list_studies(environ)
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else " See: tune studies" if known else ""
    raise StudyError(f"no study '{name}' in {folder.path.parent}.{hint}")


def list_studies(environ: Mapping[str, str] = os.environ) -> list[str]:
    root = studies_root(environ)
    return sorted(path.parent.name for path in root.glob("*/study.db"))
