"""docs/bridges.md is held to the program: its scripts are the files, and they run. And what is loaded by whom."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
LIBRARIES = {"optuna", "keras_tuner", "scikeras", "tensorflow"}
PRINT_MODULES = "print('MODULES', *sys.modules)"


def run(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=240, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules(output: str) -> set[str]:
    """Those of LIBRARIES that the program had loaded in the end, by the last line that it printed."""
    return LIBRARIES & set(output.splitlines()[-1].split())


def test_the_page_has_the_examples_word_for_word() -> None:
    page = (DOCS / "bridges.md").read_text("utf-8")
    blocks = re.findall(r"```(?:python|yaml)\n(.*?)```", page, re.DOTALL)
    files = [*EXAMPLES, DOCS / "examples" / "digits.yaml"]
    assert sorted(blocks) == sorted(file.read_text("utf-8") for file in files)
    assert all(len(file.read_text("utf-8").splitlines()) < 30 for file in files)


@pytest.mark.parametrize(
    ("example", "libraries"),
    [
        ("optuna_suggest", {"optuna", "tensorflow"}),
        ("keras_tuner_hypermodel", {"keras_tuner", "tensorflow"}),
        ("sklearn_grid", {"scikeras", "tensorflow"}),
    ],
)
def test_an_example_prints_a_best_score_and_loads_no_library_of_the_others(
    example: str, libraries: set[str], tmp_path: Path
) -> None:
    path = str(DOCS / "examples" / f"{example}.py")
    output = run("-c", f"import runpy, sys; runpy.run_path({path!r}); {PRINT_MODULES}", folder=tmp_path)
    score = re.search(r"^best score (0\.\d+) with \{'", output, re.MULTILINE)
    assert score, output
    assert float(score[1]) > 0.5
    assert modules(output) == libraries


def test_optunas_bridge_loads_optuna_alone_and_the_package_nothing(tmp_path: Path) -> None:
    assert modules(run("-c", f"import sys, tuner.bridges; {PRINT_MODULES}", folder=tmp_path)) == set()
    code = "import sys, tuner.bridges.trials"
    assert modules(run("-c", f"{code}; {PRINT_MODULES}", folder=tmp_path)) == {"optuna"}
