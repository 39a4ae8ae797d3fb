"""A study that is ours while a block runs: its lock is, and nobody else is seen to write to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuner.study import lock
from tuner.study.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """The study in `folder` is ours. Raises BusyError where a process that lives holds it or writes to its database,
    also one whose lock cannot be seen from this machine; StudyError where nothing can be locked there.
    """
    from tuner.study.guard import refuse_living

    with lock.hold(folder, name, admit=lambda: refuse_living(Folder(folder).database, name)):
        yield
