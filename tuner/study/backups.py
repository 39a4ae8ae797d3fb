"""Copies of a study's database, made while a search runs: each whole or not there, checked, its sum in its name."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import threading
import time
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tuner.errors import BusyError, StudyError, TuneError
from tuner.files import checksum, new_file, sweep
from tuner.study.copying import is_current
from tuner.study.folder import Folder, find_study, study_folder
from tuner.study.leftovers import backup_entries, remove
from tuner.study.looking import check_rows
from tuner.study.trouble import sqlite_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

INTERVAL = 600.0
"""Seconds between two backups of a search that goes on."""

FIRST = 10.0
"""Seconds after which the first is made: it reads the study to its last row, and would have the processor just when the
first trial is proposed.
"""

HURRY = 0.5
"""Seconds that an interrupted run waits for one that is being made. Cut off, it leaves a file that is swept away."""

KEPT = 3

NAME = re.compile(r"study-(\d{6})-(\d{8}T\d{6}Z)-([0-9a-f]{16})\.db")

SPLIT = {"train.npy", "validation.npy", "fingerprint.npy"}
"""What the archive of a study's split holds."""

ROOM = 2
"""Times its own size that must be free for a backup: it leaves the study itself some."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    path: Path
    number: int
    """Counted up, so that the order stands whatever the clock did."""
    made: datetime
    sum: str
    """The first 16 digits of the file's sha256."""

    @property
    def is_whole(self) -> bool:
        """Whether its bytes are those that were found to be a sound database when it was made."""
        if self.path.is_symlink() or not self.path.is_file():
            return False
        try:
            return checksum(self.path).startswith(self.sum)
        except OSError:
            return False


def list_backups(folder: Folder) -> list[Backup]:
    """Those of the study, whole or not, newest first."""
    found = [_backup(path) for path in backup_entries(folder)]
    return sorted((each for each in found if each is not None), key=lambda each: each.number, reverse=True)


def newest_whole(folder: Folder) -> Backup | None:
    """The newest backup that is not damaged."""
    return next((each for each in list_backups(folder) if each.is_whole), None)


def _backup(path: Path) -> Backup | None:
    match = NAME.fullmatch(path.name)
    try:
        made = datetime.strptime(match[2], "%Y%m%dT%H%M%S%z") if match else None
    except ValueError:  # a 13th month: it is none of ours
        return None
    return Backup(path=path, number=int(match[1]), made=made, sum=match[3]) if match and made else None


def take(folder: Folder, *, interval: float = INTERVAL, now: datetime | None = None) -> Backup | None:
    """Puts a copy of the database into `backups` and drops those that are not needed any more.

    None where the newest holds the same already. Raises StudyError where the database is damaged or cannot be copied.
    The caller holds the study's lock.
    """
    content = _content(folder)
    total = hashlib.sha256(content).hexdigest()[:16]
    past = list_backups(folder)
    if past and past[0].sum == total and past[0].is_whole:
        return None
    number, made = (past[0].number + 1 if past else 1), (now or datetime.now(UTC)).astimezone(UTC)
    path = folder.backups / f"study-{number:06}-{made:%Y%m%dT%H%M%SZ}-{total}.db"
    _write(folder, path, content)
    new = _backup(path)
    for each in not_needed([*([new] if new else []), *past], interval):
        remove(each.path)
    return new


def _content(folder: Folder) -> bytes:
    """The database as it was at one moment, and sound: a copy that breaks a seal would push out those that do not.

    Read by SQLite and never by opening the file: to close it would drop the locks that this whole process has on it
    (https://sqlite.org/howtocorrupt.html, 2.2). It goes to memory first, because whoever writes waits while it is read.
    """
    database = folder.database
    source = f"{database.absolute().as_uri()}?mode=ro"
    with sqlite_errors(database), closing(sqlite3.connect(":memory:")) as held:
        with closing(sqlite3.connect(source, uri=True, timeout=60)) as reading:
            reading.backup(held)
        (verdict,) = held.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StudyError(f"{database}: damaged: {verdict.splitlines()[-1]}.")
        if is_current(
            held
        ):  # nobody here can read the rows of others, which `tune repair` keeps before it changes them
            check_rows(folder, held)
        return held.serialize()


def _write(folder: Folder, path: Path, content: bytes) -> None:
    try:
        folder.backups.mkdir(exist_ok=True)
        sweep(folder.backups, "study")
        if shutil.disk_usage(folder.backups).free < ROOM * len(content):
            raise StudyError(f"{folder.backups}: no room for a copy of {len(content):,} bytes.")
        with new_file(path) as work:
            work.write_bytes(content)
    except OSError as error:
        raise StudyError(f"{folder.backups}: {error.strerror or error}.") from None


def not_needed(backups: Sequence[Backup], interval: float = INTERVAL) -> list[Backup]:
    """Those of the backups, newest first, that can go. A damaged one pushes out no good one: it counts for nothing, and
    goes when there are enough that are younger and good.
    """
    whole = [each for each in backups if each.is_whole]
    gone = surplus(whole, interval) if whole else []
    kept = [each for each in whole if each not in gone]
    damaged = (each for each in backups if each not in whole)
    return [*gone, *(each for each in damaged if len(kept) == KEPT and each.number < kept[-1].number)]


def surplus(backups: Iterable[Backup], interval: float = INTERVAL) -> list[Backup]:
    """Those of the backups, newest first, that can go: all but three, and what sessions that began one soon after
    another left between them, so that the three reach back for longer than a moment.
    """
    newest, *rest = backups
    spaced: list[Backup] = []
    for each in reversed(rest):
        after = (each.made - spaced[-1].made).total_seconds() if spaced else interval
        if after >= interval or after < 0:  # below 0: the clock was set back, and tells nothing
            spaced.append(each)
    kept = [newest, *reversed(spaced)][:KEPT]
    return [each for each in rest if each not in kept]


class Backups:
    """Takes them while the block runs, whenever `tick` finds that one is due, and a last one at its orderly end: also
    where a first signal asks for that, but not where the study cannot be written or is another's, or in a hurry.

    The caller holds the study's lock and calls `tick` as often as it likes. No failure goes further than `tell`, which
    is called from `tick` with one line, once for each kind of failure.
    """

    def __init__(
        self,
        folder: Folder,
        tell: Callable[[str], None],
        *,
        interval: float = INTERVAL,
        first: float = FIRST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._tell = tell
        self._interval = interval
        self._clock = clock
        self._due = clock() + first
        self._thread: threading.Thread | None = None
        self._seen: tuple[int, int] | None = None
        """Time and size of the database when it was last copied."""
        self._failure = ""
        self._told: set[str] = set()

    def tick(self) -> None:
        if self._clock() < self._due and not self._failure:
            return
        self._report()
        if self._clock() >= self._due and (self._thread is None or not self._thread.is_alive()):
            self._due = self._clock() + self._interval
            # Of its own thread, and with its own connection: the loop need not wait for the disk.
            self._thread = threading.Thread(target=self._take, daemon=True)
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        orderly = kind is None or (issubclass(kind, TuneError) and not issubclass(kind, (StudyError, BusyError)))
        if self._thread is not None:
            self._thread.join(None if orderly else HURRY)
        if orderly:
            self._take()
        self._report()

    def _take(self) -> None:
        try:
            stat = self._folder.database.stat()
            state = stat.st_mtime_ns, stat.st_size
            if state != self._seen:
                take(self._folder, interval=self._interval)
                self._seen = state
        except (StudyError, OSError, MemoryError) as error:
            self._failure = str(error)

    def _report(self) -> None:
        failure, self._failure = self._failure, ""
        if failure and failure not in self._told:
            self._told.add(failure)
            self._tell(f"no backup of the study was made, and the search goes on: {failure}")


def find_remains(name: str) -> Folder:
    """The study called `name`, also where its database is missing, but not all else that shows that there was one.
    Raises StudyError where nothing does.
    """
    try:
        return find_study(name)
    except StudyError:
        is_path = os.sep in name or (os.altsep and os.altsep in name)
        folder = Folder(Path(name).expanduser().absolute()) if is_path else study_folder(name)
        if shows_a_study(folder) or folder.set_aside:
            return folder
        raise


def shows_a_study(folder: Folder) -> bool:
    """Whether something in the folder shows, without a database that can be read, that a study of ours is there."""
    return bool(list_backups(folder)) or _is_split(folder.split)


def _is_split(path: Path) -> bool:
    """By the names of its arrays: whose data they index does not matter."""
    if not path.is_file():  # a pipe would be waited for, for ever
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) == SPLIT
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile):
        return False
