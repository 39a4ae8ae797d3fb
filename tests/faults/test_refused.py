"""Fault test 18: what the system refuses ends the run with one line and exit 3 to 5, without a traceback or a hang."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evidence import Measured
from fakes.ledger import Ledger, shortfalls
from fakes.starting import Started, Tune, holds

TARGET = "one line, exit 3 to 5, no traceback, no hang"
COMMAND = ("digits", "--space", "small.yaml", "--trials", "3", "--study", "s")


def amiss(ended: Started, code: int | None = None) -> list[str]:
    """What should not be in the end of a run that was refused something."""
    last = ended.said.rstrip().splitlines()[-1]
    found = [] if last.startswith("tune: ") else [f"last line: {last}"]
    if not (3 <= ended.wait() <= 5 if code is None else ended.wait() == code):
        found.append(f"exit {ended.wait()}")
    if "Traceback" in ended.said or "fault in tune" in ended.said:
        found.append("a traceback")
    return found


# --- permissions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lock_up() -> Iterator[Callable[[Path, int], None]]:
    """Changes what anybody may do with a path until the test ends."""
    changed: list[tuple[Path, int]] = []

    def change(path: Path, mode: int) -> None:
        changed.append((path, path.stat().st_mode & 0o777))
        path.chmod(mode)

    yield change
    for path, mode in reversed(changed):
        path.chmod(mode)


@pytest.mark.parametrize(
    ("path", "mode", "code", "words"),
    [
        ("home", 0o500, 3, "Permission denied"),
        ("home/data/digits", 0o000, 3, "Permission denied"),
        ("home/studies", 0o500, 4, "cannot be made: Permission denied. Set TUNE_HOME to a folder of yours."),
        ("home/studies/s", 0o500, 4, "cannot be written to. Set TUNE_HOME to a folder of yours."),
        ("home/studies/s/study.db", 0o000, 4, "study.db: cannot be read: Permission denied."),
        ("home/studies/s/best", 0o500, 4, "the winner could not be kept: "),
        ("home/studies/s/logs", 0o500, 5, "Permission denied."),
    ],
)
def test_what_nobody_may_touch_is_named_and_left_as_it_is(
    program: Tune, lock_up: Callable[[Path, int], None], path: str, mode: int, code: int, words: str, measured: Measured
) -> None:
    here = program.folder / path
    if path != "home":
        program.run("data", "fetch", "digits")
    if "studies/s" in path:
        program.run(*COMMAND)
    if here.name == "best":
        (here / "manifest.json").write_text("damaged")
    if here.name == "logs":
        shutil.rmtree(here)
    if not here.exists():
        here.mkdir()
    lock_up(here, mode)
    ended = program.run(*COMMAND, "--trials", "4", FAKE_LIMITS='{"ordinary": true}')
    wrong = amiss(ended, code)
    measured(18, target=TARGET, figure=f"EACCES at {path}: exit {ended.wait()}{', '.join(['', *wrong])}")
    assert wrong == [], ended.said
    assert words in ended.said, ended.said
    assert program.orphans() == []


# --- a disk that fails, and too few open files ------------------------------------------------------------------------


def test_a_disk_that_fails_ends_the_run_wherever_it_does(program: Tune, measured: Measured) -> None:
    program.run("data", "fetch", "digits")
    ledger, codes, wrong = Ledger(program.study("s"), program.folder / "ledger"), [], []
    for works in (0, 2, 4, 6, 8):
        ended = program.run(*COMMAND, FAKE_LIMITS=json.dumps({"fails": ["fsync", errno.EIO, works]}))
        ledger.read(ended.said)
        codes.append(ended.wait())
        if codes[-1] != 0:
            wrong += amiss(ended)
    last = program.run(*COMMAND)
    ledger.read(last.said)
    measured(18, target=TARGET, figure=f"EIO of fsync: exit {codes}, then {last.wait()}; amiss: {wrong}")
    assert wrong == []
    assert any(codes)
    assert last.wait() == 0, last.said
    assert ledger.faults == []
    assert shortfalls(program.study("s"), 3) == []


def test_too_few_open_files_end_the_run_wherever_they_do(program: Tune, measured: Measured) -> None:
    program.run("data", "fetch", "digits")
    codes, wrong = [], []
    for files in (6, 8, 10, 12, 14):
        ended = program.run(*COMMAND, FAKE_LIMITS=json.dumps({"files": files}))
        codes.append(ended.wait())
        if codes[-1] != 0:
            wrong += amiss(ended)
    last = program.run(*COMMAND)
    measured(18, target=TARGET, figure=f"EMFILE: exit {codes}, then {last.wait()}; amiss: {wrong}")
    assert wrong == []
    assert any(codes)
    assert last.wait() == 0, last.said
    assert shortfalls(program.study("s"), 3) == []


# --- what vanishes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["the folder", "the database"])
def test_a_study_that_is_deleted_while_it_runs_ends_the_run(program: Tune, what: str, measured: Measured) -> None:
    started = program.start(*COMMAND, "--trials", "200", orders={"seconds": 0.02})
    assert holds(lambda: "\ntrial   1" in started.said, 60)
    if what == "the folder":
        shutil.rmtree(program.study("s"), ignore_errors=True)
    else:
        (program.study("s") / "study.db").unlink()
    began = time.monotonic()
    started.wait(60)
    seconds = time.monotonic() - began
    wrong = amiss(started, 4)
    measured(18, target=TARGET, figure=f"{what} deleted: exit {started.wait()} after {seconds:.1f} s; amiss: {wrong}")
    assert wrong == [], started.said
    assert "was deleted while the study was open. Nothing more was written." in started.said
    assert seconds < 10
    assert program.orphans() == []
