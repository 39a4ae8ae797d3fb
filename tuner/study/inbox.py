"""Guesses of users on their way into a study: a file each, put there by anybody, taken in by whoever holds the study.

Only one process writes to a study. A guess has an identity, which its row keeps: whoever is killed between adding the
row and removing the file does not try it twice.
"""

from __future__ import annotations

import json
import re
import stat
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from search_spaces import SpaceError
from tuner import crashing
from tuner.distributions import new_row
from tuner.events import Enqueued, SetAside
from tuner.files import new_file
from tuner.study.records import attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from search_spaces import Configuration, SearchSpace, Value
    from tuner.study.folder import Folder
    from tuner.study.study import Study

LARGEST = 256 * 1024
"""Bytes. A guess has some hundred; what is larger is none."""

NAME = re.compile(r"[0-9]{20}-[0-9a-f]{32}\.json")

REFUSED = "refused"
"""The folder inside the inbox for what is no guess."""


def put(study: Study, values: Mapping[str, Value]) -> str:
    """Leaves the values in the study's inbox and returns their identity there. Earlier ones are taken in first."""
    guess = f"{time.time_ns():020}-{uuid.uuid4().hex}"
    content = {"space": study.plan.space_fingerprint, "values": dict(values)}
    with new_file(study.folder.inbox / f"{guess}.json") as work:
        work.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
    return guess


def pending(study: Study, space: SearchSpace) -> Iterator[Configuration]:
    """The guesses that wait in the inbox."""
    for path in _files(study.folder):
        with suppress(ValueError, SpaceError):
            yield space.check_values(_read(path, study.plan.space_fingerprint))


def n_files(folder: Folder) -> int:
    """How many guesses wait in the inbox, sound or not."""
    return len(_files(folder))


def take_in(study: Study, space: SearchSpace) -> Iterator[Enqueued | SetAside]:
    """What waits in the inbox, as trials that wait; and what is no guess for this study, out of the way.

    The caller holds the study's lock.
    """
    files = _files(study.folder)
    known = study.guesses() if files else {}
    for path in files:
        if path.stem in known:
            _remove(path)
            continue
        try:
            configuration = space.check_values(_read(path, study.plan.space_fingerprint))
        except (ValueError, SpaceError) as error:
            if _set_aside(path):
                yield SetAside(file=path.name, why=" ".join(str(error).split()))
            continue
        row = new_row(space, configuration, attributes(enqueued=True, guess=path.stem), waiting=True)
        number = study.queue(row)
        crashing.here("guess-queued")
        _remove(path)
        crashing.here("guess-taken-in")
        yield Enqueued(number=number, guess=path.stem)


def _files(folder: Folder) -> list[Path]:
    """In the order of their arrival. Hidden ones are being written, or belong to a file manager."""
    try:
        paths = sorted(folder.inbox.iterdir())
    except OSError:  # there is none yet
        return []
    return [path for path in paths if not path.name.startswith(".") and path.name != REFUSED]


def _read(path: Path, space_fingerprint: str) -> Mapping[str, Value]:
    """Raises ValueError where the file is no guess for the space."""
    try:
        # Asked before it is opened: a named pipe would wait for its writer for ever.
        if not NAME.fullmatch(path.name) or not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError("it was not put there by tune enqueue")
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    match _decoded(text):
        case {"space": space, "values": dict(values)}:
            if space != space_fingerprint:
                raise ValueError("it is meant for another space")
            return values
    raise ValueError("it is damaged")


def _decoded(text: bytes) -> Any:
    """None where it is no JSON of a guess's size."""
    try:
        return json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        return None


def _set_aside(path: Path) -> bool:
    """Whether it could be moved out of the way. What cannot be is passed over without a word, each time."""
    try:
        refused = path.parent / REFUSED
        refused.mkdir(exist_ok=True)
        path.rename(refused / path.name)
    except OSError:
        return False
    return True


def _remove(path: Path) -> None:
    """Where the folder is another user's the file stays. Its id keeps it from being tried twice."""
    with suppress(OSError):
        path.unlink()
