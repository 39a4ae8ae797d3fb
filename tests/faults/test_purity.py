"""Fault test 35: standard output is what was asked for and nothing else, wherever it leads, whoever stops reading."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import click
import pytest
from evidence import Measured
from fakes.starting import PROGRAM, Nursery, Tune

from tuner.cli.app import VERBS, tune

MODES: dict[str, dict[str, str]] = {
    "TTY": {"TERM": "xterm-256color"},
    "pipe": {},
    "NO_COLOR": {"NO_COLOR": "1"},
    "FORCE_COLOR": {"FORCE_COLOR": "1"},
    "CI": {"CI": "true"},
    "COLUMNS=20": {"COLUMNS": "20"},
    "TERM=dumb": {"TERM": "dumb"},
}

SEARCH = ("digits", "--space", "small.yaml", "--trials", "2", "--study", "s")

AS_JSON = [
    SEARCH,
    ("resume", "s"),
    ("plan", "digits", "--space", "small.yaml"),
    ("studies",),
    ("show", "s"),
    ("show", "s", "--outlook"),
    ("compare", "s", "t"),
    ("top", "s"),
    ("diff", "s:0", "s:1"),
    ("engines",),
    ("spaces",),
    ("spaces", "show", "cnn_v4"),
    ("spaces", "check", "small.yaml", "cnn_v4"),
    ("enqueue", "s", "--set", "dense.activation=tanh", "--set", "dense.units=UNITS"),
    ("clean", "s", "--dry-run"),
    ("repair", "s", "--dry-run"),
]
"""With --json, and without."""

UNITS = count(20)
"""No guess is taken twice."""

OTHERS = [("report", "s"), ("data",), ("data", "show", "digits"), ("spaces", "schema"), ("--help",), ("run", "--help")]


def leaves() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(tune)
    for verb in VERBS:
        command = tune.get_command(context, verb)
        assert command is not None
        yield (verb,), command
        yield from (((verb, name), each) for name, each in getattr(command, "commands", {}).items())


def test_every_command_with_json_is_looked_at() -> None:
    have = {words for words, command in leaves() if any("--json" in each.opts for each in command.params)}
    looked_at = {words[:n] for words in [("run", *SEARCH), *AS_JSON] for n in (1, 2)}
    assert have <= looked_at


@pytest.fixture(scope="module")
def program(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Tune:
    """With two finished studies."""
    made = Tune(nursery, tmp_path_factory.mktemp("purity"))
    for name in ("s", "t"):
        started = made.run(*SEARCH[:-1], name)
        assert started.wait() == 0, started.said
    return made


@contextmanager
def terminal(text: bytearray) -> Iterator[str]:
    """The path of a terminal; what is written there comes into `text`."""
    master, slave = pty.openpty()

    def read() -> None:
        try:
            while more := os.read(master, 65536):
                text.extend(more)
        except OSError:
            """Its last writer is gone."""

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        reader.join(timeout=10)
        os.close(master)


def outputs(program: Tune, words: tuple[str, ...], mode: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of the command in that mode."""
    program.n += 1
    words = tuple(word.replace("UNITS", str(next(UNITS))) if "UNITS" in word else word for word in words)
    environ = program.environ(**{"CI": "", **MODES[mode]})
    if mode != "TTY":
        out, err = (program.folder / f"{program.n:04d}.{end}" for end in ("out", "err"))
        pid = program.nursery.fork(words=words, environ=environ, folder=str(program.folder), out=str(out), err=str(err))
        code = program.nursery.code(pid, 60)
        texts = out.read_bytes(), err.read_bytes()
    else:
        shown, said = bytearray(), bytearray()
        with terminal(shown) as out_path, terminal(said) as err_path:
            pid = program.nursery.fork(
                words=words, environ=environ, folder=str(program.folder), out=out_path, err=err_path
            )
            code = program.nursery.code(pid, 60)
        texts = bytes(shown), bytes(said)
    assert code is not None, words
    return code, texts[0].decode(), texts[1].decode()


SLOW = {"compare", "report"}
"""They draw. Into pipes of all kinds they print alike, so one is enough where nothing is asked of their JSON."""


def test_json_is_json_and_a_pipe_gets_no_escape_in_every_mode(program: Tune, measured: Measured) -> None:
    failed, torn, escapes, n_json, n_piped = [], [], [], 0, 0
    for mode in MODES:
        for words in [*((*each, "--json") for each in AS_JSON), ("spaces", "schema")]:
            code, out, err = outputs(program, words, mode)
            n_json += 1
            if code or not is_json(out):
                (failed if code else torn).append((mode, words, code, out[:300], err))
        for words in [] if mode in {"TTY", "FORCE_COLOR"} else [*AS_JSON, *OTHERS]:
            if mode == "pipe" or words[0] not in SLOW:
                code, out, err = outputs(program, words, mode)
                n_piped += 1
                if code or "\x1b" in out + err:
                    (failed if code else escapes).append((mode, words, code, out[:300], err))
    measured(
        35,
        target="stdout of --json parses as JSON for all commands in 7 modes; pipes contain no ESC unless forced",
        figure=f"{n_json - len(torn)} of {n_json} outputs of {len(AS_JSON) + 1} commands parse in {len(MODES)} modes; "
        f"{len(escapes)} of {n_piped} other outputs into pipes hold an ESC; {len(failed)} failed",
    )
    assert (failed, torn, escapes) == ([], [], [])


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


QUIET = [
    ("studies",), ("studies", "--json"), ("show", "s"), ("show", "s", "--json"), ("report", "s"), ("compare", "s", "t"),
    ("plan", "digits", "--space", "small.yaml"), ("spaces",), ("spaces", "schema"), ("spaces", "check", "small.yaml"),
    ("spaces", "show", "cnn_v4"), ("engines", "--json"), ("data",), ("--help",), ("run", "--help"),
    ("clean", "s", "--dry-run"), ("repair", "s", "--dry-run"), (*SEARCH, "--quiet"), (*SEARCH, "--json"),
]  # fmt: skip

DEAF = """
import json, os, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
import program
program.load()
codes = []
for number, words in enumerate(json.load(sys.stdin)):
    pid = os.fork()
    if not pid:
        reading, writing = os.pipe()
        os.close(reading)
        os.dup2(writing, 1)
        os.dup2(os.open(f"{number}.err", os.O_CREAT | os.O_WRONLY), 2)
        sys.exit(program.main(words))
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(json.dumps(codes))
"""
"""`tune` whose reader is gone before it says a word: `tune ... | head -0`, but without a race."""


def test_a_reader_that_is_gone_is_no_error_and_nothing_is_said_of_it(program: Tune, measured: Measured) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEAF, PROGRAM[1]], input=json.dumps(QUIET), capture_output=True, text=True, timeout=200,
        cwd=program.folder, env=program.environ(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    noisy = []
    for number, (words, code) in enumerate(zip(QUIET, json.loads(done.stdout), strict=True)):
        said = (program.folder / f"{number}.err").read_text()
        silent = words[0] != "digits" or "--quiet" in words  # a search tells how it gets on
        if code or (silent and said) or any(word in said for word in ("pipe", "Exception", "Traceback", "tune:")):
            noisy.append((words, code, said))
    measured(
        35,
        target="broken pipe (`| head -1`) quiet",
        figure=f"{len(QUIET) - len(noisy)} of {len(QUIET)} commands end with 0 and without a word of it",
    )
    assert noisy == []


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_error(program: Tune, measured: Measured, closed: str) -> None:
    wrong = []
    lines = {"studies": 0, "spaces check small.yaml": 0, "engines": 0, "nosuch": 2}
    for line, code in lines.items():
        command = f"exec {sys.executable} -m tuner {line} {closed}"
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=60, cwd=program.folder,
            env=program.environ(), check=False,
        )  # fmt: skip
        if done.returncode != code or "fault in tune" in done.stderr:
            wrong.append((line, done.returncode, done.stderr))
    measured(
        35,
        target="a closed stdout or stderr is no error",
        figure=f"{closed}: {len(lines) - len(wrong)} of {len(lines)} commands end as ever",
    )
    assert wrong == []
