"""What the keras-tuner engine refuses before the start, and what it brings into the main process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces import Changes, SearchSpace
from tuner.engines.checking import check_engine
from tuner.errors import UsageError
from tuner.plan import Plan

SEARCHED = """
name: searched
variables: {long: {choice: [3, 6], default: 6}}
layers: [flatten, {dense: {units: {int: [1, 1_000_000]}}}]
training: {optimizer: adam, batch_size: 32, epochs: $long * 2}
"""


def plan(space: SearchSpace, algorithm: str, epochs: int | None = None) -> Plan:
    return Plan(
        dataset="none",
        data_fingerprint="a",
        space=space.name,
        space_fingerprint=space.fingerprint,
        engine="keras-tuner",
        algorithm=algorithm,
        pruner="none",
        epochs=epochs,
    )


def test_hyperband_refuses_searched_epochs_and_says_what_to_type() -> None:
    space = SearchSpace.load("mlp_grid")
    with pytest.raises(UsageError) as refused:
        check_engine(space, plan(space, "hyperband"))
    assert str(refused.value) == (
        "hyperband decides itself how long a trial trains, but training.epochs (10 or 20) would be searched too. "
        "Type: --fix training.epochs=20, or the most that a trial may have: --epochs 20."
    )
    check_engine(space, plan(space, "hyperband", epochs=20))
    fixed = SearchSpace.load("mlp_grid", Changes(fix={"training.epochs": 20}))
    check_engine(fixed, plan(fixed, "hyperband"))
    check_engine(space, plan(space, "bayesian"))


def test_epochs_that_a_variable_decides_are_searched_too() -> None:
    space = SearchSpace.parse(SEARCHED, "searched.yaml")
    with pytest.raises(UsageError, match=r"variables\.long \(3 or 6\) .* --fix variables\.long=6, .* --epochs 12\."):
        check_engine(space, plan(space, "hyperband"))


def test_grid_refuses_a_range_that_it_would_have_to_list() -> None:
    space = SearchSpace.parse(SEARCHED, "searched.yaml")
    with pytest.raises(
        UsageError, match=r"at most 100,000\. Give a step, or log: true, to dense\.units \(1 to 1000000"
    ):
        check_engine(space, plan(space, "grid"))
    check_engine(space, plan(space, "random"))


def test_grid_takes_spaces_of_any_other_size() -> None:
    space = SearchSpace.load("cnn_v4")
    check_engine(space, plan(space, "grid"))


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # Other tests set it, for this process.
    inherited = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }  # other tests set it
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**inherited, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


LIGHT = """
import sys
from fakes.driving import FINITE, LABELS
from search_spaces import SearchSpace
from tuner.engines import Setting, make_engine
from tuner.engines.checking import check_engine
from tuner.plan import Plan
space = SearchSpace.parse(FINITE, "finite.yaml")
plan = Plan(dataset="none", data_fingerprint="a", space="finite", space_fingerprint="a", engine="keras-tuner",
    algorithm="hyperband", pruner="none")
check_engine(space, plan)
make_engine(Setting(space=space, plan=plan, n_trials=3, labels=LABELS))
print(sorted({"keras_tuner", "keras", "tensorflow", "sklearn"} & set(sys.modules)))
"""


def test_nothing_heavy_is_imported_before_the_first_proposal() -> None:
    assert run(LIGHT).stdout == "[]\n"


PROPOSING = """
import os, sys
from pathlib import Path
from fakes.driving import TINY, driver
study = driver(Path("s"), "keras-tuner", "bayesian", text=TINY.replace("{choice: [adam, sgd, rmsprop]}", "adam"))
study.run(1)
from tensorflow.python.eager import context
assert os.environ["CUDA_VISIBLE_DEVICES"] == "7" and "TF_CPP_MIN_LOG_LEVEL" not in os.environ
assert "keras_tuner" in sys.modules
assert context.context()._context_handle is None, "TensorFlow has looked for devices"
print(sorted(path.name for path in Path().iterdir()), sorted(path.name for path in Path("s").iterdir()))
print("heard", file=sys.stderr)
"""


def test_proposing_says_nothing_touches_no_device_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(PROPOSING, CUDA_VISIBLE_DEVICES="7")
    assert (done.returncode, done.stderr) == (0, "heard\n")
    assert done.stdout == "['s'] ['study.db']\n"


def test_a_process_without_standard_error_can_import_too() -> None:
    program = """
import os
os.close(2)
from tuner.engines.keras_tuner.importing import quietly
with quietly():
    print(os.environ["CUDA_VISIBLE_DEVICES"] == "")
"""
    assert run(program).stdout == "True\n"
