"""Fault test 33: whatever is typed wrong is one line, exit 2, at once, and names what it is near to."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from evidence import Measured

from search_spaces import library
from tuner.cli.app import VERBS, tune
from tuner.data import names
from tuner.engines.catalog import CARDS, PRUNERS
from tuner.plan import OBJECTIVES

Line = tuple[list[str], str]
"""A command line, and what it should ask whether that was meant; '' where nothing is near."""

SECONDS = 0.5

SLACK = 2.5
"""What sharing its cores with other programs can make of a program's own time."""


def misspelt(word: str) -> Iterator[str]:
    """With two letters of its middle exchanged, and with one left out: at a distance of 2 and of 1."""
    at = len(word) // 2
    if word[at] != word[at - 1]:
        yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    yield word[:at] + word[at + 1 :]


def commands() -> Iterator[tuple[list[str], click.Command]]:
    context = click.Context(tune)
    for verb in VERBS:
        command = tune.get_command(context, verb)
        assert command is not None
        yield [verb], command
        for name, each in getattr(command, "commands", {}).items():
            yield [verb, name], each


def misspelt_words() -> Iterator[Line]:
    known = {*VERBS, *names()}
    for verb in VERBS:
        yield from (([word], f"tune {verb}") for word in misspelt(verb) if word not in known)
    for name in names():
        yield from (([word, "--trials", "3"], name) for word in misspelt(name))
        yield from ((["data", "show", word], name) for word in misspelt(name))
    for words, command in commands():
        if len(words) > 1:
            yield from (([words[0], word], words[1]) for word in misspelt(words[1]))
        for option in (option for each in command.params for option in each.opts if option.startswith("--")):
            name = option.removeprefix("--")
            yield [*words, f"--{next(iter(misspelt(name)))}"], option
    choices = {"--engine": CARDS, "--pruner": PRUNERS, "--objective": OBJECTIVES, "--precision": ["float32"]}
    for option, allowed in choices.items():
        for word in allowed:
            yield ["digits", option, next(iter(misspelt(word)))], word
    for name in library():
        wrong = f"{name[:-2]}{name[-1]}"
        if wrong not in library():
            yield ["digits", "--space", wrong], "'"


WRONG_VALUES = """
--trials: 0 -1 many 1.5 1e3 0x10
--timeout: 0 -5m soon 5d 1h30x inf 9e99h
--trial-timeout: 0 -5m soon never
--retries: -1 two 1.5
--seed: -1 x 1.5
--limit: 0 -5 all
--epochs: 0 -1 ten
--validation: 0 1 -0.1 1.1 inf half
--folds: 1 0 few
--workers: 0 -1 two
--trials-per-gpu: 0 -1 two
--keep: worst top top: top:0 top:-1 top:x best:3 BEST,all
--engine: sklearn 7
--algorithm: gradient -
--pruner: shears 0
--objective: speed accuracy,latency
--precision: float8 16
--topology: abc 128--64 0 -
--set: x =1 nosuch.thing=1 training.epochs=0 training.epochs={int:[9,1]}
--fix: x =1 nosuch.thing=1 dense.units=many
--space: /dev/null / nosuch.yaml https://x/y.yaml
--study: ../up a/b .. -x
"""

WHOLE_LINES = """
run
run digits mnist
digits mnist
digits --trials
digits --study
digits --gpus
digits --json=yes
digits --quiet=1
digits --space cnn_v4 --topology 53
digits --trials 5 --trials
digits --engine grid-search-cv --validation 0.2
help
nosuch
./reports
-x
plan
plan digits --samples -1
plan digits --preset nosuch --space mlp_v1
plan digits mnist
resume
resume a b
resume a --extend
resume a --study b
resume a --trials 0
resume a --timeout soon
show
show a b
show a --top 0
show a --top few
show a --more 3
show a --more 0 --outlook
report
report a b
compare
compare a
compare a b --out
enqueue
enqueue a --preset
enqueue a b
dashboard
dashboard a --port 99999
dashboard a --port x
engines x
doctor x
clean
clean a b
repair
repair a b
studies x
spaces show a b
spaces show nosuch
spaces show cnn_v4 --set x
spaces check
spaces check nosuch.yaml
spaces nosuch
spaces schema x
data show
data fetch
data show nosuch
data fetch nosuch
data nosuch
"""


def wrong_words() -> Iterator[Line]:
    for line in filter(None, WRONG_VALUES.splitlines()):
        option, _, values = line.partition(": ")
        yield from ((["digits", f"{option}={value}"], "") for value in values.split())
    yield from ((line.split(), "") for line in filter(None, WHOLE_LINES.splitlines()))


LINES = [*misspelt_words(), *wrong_words()]

TYPED = """
import contextlib, io, json, sys, time
import tuner.cli.session
from tuner.cli.boundary import run_program

def begun(request, **_):
    raise RuntimeError("a search was begun")

tuner.cli.session.do = begun
told = []
for words in json.load(sys.stdin):
    out, err, began = io.StringIO(), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_program(words)
    told.append([code, out.getvalue(), err.getvalue(), time.process_time() - began])
json.dump([told, sorted({"tensorflow", "keras", "keras_tuner"} & sys.modules.keys())], sys.stdout)
"""


def test_every_misuse_is_told_at_once_with_exit_2_and_what_was_meant(
    home: Path, tmp_path: Path, measured: Measured
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TYPED], input=json.dumps([words for words, _ in LINES]),
        capture_output=True, text=True, timeout=100, cwd=tmp_path, env={**os.environ, "CI": "true"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, heavy = json.loads(done.stdout)
    wrong, unasked, slow = [], [], []
    for (words, meant), (code, out, err, seconds) in zip(LINES, told, strict=True):
        lines = [line for line in err.splitlines() if " · study " not in line]
        if code != 2 or out or len(lines) != 1 or "Traceback" in err:
            wrong.append((words, code, err))
        if meant and not re.search(rf"(Did you mean|Possible options)[^?]*{re.escape(meant)}", err):
            unasked.append((words, meant, err))
        if seconds > SECONDS * SLACK:
            slow.append((words, seconds))
    near = sum(bool(meant) for _, meant in LINES)
    measured(
        33,
        target="150 misuse lines: exit 2, a suggestion when the distance is <= 2, <= 0.5 s, TF not imported",
        figure=f"{len(LINES) - len(wrong)} of {len(LINES)} with exit 2 and one line; {near - len(unasked)} of {near} "
        f"that are near something ask for it; slowest {max(seconds for *_, seconds in told):.2f} s of CPU; "
        f"{len(heavy)} frameworks imported",
    )
    assert len(LINES) >= 150
    assert (wrong, unasked, slow, heavy) == ([], [], [], [])
    assert list(home.glob("studies/*")) == []


@pytest.mark.parametrize("line", ["digits --tirals 3", "data show mnits", "digits --space cnn_v5", "nosuch"])
def test_a_process_of_its_own_is_as_quick(tmp_path: Path, measured: Measured, line: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "tuner", *line.split()], capture_output=True, timeout=60, cwd=tmp_path, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured(33, target="<= 0.5 s", figure=f"tune {line}: {seconds:.2f} s of CPU, start of Python included")
    assert done.returncode == 2
    assert seconds <= SECONDS * SLACK
