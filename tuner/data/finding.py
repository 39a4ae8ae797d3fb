"""The way to a data set: given, prepared before, on this machine, downloaded. One error when all of it fails."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner.data import downloads, places
from tuner.data.catalog import describe
from tuner.data.images import ImageData, open_prepared
from tuner.data.manifest import DamagedError
from tuner.data.originals import check_originals
from tuner.data.preparing import Origin, prepare
from tuner.errors import BusyError, DataError
from tuner.files import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tuner.data.card import Card
    from tuner.data.downloads import Progress

PATIENCE = 900.0
"""Seconds to wait for another process that prepares the same data: a slow download may take long."""


def find(
    dataset: str,
    *,
    data: Path | None = None,
    cache: Path | None = None,
    download: bool = True,
    progress: Progress | None = None,
    environ: Mapping[str, str] = os.environ,
) -> ImageData:
    """The data set, prepared: from `data` or TUNE_DATA, our cache, Keras's cache, the system's folders, or a mirror.

    Raises UsageError for an unknown name, DataError when it is nowhere or what was found is damaged, BusyError when
    another process prepares it for longer than PATIENCE.
    """
    card = describe(dataset)
    return Search(
        card=card,
        cache=cache or places.cache_folder(environ),
        environ=environ,
        may_download=download,
        progress=progress or _silent,
    ).run(data)


def fetch(
    dataset: str,
    *,
    data: Path | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    environ: Mapping[str, str] = os.environ,
) -> ImageData:
    """As `find`, but every byte of what was prepared before is verified, and prepared again when damaged."""
    found = find(dataset, data=data, cache=cache, progress=progress, environ=environ)
    try:
        found.verify()
    except DataError:
        # Without its manifest a folder counts as damaged, and `find` makes it anew.
        (found.folder / "data.json").unlink(missing_ok=True)
        found = find(dataset, data=data, cache=cache, progress=progress, environ=environ)
        found.verify()
    return found


def _silent(_file: str, _done: int, _total: int) -> None:
    """Nobody is watching."""


class NotFoundError(DataError):
    """The data set is nowhere where it was looked for."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """One data set's way through all places. `find` makes it from a name."""

    card: Card
    cache: Path
    environ: Mapping[str, str]
    may_download: bool = True
    progress: Progress = _silent
    patience: downloads.Patience = field(default_factory=downloads.Patience)
    looked: dict[str, str] = field(default_factory=dict)
    """What was found instead, by place, in the order in which they were looked at."""

    def run(self, data: Path | None = None) -> ImageData:
        with _disk_errors(self.cache):
            return self._run(places.given(data, self.environ))

    def _run(self, given: places.Place | None) -> ImageData:
        if given and (found := self._given(given)):
            return found
        folder = self.cache / self.card.name
        return self._once(folder, lambda: self._make(folder))

    def _once(self, folder: Path, make: Callable[[], ImageData]) -> ImageData:
        # Most often it is there: no lock, so that readers never wait for each other.
        if found := self._prepared(folder):
            return found
        with _locked(folder):
            return self._prepared(folder) or make()

    def _given(self, place: places.Place) -> ImageData | None:
        find = places.look_below(place.path, self.card)
        if isinstance(find, str):
            if place.what == "TUNE_DATA":
                # It may well be set for another data set; what was given for this one must be there.
                self._note(place, find)
                return None
            raise DataError(
                f"{place.path} (--data) must hold {places.wanted(self.card)}, for {self.card.title}. Got: {find}"
            )
        folder = self.cache / f"{self.card.name}@{_identity(find)}"
        return self._once(folder, lambda: self._read(place.source, find, folder, variants=True))

    def _prepared(self, folder: Path) -> ImageData | None:
        place = places.Place(path=folder, what="our cache")
        if not folder.exists():
            self._note(place, "not there")
            return None
        try:
            return open_prepared(folder, self.card)
        except DamagedError as damage:
            self._note(place, f"damaged: {damage}")
            return None

    def _make(self, folder: Path) -> ImageData:
        if self.card.made:
            prepare(self.card.made(), self.card, folder, Origin(source="made by scikit-learn", variants=True))
            return open_prepared(folder, self.card)
        for place in places.on_this_machine(self.card, self.environ):
            find = places.look(place.path, self.card)
            if not isinstance(find, str):
                return self._read(place.source, find, folder, variants=False)
            self._note(place, find)
        return self._downloaded(folder)

    def _read(self, source: str, find: places.Find, folder: Path, *, variants: bool) -> ImageData:
        sweep(folder.parent, folder.name)
        note = check_originals(find.members, self.card, variants=variants)
        origin = Origin(source=source, variants=variants, note=note)
        prepare(find.format.read(find.members, self.card), self.card, folder, origin)
        return open_prepared(folder, self.card)

    def _downloaded(self, folder: Path) -> ImageData:
        if not self.may_download:
            self.looked["the network"] = "not asked, downloading is switched off"
            raise self._nowhere()
        try:
            asked = downloads.download(self.card, self.cache, self.environ, self.progress, self.patience)
            with asked as (path, mirrors):
                find = places.look(path, self.card)
                if isinstance(find, str):
                    raise DataError(f"{path}: {find}")
                return self._read(f"{mirrors} (downloaded)", find, folder, variants=False)
        except downloads.DownloadError as error:
            self.looked.update(error.tried)
            raise self._nowhere() from None

    def _note(self, place: places.Place, what: str) -> None:
        self.looked[place.source] = what

    def _nowhere(self) -> NotFoundError:
        card = self.card
        ways = [
            f"give the files: --data PATH, a folder with {places.wanted(card)}",
            f"connect to a network, then: tune data fetch {card.name}",
        ]
        if card.package:
            ways.insert(0, f"on Debian or Ubuntu: apt-get install {card.package}")
        else:
            ways.insert(1, f"copy {self.cache / card.name} from a machine that has it")
        return NotFoundError(
            "\n".join(
                (
                    f"{card.title} was not found. Looked in:",
                    *(f"  {place}: {what}" for place, what in self.looked.items()),
                    "To help yourself, do one of:",
                    *(f"  {way}" for way in ways),
                )
            )
        )


def _identity(find: places.Find) -> str:
    """Twelve characters that change when a given file does, so that prepared arrays never change under a study."""
    stats = ((path.resolve(), path.stat()) for path in find.members.files)
    text = "\n".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    locks = folder.parent / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(locks / f"{folder.name}.lock", timeout=PATIENCE):
            yield
    except Timeout:
        raise BusyError(f"another process has been preparing {folder.name} for long. Try again later") from None


@contextmanager
def _disk_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = error.filename or cache
        reason = error.strerror or error
        raise DataError(f"{name}: {reason}. Prepared data is kept in {cache}; TUNE_HOME names another place") from None
