"""Fault test 32: hostile names of studies, spaces, data sets, classes and columns stay words: no file, no markup."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evidence import Measured
from hostile import NAMES

import reports
from tests.reports import samples

GIVEN = """
import contextlib, io, json, os, sys
import tuner.run, tuner.study, tuner.finish.report, tuner.data.finding, search_spaces
from tuner.cli.boundary import run_program
from tuner.errors import UsageError

def stub(request, watch, control, **timed):
    request.folder.path.mkdir(parents=True)
    raise UsageError("a run would begin")

tuner.run.run = stub
calls = json.load(sys.stdin)
written, ran = [], []
def watch(event, arguments):
    if event == "open" and not isinstance(arguments[0], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(str(arguments[0]))
    elif event in {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate"}:
        written.append(str(arguments[0]))
    elif event in {"sqlite3.connect", "shutil.rmtree", "shutil.move", "shutil.copyfile"}:
        written.append(str(arguments[0]))
    elif event.startswith(("subprocess.", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "ctypes.")):
        ran.append([event, repr(arguments)[:200]])
with contextlib.redirect_stdout(io.StringIO()):
    run_program(["spaces", "check", "cnn_v4"])  # what is imported late is imported before anybody watches
sys.addaudithook(watch)
told = []
for words in calls:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_program(words)
    told.append([code, said.getvalue()])
json.dump({"told": told, "written": sorted({os.path.realpath(path) for path in written}), "ran": ran}, sys.__stdout__)
"""

EACH = (
    ["digits", "--space", "mlp_v1", "--study", "NAME"],
    ["digits", "--space", "NAME"],
    ["NAME", "--trials", "3"],
    ["show", "NAME"],
)
IN_TURN = (
    ["report", "NAME"],
    ["resume", "NAME"],
    ["compare", "NAME", "b"],
    ["dashboard", "NAME"],
    ["plan", "NAME"],
    ["plan", "digits", "--space", "mlp_v1", "--set", "NAME=1"],
    ["spaces", "check", "NAME"],
    ["spaces", "show", "NAME"],
    ["data", "show", "NAME"],
    ["data", "show", "digits", "--data", "NAME"],
    ["enqueue", "NAME", "x=1"],
    ["digits", "--pruner", "NAME"],
)


def calls() -> list[list[str]]:
    """Each name at four places, and at every other one in turn."""
    chosen = []
    for number, name in enumerate(filter(can_be_given, dict.fromkeys(NAMES))):
        places = [*EACH, *IN_TURN[number % 6 :: 6]]
        chosen += [[word.replace("NAME", name) for word in place] for place in places]
    return chosen


def can_be_given(name: str) -> bool:
    """Whether a system can hand it to a program."""
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False


def hidden(text: str) -> set[str]:
    """Characters that steer a terminal."""
    return {each for each in text if each != "\n" and unicodedata.category(each) in {"Cc", "Cf", "Cs"}}


def test_no_name_on_the_command_line_writes_outside_or_reaches_the_terminal(tmp_path: Path, measured: Measured) -> None:
    home, folder = tmp_path / "home", tmp_path / "here"
    folder.mkdir()
    asked = calls()
    done = subprocess.run(
        [sys.executable, "-c", GIVEN], input=json.dumps(asked), capture_output=True, text=True, cwd=folder, timeout=200,
        env={**os.environ, "TUNE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    steering = [(words, text) for words, (_, text) in zip(asked, outcome["told"], strict=True) if hidden(text)]
    outside = [path for path in outcome["written"] if not path.startswith((str(home), "/dev/"))]
    codes = Counter(code for code, _ in outcome["told"])
    traces = [text for _, text in outcome["told"] if "Traceback" in text or "fault in tune" in text]
    measured(
        32,
        target="200 hostile names of study, space, data set: no file outside the root, terminal output free of ESC",
        figure=f"{sum(map(can_be_given, set(NAMES)))} names in {len(asked):,} commands: {len(outside)} files outside, "
        f"{len(steering)} outputs with a control character, exit codes {dict(sorted(codes.items()))}",
    )
    assert steering == []
    assert outside == []
    assert outcome["ran"] == []
    assert traces == []
    assert list(folder.iterdir()) == []
    assert set(codes) <= {0, 2, 3, 4}
    assert codes[0] < 10  # `show --help`


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.filterwarnings("ignore:Glyph")
def test_no_name_in_a_report_becomes_markup_or_a_path(tmp_path: Path, measured: Measured) -> None:
    names = tuple(dict.fromkeys(NAMES))
    plain = samples.with_classes(names, 2, np.random.default_rng(1))
    columns = {name: name for name in names}
    rows = [
        replace(row, preset=names[number], reason=names[-number], values={**columns, **row.values})
        for number, row in enumerate(plain.trials)
    ]
    report = replace(plain, study="../<script>", dataset="'; drop", space="\x1b[31m", trials=tuple(rows))
    (tmp_path / "a").mkdir()

    page = reports.write(report, tmp_path / "a" / "report")

    parsed = Tags(page.read_text())
    scripts = [tag for tag in parsed.tags if tag in {"script", "iframe", "object", "embed", "link", "base", "form"}]
    handlers = [name for name in parsed.attributes if name.startswith("on")]
    texts = [path for path in page.parent.rglob("*") if path.suffix in {".html", ".md", ".svg"}]
    steering = [path.name for path in texts if set(path.read_text()) & set("\x00\x07\x1b\x9b\u202e\u2066")]
    measured(
        32,
        target="200 hostile names of class and column: the report has 0 script elements and 0 on* attributes",
        figure=f"{len(names)} names as classes and columns of one report: {len(scripts)} scripts, {len(handlers)} on* "
        f"attributes, {len(steering)} of {len(texts)} files with a steering character",
    )
    assert (scripts, handlers, steering) == ([], [], [])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report"]
    assert page.read_text().count("&lt;script&gt;") > 5
