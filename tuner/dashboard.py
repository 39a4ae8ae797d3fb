"""optuna-dashboard over a snapshot of a study: to look, from this machine alone, and never to write."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tuner.errors import SetupError, UsageError
from tuner.study import take_snapshot
from tuner.study.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tuner.study import Folder

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HERE = "127.0.0.1"

READING = frozenset({"GET", "HEAD"})

SECONDS_FRESH = 2.0
"""Age at which the snapshot is taken anew when a page asks for data."""


@dataclass(kw_only=True)
class Guard:
    """The dashboard behind three rules: only reading, only by this machine's own name, from a fresh snapshot.

    optuna-dashboard deletes studies without asking who calls, and any web page may make a browser call 127.0.0.1: by a
    name of its own that it lets point there, which is why the Host header must be ours.
    """

    application: Application
    refresh: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    _taken: float = field(default=-SECONDS_FRESH, init=False)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        port = environ["SERVER_PORT"]
        if environ.get("HTTP_HOST") not in {f"{HERE}:{port}", f"localhost:{port}"}:
            return _refused(start_response, "403 Forbidden")
        if environ["REQUEST_METHOD"] not in READING:
            return _refused(start_response, "405 Method Not Allowed")
        if environ["PATH_INFO"].startswith("/api/") and self.clock() - self._taken >= SECONDS_FRESH:
            self.refresh()
            self._taken = self.clock()
        return self.application(environ, start_response)


def guarded(folder: Folder, copy: Path) -> Guard:
    """The dashboard of the study, reading `copy`. Raises SetupError where optuna-dashboard is not installed."""
    try:
        from optuna_dashboard import wsgi
    except ImportError:
        raise SetupError(
            "tune dashboard needs optuna-dashboard, which is not installed. Type: pip install 'kerastune[dashboard]'"
        ) from None
    take_snapshot(folder.database, copy)
    storage = open_storage(copy, writable=True)
    return Guard(application=wsgi(storage), refresh=lambda: take_snapshot(folder.database, copy))


def server(guard: Guard, port: int) -> WSGIServer:
    """Listens on 127.0.0.1 alone; port 0 takes a free one. Raises UsageError where the port is taken."""
    try:
        return make_server(HERE, port, guard, handler_class=_Quiet)
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}. Leave it out to take a free one.") from None


def serve(listening: WSGIServer) -> None:
    """Answers until Ctrl-C. In a thread of its own: wsgiref takes an interrupt in mid-answer for a failed answer."""
    answering = threading.Thread(target=listening.serve_forever, daemon=True)
    try:
        answering.start()
        answering.join()
    except KeyboardInterrupt:
        if answering.is_alive():
            listening.shutdown()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Only what went wrong is of interest."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002
        sys.stderr.write(format % args + "\n")


def _refused(start_response: Callable[..., Any], status: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain")])
    return [status.encode()]
