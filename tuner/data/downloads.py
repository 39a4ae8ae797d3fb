"""Published files from the first mirror that sends them whole. The only module that uses the network."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from tuner.files import checksum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tuner.data.card import Card, Download

CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a mirror may take, so that a machine without a network, or a mirror that hangs, keeps nobody waiting."""

    answer_seconds: float = 6.0
    """For all mirrors together to answer at all."""
    silence_seconds: float = 10.0
    """Without a byte."""
    trial_seconds: float = 30.0
    """Before a mirror is left for being slow."""
    slowest: int = 2_000
    """Bytes a second."""


Progress = Callable[[str, int, int], None]
"""Told (file, bytes so far, bytes in all) as a download goes on."""


class DownloadError(Exception):
    """No mirror sent a file whole."""

    def __init__(self, tried: dict[str, str]) -> None:
        super().__init__("no mirror sent the files")
        self.tried = tried
        """What was wrong, by mirror."""


class MirrorError(Exception):
    """One mirror will not do. Its text says why."""


@contextmanager
def download(
    card: Card, cache: Path, environ: Mapping[str, str], progress: Progress, patience: Patience
) -> Iterator[tuple[Path, str]]:
    """A folder with every published file, its checksum verified, and the mirrors they came from.

    Files that arrived stay in the cache until the block ends without an error, so that the next attempt asks only for
    what is missing. TUNE_MIRROR names a folder on a web server that is asked instead of the public mirrors; a data
    set's files lie there in a folder of its name. Raises DownloadError.
    """
    folder = cache / ".downloads" / card.name
    folder.mkdir(parents=True, exist_ok=True)
    mirrors = (f"{environ['TUNE_MIRROR'].rstrip('/')}/{card.name}/",) if environ.get("TUNE_MIRROR") else card.mirrors
    wanted = [file for file in card.downloads if not _is_here(folder / file.file, file)]
    used = (
        _Mirrors(mirrors=mirrors, progress=progress, patience=patience).fetch(wanted, folder)
        if wanted
        else ("an earlier download",)
    )
    yield folder, ", ".join(used)
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class _Mirrors:
    mirrors: tuple[str, ...]
    progress: Progress
    patience: Patience
    tried: dict[str, str] = field(default_factory=dict)
    """What was wrong, by mirror."""

    def fetch(self, files: list[Download], folder: Path) -> tuple[str, ...]:
        answering = self._answering(files[0])
        return tuple(dict.fromkeys(self._first_that_sends(answering, file, folder) for file in files))

    def _first_that_sends(self, answering: tuple[str, ...], file: Download, folder: Path) -> str:
        for mirror in answering:
            # A mirror that failed with one file is not asked for the next: half a minute of silence is enough.
            if mirror in self.tried:
                continue
            try:
                _retrieve(
                    mirror + file.file, folder, _Transfer(file=file, progress=self.progress, patience=self.patience)
                )
            except MirrorError as error:
                self.tried[mirror] = f"{file.file}: {error}"
            else:
                return mirror
        raise DownloadError(self.tried)

    def _answering(self, file: Download) -> tuple[str, ...]:
        """The mirrors that answer, in order. Asked at once, in threads: a name server may take long to give up."""
        answers: dict[str, str] = {}
        seconds = self.patience.answer_seconds
        threads = [
            threading.Thread(target=_ask, args=(mirror + file.file, mirror, answers, seconds), daemon=True)
            for mirror in self.mirrors
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        silent = f"no answer within {seconds:g} seconds"
        self.tried.update(
            {mirror: answers.get(mirror, silent) for mirror in self.mirrors if answers.get(mirror, silent)}
        )
        return tuple(mirror for mirror in self.mirrors if mirror not in self.tried)


def _ask(url: str, mirror: str, answers: dict[str, str], seconds: float) -> None:
    """Notes under the mirror's name what is wrong with it; an empty text when it answers, whatever it says."""
    import requests

    try:
        requests.head(url, timeout=seconds)
    except requests.RequestException as error:
        answers[mirror] = _in_words(error)
    else:
        answers[mirror] = ""


def _retrieve(url: str, folder: Path, transfer: _Transfer) -> None:
    """Puts the file into the folder, under its name only when it is whole. Raises MirrorError."""
    import pooch
    import requests
    import urllib3

    # Its lines would run through the live display; an error that matters reaches the user from here.
    pooch.get_logger().setLevel(logging.CRITICAL)
    file = transfer.file
    try:
        pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.file, path=folder, downloader=transfer)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise MirrorError(_in_words(error)) from None
    except ValueError as error:
        # pooch has no exception of its own for a wrong checksum.
        text = "it sent something else (wrong checksum)" if "hash" in str(error) else str(error).splitlines()[0]
        raise MirrorError(text) from None


@dataclass(frozen=True, kw_only=True)
class _Transfer:
    """Receives one file: what pooch calls a downloader. Its own looks at the clock only after every full chunk."""

    file: Download
    progress: Progress
    patience: Patience

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        import requests

        timeouts = (self.patience.answer_seconds, self.patience.silence_seconds)
        # No compression on the way: the files are packed, and their sums are of the packed bytes.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(url, stream=True, timeout=timeouts, headers=headers) as response:
            response.raise_for_status()
            with open(output_file, "wb") as output:  # noqa: PTH123, the path is pooch's
                self._receive(response, output)

    def _receive(self, response: Any, output: IO[bytes]) -> None:
        started = time.monotonic()
        done = 0
        while data := response.raw.read1(CHUNK):
            output.write(data)
            done += len(data)
            self._check(done, time.monotonic() - started)
            self.progress(self.file.file, done, self.file.n_bytes)

    def _check(self, done: int, seconds: float) -> None:
        if done > self.file.n_bytes:
            raise MirrorError(f"it sent more than the {self.file.n_bytes:,} bytes of the file")
        if seconds > self.patience.trial_seconds and done < seconds * self.patience.slowest:
            raise MirrorError(f"it sent only {done:,} bytes in {seconds:.0f} seconds")


def _is_here(path: Path, file: Download) -> bool:
    return path.is_file() and checksum(path) == file.sha256


def _in_words(error: Exception) -> str:
    import requests
    import urllib3

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return "it fell silent"
    if "NameResolution" in str(error) or "getaddrinfo" in str(error):
        return "its name is not known here (no network?)"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error).splitlines()[0]
