"""`tune plan` and `tune spaces`: what they say, at every width, and how they end."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search_spaces import library
from tuner.cli.boundary import run_program
from tuner.cli.families import families
from tuner.cli.wording import broken, multiples, size_text, span_text
from tuner.planning import Span
from tuner.slots import Slot

RULES = """
name: rules
description: A residual network with branches and rules
variables:
  act: {choice: [relu, elu]}
  depth: {int: [1, 3]}
layers:
  - repeat: $depth
    name: stage
    layers:
      - residual:
          - conv2d: {filters: {choice: [16, 32]}, kernel_size: 3, padding: same, activation: $act}
          - batch_normalization
        name: res
  - branches:
      - conv2d: {filters: 8, kernel_size: 1}
      - conv2d: {filters: 8, kernel_size: 3, padding: same}
    merge: concatenate
    name: fork
  - global_average_pooling2d
training: {optimizer: adam, batch_size: {choice: [32, 64]}, epochs: 5}
limits: {parameters: 20_000, multiply_adds: 1_000_000}
forbid:
  - {rule: $depth == 2 and $act == elu, because: it was tried}
presets:
  wide: {values: {variables.depth: 1, "stage[0].res.conv2d.filters": 32}, published: {test_accuracy: 0.5}}
"""
TOO_DEEP = """
name: too_deep
layers:
  - repeat: {int: [5, 6]}
    layers: [max_pooling2d: {pool_size: 2}]
  - flatten
training: {optimizer: adam, batch_size: 32, epochs: 1}
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return written(tmp_path, RULES)


def written(folder: Path, text: str) -> str:
    path = folder / "rules.yaml"
    path.write_text(text)
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run_program(list(words)) == code
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    return json.loads(said(capsys, *words, "--json", code=code))


def at_width(monkeypatch: pytest.MonkeyPatch, width: int, *words: str) -> list[str]:
    """The lines that a terminal of that width shows."""
    screen = io.StringIO()
    for place in ("tuner.cli.space_commands.console", "tuner.cli.printing.console"):
        monkeypatch.setattr(place, lambda: Console(file=screen, width=width, highlight=False))
    assert run_program(list(words)) == 0
    return screen.getvalue().splitlines()


# --- plan -------------------------------------------------------------------------------------------------------------


def test_a_plan_tells_data_space_configurations_layers_and_search(
    home: Path, capsys: pytest.CaptureFixture[str], rules: str
) -> None:
    out = said(capsys, "plan", "digits", "--space", rules, "--gpus", "none", "--trials", "20")
    assert "digits  1,221 train + 216 validation images, 8 x 8 x 1, 10 classes\n" in out
    assert "rules  A residual network with branches and rules\n" in out
    assert re.search(r"\n\d+ parameters, \d+ configurations, forbidden ones not counted\n", out)
    assert re.search(r"stage\[0\.\.2\]\.res\.conv2d\.filters +16 or 32 +16 +variables\.depth is above i", out)
    assert "limits     at most 20,000 parameters and 1,000,000 multiply-adds" in out
    assert "$depth == 2 and $act == 'elu' (it was tried)" in out
    assert "preset     wide, with test_accuracy 0.5 reported" in out
    assert re.search(r"\ndefault +[\d,]+ +\d+ k +0\.\d GiB +[\d.]+-[\d.]+ s +[\d.]+-[\d.]+ s\n", out)
    assert re.search(r"\n\d+ of 200 random draws can be trained\.\n", out)
    assert re.search(r"\n *\d+ +fork \(concatenate\) +\d+, \d+ +8 x 8 x 16 +- +- *\n", out)
    assert re.search(r"\n20 trials +[\d.]+-[\d.]+ (s|min): ", out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_plan_is_cut_off_sideways(home: Path, monkeypatch: pytest.MonkeyPatch, rules: str, width: int) -> None:
    for space in ("cnn_v4", "mlp_topology", rules):
        lines = at_width(monkeypatch, width, "plan", "digits", "--space", space, "--epochs", "3", "--samples", "5")
        assert max(map(len, lines)) <= width
        assert "…" not in "".join(lines)


def test_all_of_it_is_one_json_document_of_numbers(home: Path, capsys: pytest.CaptureFixture[str], rules: str) -> None:
    told = document(capsys, "plan", "digits", "--space", rules, "--gpus", "none", "--preset", "wide", "--samples", "2")
    assert told["data"]["n_train"] == 1_221
    assert told["space"]["limits"] == {"parameters": 20_000, "multiply_adds": 1_000_000, "model_bytes": None}
    assert [each["name"] for each in told["configurations"]] == ["default", "wide", "sample 1", "sample 2"]
    default = told["configurations"][0]
    assert isinstance(default["memory"], int)
    assert default["epoch_seconds"]["low"] < default["epoch_seconds"]["high"]
    assert told["draws"]["n"] == 200
    assert told["search"]["trials"] == 50
    assert told["layers"]["of"] == "wide"
    assert told["layers"]["layers"][-1]["output_shape"] == [10]
    assert sum(layer["parameters"] for layer in told["layers"]["layers"]) == told["configurations"][1]["parameters"]
    assert told["problem"] == ""


def test_limit_validation_and_epochs_are_those_of_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("plan", "digits", "--space", "mlp_v1", "--gpus", "none")
    told = document(capsys, *words, "--limit", "400", "--validation", "0.25")
    assert (told["data"]["n_train"], told["data"]["n_validation"]) == (300, 100)
    one, four = (document(capsys, *words, "--epochs", n)["configurations"][0]["trial_seconds"] for n in ("1", "40"))
    assert four["low"] > one["low"]


def test_a_plan_needs_neither_tensorflow_nor_optuna(home: Path) -> None:
    code = (
        "import sys\nfrom tuner.cli.boundary import run_program\n"
        "code = run_program(['plan', 'digits'])\nprint('MODULES', *sys.modules)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not {"tensorflow", "keras", "optuna", "sqlalchemy"} & set(done.stdout.splitlines()[-1].split())


def test_nothing_is_estimated_on_gpus(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = Slot(name="GPU 0 (Fast)", device="GPU-1")
    monkeypatch.setattr("tuner.slots.slots", lambda **_: (gpu,))
    out = said(capsys, "plan", "digits", "--space", "mlp_v1")
    assert "time       not estimated on GPUs (GPU 0 (Fast)), nor is memory" in out
    assert "GiB" not in out
    told = document(capsys, "plan", "digits", "--space", "mlp_v1")
    assert told["speed"] is None
    assert told["search"] == {"trials": 50, "seconds": None}


def test_a_space_that_does_not_fit_is_shown_and_refused(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = written(tmp_path, TOO_DEEP)
    assert run_program(["plan", "digits", "--space", path]) == 2
    out, err = capsys.readouterr()
    assert "0 of 200 random draws can be trained." in out
    assert re.fullmatch(r"tune: space 'too_deep' does not fit the 8 x 8 x 1 images of digits: .*does not fit.*\n", err)
    assert "does not fit" in document(capsys, "plan", "digits", "--space", path, code=2)["problem"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("plan digits --space cnn_v4 --preset publishd", 2, r"no preset 'publishd'\. Did you mean 'published'\?"),
        ("plan digits --space cnn_v5", 2, r"no such space\. Did you mean 'cnn_v4'\?"),
        ("plan digts", 2, r"unknown data set or verb 'digts'\. Did you mean digits\?"),
        ("plan mnist --data /nowhere", 3, r"/nowhere"),
        ("plan digits --limit 12", 2, r"at least 20\. Got 12"),
        ("plan digits --fix dense.unitz=3", 2, r"Did you mean 'dense\.units'\?"),
        ("plan digits --gpus two", 2, r"--gpus takes auto"),
        ("spaces show", 2, r"name a space, or give a --topology"),
        ("spaces show cnn_v4 --topology 53", 2, r"exclude each other"),
        ("spaces check", 2, r"Missing argument 'FILE\.\.\.'"),
    ],
)
def test_a_mistake_gets_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], words: str, code: int, message: str
) -> None:
    assert run_program(words.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(message, err), err
    assert len(err.splitlines()) == 1


def test_a_hostile_description_reaches_the_terminal_harmless(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = written(tmp_path, RULES.replace("A residual", '"[red]a\\x1b[31m\\u202e" # A residual'))
    out = said(capsys, "plan", "digits", "--space", path)
    assert "[red]a?[31m?" in out
    assert "\x1b" not in out


# --- spaces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_space_is_cut_off_sideways(home: Path, monkeypatch: pytest.MonkeyPatch, rules: str, width: int) -> None:
    for space in (*library(), rules):
        lines = at_width(monkeypatch, width, "spaces", "show", space)
        assert max(map(len, lines)) <= width
        assert "…" not in "".join(lines)


def test_the_list_has_every_space(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "spaces")
    told = document(capsys, "spaces")
    assert [each["name"] for each in told] == list(library()) == re.findall(r"^(\w+) +\d+ +", out, flags=re.MULTILINE)
    assert {"name", "description", "parameters", "size", "presets"} == set(told[0])


def test_a_space_is_shown_as_it_is_changed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("spaces", "show", "mlp_v1", "--fix", "hidden.repeat=1")
    told = document(capsys, *words)
    assert "hidden.repeat" not in [each["name"] for each in told["parameters"]]
    assert list(told["set_aside"]) == ["published"]
    assert "set aside" in said(capsys, *words)
    assert "mlp-5-3" in said(capsys, "spaces", "show", "--topology", "53")


def test_every_file_is_checked_and_one_bad_one_is_enough(
    home: Path, capsys: pytest.CaptureFixture[str], rules: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nlayers: [flaten]\ntraining: {optimizer: adm, batch_size: 32, epochs: 1}\n")
    assert run_program(["spaces", "check", rules, str(bad), "cnn_v4"]) == 2
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == [rules, "cnn_v4"]
    assert [line.split(":")[1] for line in err.splitlines()] == ["2", "3"]
    told = document(capsys, "spaces", "check", rules, str(bad), code=2)
    assert [each["good"] for each in told] == [True, False]
    assert told[1]["problems"][0]["line"] == 2
    assert run_program(["spaces", "check", rules, "cnn_v4"]) == 0


# --- words ------------------------------------------------------------------------------------------------------------


def test_repetitions_that_are_alike_share_a_row(rules: str) -> None:
    from search_spaces import SearchSpace

    rows = {row.name: row.where for row in families(SearchSpace.load("cnn_v4"))}
    assert rows["conv[0..3].conv2d.filters"] == "conv.repeat is above i"
    assert rows["training.optimizer.sgd.momentum"] == "training.optimizer is sgd"
    assert rows["dense.units"] == ""
    by_index = {row.name: row.where for row in families(SearchSpace.load(rules))}
    assert by_index["stage[0..2].res.conv2d.filters"] == "variables.depth is above i"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span(low=0.08, high=0.14), "0.08-0.14 s"),
        (Span(low=9.97, high=16.2), "10-16 s"),
        (Span(low=223, high=388), "3.7-6.5 min"),
        (Span(low=15_500, high=27_000), "4.3-7.5 h"),
    ],
)
def test_times_are_ranges_of_two_digits(span: Span, text: str) -> None:
    assert span_text(span) == text


def test_large_numbers_are_short() -> None:
    assert [multiples(n) for n in (850, 118_016, 3_616_512, 1_200_000_000)] == ["850", "118 k", "3.6 M", "1.2 G"]
    assert [size_text(n) for n in (72, 1_234_567, 4_100_000_000_000, None)] == [
        "72",
        "1,234,567",
        "4.1e+12",
        "infinite",
    ]


def test_long_names_are_broken_where_their_parts_meet() -> None:
    assert broken("training.optimizer.adamw.learning_rate", 24) == "training.optimizer.\n  adamw.learning_rate"
    assert broken("flatten", 3) == "flatten"


def test_epochs_that_are_given_are_not_searched_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    searched = document(capsys, "plan", "digits", "--space", "mlp_grid")["space"]
    given = document(capsys, "plan", "digits", "--space", "mlp_grid", "--epochs", "4")["space"]
    names = [[each["name"] for each in space["parameters"]] for space in (searched, given)]
    assert [name for name in names[0] if name not in names[1]] == ["training.epochs"]
    assert (searched["size"], given["size"]) == (72, 36)
