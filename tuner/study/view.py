"""What a study tells of itself, however it was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from tuner.errors import StudyError
from tuner.plan import Plan
from tuner.study.lock import is_held
from tuner.trial import FINISHED

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.study.folder import Folder
    from tuner.trial import Trial

CUT_SHORT = "its process ended before the search did, or the disk was full"

NEEDED = frozenset({"plan", "space", "created"})
"""Attributes that a study of ours begins with."""


class StudyView(ABC):
    """A study in its folder: its plan, what was remembered with it, its trials."""

    folder: Folder
    _attributes: dict[str, Any]

    @abstractmethod
    def trials(self) -> list[Trial]:
        """All trials by number, those turned down included."""

    def n_finished(self) -> int:
        """Trials that count towards the budget."""
        return sum(trial.state in FINISHED for trial in self.trials())

    @property
    def plan(self) -> Plan:
        try:
            return Plan.from_json(self._attributes["plan"])
        except TypeError:
            raise StudyError(f"{self.folder.database}: its plan was written by another version of tune.") from None

    @property
    def stopped_by(self) -> str:
        """Why its search last ended; empty where one goes on."""
        said = str(self.fact("run", {}).get("stopped_by", ""))
        return said or ("" if is_held(self.folder.path) else CUT_SHORT)

    @property
    def space_text(self) -> str:
        """The space file as it was when the study began."""
        return str(self._attributes["space"])

    @property
    def created(self) -> str:
        """Local date and time, ISO 8601 with offset."""
        return str(self._attributes["created"])

    def fact(self, name: str, default: Any = None) -> Any:
        """A value that somebody remembered under `name`."""
        return self._attributes.get(name, default)


def no_study(database: Path) -> StudyError:
    return StudyError(f"{database}: no study there.")


def not_ours(database: Path) -> StudyError:
    return StudyError(f"{database}: an Optuna database, but not of a study of tune.")
