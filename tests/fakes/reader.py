"""A process that reads a study five times a second, for as long as its standard input is open.

python tests/fakes/reader.py STUDY        what `tune show STUDY --json` does
python tests/fakes/reader.py STUDY COPY   the copy that a dashboard takes
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tuner.cli.boundary import run_program
from tuner.study import Folder, take_snapshot

EVERY = 0.2


@dataclass(frozen=True)
class Report:
    n: int
    """Times that it read."""
    errors: list[str]


class Reader:
    """Such a process, seen from outside."""

    def __init__(self, study: Folder, copy: Path | None = None) -> None:
        words = [str(study.path), *([str(copy)] if copy else [])]
        self._process = subprocess.Popen(
            [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def end(self) -> Report:
        out, _ = self._process.communicate()
        return Report(**json.loads(out))


def main() -> None:
    study, copy = Folder(Path(sys.argv[1])), [Path(word) for word in sys.argv[2:]]
    open_still = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), open_still.set()), daemon=True).start()
    n, errors = 0, []
    while not open_still.is_set():
        began = time.monotonic()
        if study.database.exists():
            n += 1
            errors += [_copy(study, copy[0])] if copy else [_show(study)]
        open_still.wait(max(0.0, EVERY - (time.monotonic() - began)))
    sys.stdout.write(json.dumps({"n": n, "errors": [error for error in errors if error]}))


def _show(study: Folder) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_program(["show", str(study.path), "--json"])
    with contextlib.suppress(ValueError):
        return "" if code == 0 and json.loads(out.getvalue())["trials"] is not None else err.getvalue()
    return f"exit {code}: {err.getvalue()}"


def _copy(study: Folder, copy: Path) -> str:
    try:
        take_snapshot(study.database, copy)
    except Exception as error:  # noqa: BLE001
        return repr(error)
    return ""


if __name__ == "__main__":
    main()
