"""Every kind of wrong file is told with its line, in one line per problem, quickly and without a traceback."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from evidence import Measured
from malformed import CASES, GOOD, RICH, Case

from search_spaces import SearchSpace, SpaceError

PROBLEM = re.compile(r"^[^:]+:\d+(:\d+)?: ")


def problems_of(text: str) -> list[str]:
    """One line per problem; none where the text is a good space."""
    try:
        SearchSpace.parse(text, "good.yaml")
    except SpaceError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize("text", [GOOD, RICH], ids=["GOOD", "RICH"])
def test_the_files_that_all_others_are_made_from_are_good(text: str) -> None:
    assert problems_of(text) == []


def test_there_are_300_malformed_files_of_60_kinds() -> None:
    assert len(CASES) >= 300
    assert len({case.kind for case in CASES}) >= 60
    assert len({case.text for case in CASES}) == len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_wrong_file_is_told_with_its_line(case: Case) -> None:
    begun = time.process_time()

    problems = problems_of(case.text)

    assert time.process_time() - begun < 1
    assert 1 <= len(problems) <= 10
    assert all(PROBLEM.match(problem) and problem.isprintable() for problem in problems)
    lines = [int(problem.split(":")[1]) for problem in problems if case.message in problem]
    assert lines, problems
    assert case.line in (None, lines[0]), problems


SAMPLE = [
    "a tab",
    "a NUL",
    "5000 digits",
    "an unknown key: at the top",
    "low above high",
    "an unknown layer",
    "a thousand layers",
    "a division by zero for one draw",
    "a residual from image to vector",
    "an unknown object",
    "a rule that forbids the default",
    "a fixed value outside",
]


# A process of its own between: a child begins with the peak of the process that started it, here all of pytest's.
MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def test_the_command_line_tells_them_with_status_2_in_little_memory(tmp_path: Path) -> None:
    by_name = {case.name: case for case in CASES}
    for number, name in enumerate(SAMPLE):
        path = tmp_path / f"space{number}.yaml"
        path.write_text(by_name[name].text)

        done = subprocess.run(
            [sys.executable, "-c", MEASURED, sys.executable, "-m", "tuner", "spaces", "check", path.name],
            capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
        )  # fmt: skip

        lines = done.stderr.splitlines()
        assert done.returncode == 2, lines
        assert 1 <= len(lines) <= 10
        assert all(PROBLEM.match(line) and line.isprintable() for line in lines), lines
        assert any(by_name[name].message in line for line in lines)
        assert int(done.stdout) <= 200_000  # kB; and nothing else on stdout


CHECK_ALL = """
import contextlib, io, json, re, sys, time
from pathlib import Path
from tuner.cli.boundary import run_program
told = []
for path in json.load(sys.stdin):
    out, err, began = io.StringIO(), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_program(["spaces", "check", path])
    told.append([code, out.getvalue(), err.getvalue(), time.process_time() - began])
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps([told, peak * 1024]))
"""


def odd_files(folder: Path) -> list[Path]:
    """Those that no text makes: other encodings, 10 MB, a pipe, a folder, nothing, files that extend in a circle."""
    contents = {
        "utf-16": GOOD.encode("utf-16"), "latin-1": GOOD.replace("A space", "R\u00e4ume").encode("latin-1"),
        "10 MB": b"x" * 10_000_000, "empty": b"", "zeros": bytes(3), "noise": random.Random(1).randbytes(5_000),
        "circle": b"name: circle\nextends: round.yaml\n", "round": b"name: round\nextends: circle.yaml\n",
        "crlf": GOOD.replace("epochs: 5", "epochs: 0").replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + GOOD.replace("epochs: 5", "epochs: 0").encode(),
    }  # fmt: skip
    paths = [folder / f"{name}.yaml" for name in [*contents, "pipe", "folder", "missing"]]
    for path, content in zip(paths, contents.values(), strict=False):
        path.write_bytes(content)
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    return paths


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_the_command_tells_every_one_within_a_second(tmp_path: Path, measured: Measured) -> None:
    paths = odd_files(tmp_path)
    for number, case in enumerate(CASES):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(case.text)
    done = subprocess.run(
        [sys.executable, "-c", CHECK_ALL], input=json.dumps([str(path) for path in paths]),
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, peak = json.loads(done.stdout)
    wrong = [
        (path.name, said)
        for path, (code, out, err, seconds) in zip(paths, told, strict=True)
        if code != 2
        or out
        or not 1 <= len(said := err.splitlines()) <= 10
        or not all(PROBLEM.match(line) and line.isprintable() for line in said)
        or seconds > 1
    ]
    lines = [[int(line.split(":")[1]) for line in err.splitlines()] for _, _, err, _ in told[-len(CASES) :]]
    with_a_line = {case.kind for case in CASES if case.line is not None}
    misplaced = {case.kind for case, found in zip(CASES, lines, strict=True) if case.line not in (None, *found)}
    measured(
        29,
        target="300 files of 60 kinds: exit 2, <= 10 lines that match, <= 1 s, <= 200 MB, the line right in >= 99 % of "
        "the kinds that have one",
        figure=f"{len(paths) - len(wrong)} of {len(paths)} files of {len({case.kind for case in CASES})} kinds right, "
        f"at most {max(seconds for *_, seconds in told):.2f} s and {peak / 2**20:.0f} MiB; "
        f"the line right in {len(with_a_line - misplaced)} of {len(with_a_line)} kinds",
    )
    assert wrong == []
    assert len(misplaced) <= len(with_a_line) / 100
    assert peak < 200e6


def test_a_missing_key_is_told_at_what_it_is_missing_from() -> None:
    assert problems_of(GOOD.replace("  epochs: 5\n", "")) == ["good.yaml:25: training: 'epochs' is missing"]
    assert problems_of(GOOD.replace("units: 64, ", "")) == ["good.yaml:24: layers[3].dense: dense needs units"]


def test_a_variable_that_breaks_the_rule_of_its_use_is_told_where_it_is_used() -> None:
    (line,) = problems_of(GOOD.replace("[relu, elu]", "[rellu, elu]"))

    assert line.startswith("good.yaml:14: layers[0].layers[0].conv2d.activation: must be an activation. Got rellu.")
    assert line.endswith("Did you mean 'relu'? ($act)")


def test_a_wrong_count_of_repeats_is_no_fault_of_what_is_repeated() -> None:
    lines = problems_of(RICH.replace("repeat: $depth", "repeat: 101").replace("  depth: {int: [1, 3]}\n", ""))

    assert lines == ["good.yaml:7: layers[1].repeat: must reach 1 to 100 repetitions. Got 101"]


def test_all_problems_of_a_file_are_told_in_one_go_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("units: 64", "unit: 64").replace("epochs: 5", "epochs: 0").replace("[8, 64]", "[64, 8]")

    assert problems_of(text) == [
        "good.yaml:11: layers[0].layers[0].conv2d.filters.int: low must not exceed high. Got 64 and 8",
        "good.yaml:24: layers[3].dense: dense needs units",
        "good.yaml:24: layers[3].dense.unit: dense has no argument 'unit'. Did you mean 'units'?",
        "good.yaml:31: training.epochs: must be a positive whole number. Got 0",
    ]


def test_at_most_ten_problems_are_printed_and_the_rest_counted() -> None:
    text = GOOD.replace("  - dropout", "  - nonsense\n" * 14 + "  - dropout")

    lines = problems_of(text)

    assert len(lines) == 10
    assert lines[-1].endswith("(and 4 more problems)")


def test_both_problems_of_one_repeated_key_are_told() -> None:
    lines = problems_of(GOOD.replace("  epochs: 5\n", "  epochs: 0\n  epochs: 1\n"))

    assert [line.split(":")[1] for line in lines] == ["31", "32"]
