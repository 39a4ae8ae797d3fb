"""`tune` over the fake worker: the program as a user runs it, but for training, which takes no time. It has one worker
and confirms nothing, unless it is told otherwise.

    python tests/fakes/program.py digits --space small.yaml --trials 5

Where FAKE_REPORT is "none" no report is drawn, which takes as long as all else together. FAKE_PATIENCE, JSON, has the
seconds after which a worker is taken to hang: {"least": 1, "unknown": 2}. With `--serve` as its only word it loads
everything once and then forks a `tune` for each line of its input; starting.py speaks to it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import limits
import optuna

import tuner.run
from tuner.cli.boundary import run_program
from tuner.finish import course
from tuner.patience import Patience
from tuner.slots import splits

WORKER = (sys.executable, str(Path(__file__).parent / "worker.py"))


LOADED = (
    "PIL.JpegImagePlugin",
    "_strptime",
    "alembic.command",
    "alembic.config",
    "alembic.migration",
    "alembic.script",
    "encodings.ascii",
    "encodings.cp437",
    "jinja2",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "optuna.importance",
    "optuna.storages._rdb.models",
    "pynvml",
    "reports.drawing",
    "reports.page_files",
    "reports.sections.comparison",
    "search_spaces.parsing.reader",
    "sklearn.metrics",
    "sqlalchemy.dialects.sqlite",
    "tuner.cli.app",
    "tuner.cli.clean_command",
    "tuner.cli.compare_command",
    "tuner.cli.enqueue_command",
    "tuner.cli.plan_command",
    "tuner.cli.repair_command",
    "tuner.cli.resume_command",
    "tuner.cli.run_command",
    "tuner.cli.screen",
    "tuner.cli.session",
    "tuner.cli.space_tables",
    "tuner.cli.space_commands",
    "tuner.cli.study_commands",
    "tuner.cli.study_tables",
    "tuner.data.finding",
    "tuner.data.splitting",
    "tuner.engines.optuna.engine",
    "tuner.engines.usual",
    "tuner.finish.report",
    "tuner.finish.retrain",
    "tuner.repairing",
    "tuner.study.creating",
    "tuner.study.ledger",
)
"""What `tune` imports when it needs it."""


def main(words: list[str]) -> int:
    sys.argv = ["tune", *words]
    limits.impose()
    splits.LEAST_AT_ONCE = dict.fromkeys(splits.Network, 1)
    course.LADDER = ()
    tuner.run.run = partial(tuner.run.run, command=WORKER, **_report())
    patience = json.loads(os.environ.get("FAKE_PATIENCE", "{}"))
    Patience.__init__.__kwdefaults__.update(patience)  # type: ignore[misc]
    return run_program(words)


def _report() -> dict[str, object]:
    if os.environ.get("FAKE_REPORT") != "none":
        return {}
    from tuner.finish.report import make_report

    return {"write": lambda study, space: (make_report(study, space), study.folder.report / "report.html")}


def load() -> None:
    """All that a `tune` needs, for those that will be forked."""
    for name in LOADED:
        import_module(name)
    optuna.storages.RDBStorage("sqlite://").engine.dispose()  # its statements are prepared with the first database
    gc.freeze()  # what is loaded is looked through by no child's collections, and so not copied for them


def serve() -> None:
    """A line {"words", "environ", "folder", "out", "err"} in: {"pid"} out, and later {"pid", "code"}."""
    load()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            _reap()
        if 0 in ready:
            more = os.read(0, 65536)
            if not more:
                return
            *whole, lines = (lines + more).split(b"\n")
            for line in whole:
                pid = os.fork()
                if pid == 0:
                    _become(**json.loads(line))
                _say(pid=pid)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(pid=pid, code=os.waitstatus_to_exitcode(status))


def _become(words: list[str], environ: dict[str, str], folder: str, out: str, err: str) -> None:
    """Ends this process as `tune` would."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for path, descriptor in ((out if out == err else os.devnull, 0), (out, 1), (err, 2)):
        # The first terminal that the leader of a session opens becomes its own.
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    code = 1
    try:
        code = main(words)
    except SystemExit as ending:
        code = int(ending.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(**message: int) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        sys.exit(main(sys.argv[1:]))
