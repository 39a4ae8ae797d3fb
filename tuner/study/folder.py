"""Where studies live, and what stands where inside one."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.errors import StudyError
from tuner.home import studies_root
from tuner.plan import check_name

if TYPE_CHECKING:
    from collections.abc import Mapping


RETRAINING = "retraining-"
RETRAINED = re.compile(rf"{RETRAINING}[0-9a-f]{{16}}")

SET_ASIDE = ".damaged-"
"""Stands in the name of a database that `tune repair` moved out of the way."""

JOURNALS = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database. Beside another one it would be played into it."""


@dataclass(frozen=True)
class Folder:
    """The layout of a study's folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def called(self) -> str:
        """How it is named on a command line: by its name among the studies, else by its path."""
        return self.name if self.path.parent == studies_root() else shlex.quote(str(self.path))

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

    @property
    def all_checkpoints(self) -> Path:
        """A folder for each trial that has epochs on the disk."""
        return self.path / "checkpoints"

    def checkpoints(self, number: int) -> Path:
        """The epochs of a trial that runs or was cut off, or the last one of a trial whose weights are kept."""
        return self.all_checkpoints / f"{number:05d}"

    def retraining(self, identity: str) -> Path:
        """The epochs of the winner's retraining while it runs or is cut off, of no other one's."""
        return self.all_checkpoints / f"{RETRAINING}{hashlib.sha256(identity.encode()).hexdigest()[:16]}"

    @property
    def retrainings(self) -> list[Path]:
        """Where retrainings that did not end have left their epochs."""
        found = self.all_checkpoints.glob(f"{RETRAINING}*")
        return sorted(path for path in found if RETRAINED.fullmatch(path.name) and not path.is_symlink())

    @property
    def confirmation(self) -> Folder:
        """Where the best trials are trained again: a study of its own, gone when its scores are in this one."""
        return Folder(self.path / "confirmation")

    @property
    def backups(self) -> Path:
        """Copies of the database, made while a search ran."""
        return self.path / "backups"

    @property
    def set_aside(self) -> list[Path]:
        """Databases that `tune repair` moved out of the way, the newest last, without what SQLite kept beside them."""
        found = self.path.glob(f"{self.database.name}{SET_ASIDE}*")
        return sorted(path for path in found if path.is_file() and not path.name.endswith(JOURNALS))

    @property
    def damaged(self) -> Path:
        """What `tune repair` found damaged and moved out of the way."""
        return self.path / "damaged"


def study_folder(name: str, environ: Mapping[str, str] = os.environ) -> Folder:
    """Where the study of that name is or would be."""
    return Folder(studies_root(environ) / check_name(name, "a study's name"))


def find_study(name: str, environ: Mapping[str, str] = os.environ) -> Folder:
    """The study called `name`, or the study whose folder `name` is. Raises StudyError where there is none."""
    if os.sep in name or (os.altsep and os.altsep in name):
        folder = Folder(Path(name).expanduser().absolute())
        if folder.database.exists():
            return folder
        _refuse_lost(folder, shlex.quote(name))
        raise StudyError(f"no study in {folder.path}: it holds no study.db.")
    folder = study_folder(name, environ)
    if folder.database.exists():
        return folder
    _refuse_lost(folder, name)
    known = list_studies(environ)
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else " See: tune studies" if known else ""
    raise StudyError(f"no study '{name}' in {folder.path.parent}.{hint}")


def _refuse_lost(folder: Folder, called: str) -> None:
    """Raises StudyError where there is a study but for its database."""
    if any(folder.backups.glob("study-*.db")):
        raise StudyError(f"{folder.database}: it is missing, but there are backups of it. Try: tune repair {called}")
    if folder.set_aside:
        left = folder.set_aside[-1].name
        raise StudyError(f"{folder.database}: it is missing, but there is {left}. Try: tune repair {called}")


def list_studies(environ: Mapping[str, str] = os.environ) -> list[str]:
    root = studies_root(environ)
    return sorted(path.parent.name for path in root.glob("*/study.db"))


def list_lost(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Those whose database is missing, but not what `tune repair` may have it back from."""
    root = studies_root(environ)
    left = {*root.glob(f"*/study.db{SET_ASIDE}*"), *(path.parent for path in root.glob("*/backups/study-*.db"))}
    return sorted({path.parent.name for path in left if not (path.parent / "study.db").exists()})
