"""What can go wrong for a user, each with its exit code. Everything else is a fault of ours."""

from __future__ import annotations

from typing import ClassVar


class TuneError(Exception):
    """The run failed: no trial has a score, or the failure brake ended it. Its text is one line for the user."""

    exit_code: ClassVar[int] = 1


class UsageError(TuneError):
    """The command line, a space file or a configuration is not right."""

    exit_code = 2


class DataError(TuneError):
    """The data set is missing, corrupt or cannot be read."""

    exit_code = 3


class StudyError(TuneError):
    """The study is missing, corrupt or incompatible with what was asked."""

    exit_code = 4


class SetupError(TuneError):
    """The machine lacks what was asked for: a GPU, a package, an extra."""

    exit_code = 5


class BusyError(TuneError):
    """Somebody else holds the study. Trying again later may help."""

    exit_code = 75


class HeldError(BusyError):
    """A process that lives holds the study."""


class Interrupted(TuneError):
    """A signal ended the run; all that was done is kept."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
