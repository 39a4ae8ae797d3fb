"""`tune compare`: real studies on disk, read while nobody stops for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from fakes.job import make
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row
from rich.console import Console

from reports.comparability import barriers
from reports.page import Column, Table
from tuner.cli.boundary import run_program
from tuner.cli.compare_command import default_folder
from tuner.cli.comparison_table import print_table
from tuner.comparing import make_comparison
from tuner.plan import Budget, Plan
from tuner.study import Folder, Study, studies_root

pytestmark = pytest.mark.usefixtures("unsynced")

PLAN = Plan(dataset="digits", data_fingerprint="f" * 64, space="mlp_v1", space_fingerprint="5" * 64)
COUNTS = {"train": [1221], "validation": [216], "test": [360]}

Made = Callable[..., Folder]


def ended(score: float, after: float | None, state: str = "complete", **more: Any) -> FrozenTrial:
    """A trial of two epochs as it stands in a study; `more` are attributes."""
    curve = [[epoch, 0.5, 1.0, score * epoch / 2, 1.0, 2.0, 0.001] for epoch in (1, 2)]
    outcome = {"state": state, "reason": "", "detail": "", "seconds": 4.5, "finished_after": after}
    return optuna.create_trial(
        state=Row.COMPLETE if state == "complete" else Row.PRUNED,
        value=score,
        user_attrs={
            "setup": {"configuration": "c", "seed": 1, "parameters": 99, "device": "CPU", "retries": 0},
            "curve": {"epochs": curve, "clock": 7.0},
            "outcome": outcome,
            **more,
        },
    )


def cross_validated(folds: list[float], samples: int | None, after: float) -> FrozenTrial:
    rows = [[index, accuracy, 1.0, 0.1] for index, accuracy in enumerate(folds)]
    made = ended(0.5, after, folds=rows, stage={"samples": samples} if samples else {})
    del made._user_attrs["curve"]
    return made


@pytest.fixture
def made(home: Path) -> Made:
    """Puts a study of these trials into its place."""

    def put(
        name: str, *rows: FrozenTrial, plan: Plan = PLAN, run: Mapping[str, Any] | None = None, at: Path | None = None
    ) -> Folder:
        folder = Folder((at or studies_root()) / name)
        folder.path.mkdir(parents=True)
        asked = {"trials": len(rows), "timeout": None, "stopped_by": "all trials are done", "seconds": 60.0}
        facts = {"data": {"counts": COUNTS}, "command": f"tune digits --study {name}", "run": {**asked, **(run or {})}}
        Study.create(folder, plan, "name: x", rows, facts)
        return folder

    return put


@pytest.fixture
def pair(made: Made) -> None:
    made("first", ended(0.90, 10.0), ended(0.94, 20.0), ended(0.99, 25.0, "pruned"))
    made("second", ended(0.95, 30.0), plan=replace(PLAN, pruner="none"))


def compared(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run_program(["compare", *words, "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("", 2, r"takes 2 to 8 studies\. Got 0\. See: tune studies"),
        ("first", 2, r"takes 2 to 8 studies\. Got 1"),
        ("a b c d e f g h i", 2, r"takes 2 to 8 studies\. Got 9"),
        ("first secnd", 4, r"no study 'secnd'.* Did you mean second\?"),
        ("first first", 2, r"each study may be named once\. Got 'first' twice"),
        ("first second --out {file}", 2, r"is a file"),
        ("first second --out {file}/below", 4, r"below: cannot be written to: .*--out FOLDER"),
    ],
)
def test_a_mistake_gets_one_line_and_its_exit_code(
    pair: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, code: int, said: str
) -> None:
    (tmp_path / "file").write_text("")
    assert run_program(["compare", *words.format(file=tmp_path / "file").split()]) == code
    out, err = capsys.readouterr()
    assert re.search(said, err), err
    assert (out, err.count("\n")) == ("", 1)


def test_a_study_and_its_folder_are_the_same_study(pair: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["compare", "first", str(studies_root() / "first")]) == 2
    assert "may be named once" in capsys.readouterr().err


def test_the_table_the_verdict_and_the_page_are_told(
    pair: None, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["compare", "first", "second"]) == 0
    out, err = capsys.readouterr()
    rows = {line[:26].strip(): line[26:].split("  ") for line in out.splitlines()}
    cells = {name: [cell.strip() for cell in row if cell.strip()] for name, row in rows.items()}
    assert cells["trials finished"] == ["3", "1"]
    assert cells["complete, pruned, failed"] == ["2, 1, 0", "1, 0, 0"]
    assert cells["best validation score"] == ["94.00 %", "95.00 %"]  # the pruned trial with 0.99 cannot win
    assert cells["found after"] == ["2 trials, 20.0 s", "1 trial, 30.0 s"]
    assert cells["94.00 % reached after"] == ["2 trials, 20.0 s", "1 trial, 30.0 s"]
    assert "On 216 validation images first cannot be told apart from it" in out
    page = home / "comparisons" / "first+second" / "comparison.html"
    assert out.splitlines()[-1] == f"page  {page}"
    assert page.exists()
    assert err == ""


def test_json_is_one_document_and_nothing_else(
    pair: None, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = compared(capsys, "first", "second", "--out", str(tmp_path / "out"))
    assert [study["best"]["score"] for study in read["studies"]] == [0.94, 0.95]
    assert read["page"] == str(tmp_path / "out" / "comparison.html")
    assert [row["what"] for row in read["differences"]] == ["pruner", "trials asked for"]
    assert not (home / "comparisons").exists()


def test_open_shows_the_page(pair: None, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("click.launch", shown.append)
    assert run_program(["compare", "first", "second", "--open"]) == 0
    assert shown == [(studies_root().parent / "comparisons" / "first+second" / "comparison.html").as_uri()]


def test_studies_are_read_and_left_as_they_are(pair: None) -> None:
    before = {path: path.read_bytes() for path in studies_root().rglob("*") if path.is_file()}
    assert run_program(["compare", "first", "second"]) == 0
    assert {path: path.read_bytes() for path in studies_root().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"data_fingerprint": "e" * 64}, ["data"]),
        ({"validation": 0.3}, ["how trials are scored"]),
        ({"folds": 5}, ["how trials are scored"]),
        ({"objectives": ("val_accuracy", "parameters")}, ["objectives"]),
        ({"seed": 1, "space": "other", "epochs": 3, "engine": "keras-tuner", "algorithm": "random"}, []),
    ],
)
def test_only_what_scores_rest_on_keeps_them_apart(made: Made, change: dict[str, Any], what: list[str]) -> None:
    first = made("first", ended(0.9, 10.0))
    several = optuna.create_trial(state=Row.COMPLETE, values=[0.9, 99.0]) if "objectives" in change else ended(0.9, 9.0)
    found = comparison_of(first, made("second", several, plan=replace(PLAN, **change)))
    assert [row.what for row in barriers(found)] == what


def test_another_number_of_images_keeps_scores_apart_and_a_limit_without_effect_does_not(made: Made) -> None:
    first, second = made("first", ended(0.9, 1.0)), made("second", ended(0.9, 1.0), plan=replace(PLAN, limit=2000))
    third = made("third", ended(0.9, 1.0))
    Study.open(third, writable=True).remember("data", {"counts": {"train": [340], "validation": [60]}})
    bases = [study.basis for study in comparison_of(first, second, third).studies]
    assert [basis["training images"] for basis in bases] == ["1,437", "1,437", "400"]
    assert bases[0] == bases[1]


def comparison_of(*folders: Folder) -> Any:
    return make_comparison([Study.open(folder) for folder in folders], "tune compare")


def test_trials_are_in_the_order_in_which_they_ended_the_carried_first(made: Made) -> None:
    folder = made(
        "s",
        ended(0.9, 30.0),
        ended(0.8, 20.0),
        ended(0.7, 500.0, carried="older"),
        ended(0.6, None),
        run={"seconds": 0},
    )
    (study, _) = comparison_of(folder, made("other")).studies
    assert [(trial.number, trial.after, trial.carried) for trial in study.trials] == [
        (2, None, "older"),
        (3, 7.0, ""),  # a dying run took it along: the end of its last epoch
        (1, 20.0, ""),
        (0, 30.0, ""),
    ]
    assert study.seconds == 30.0


def test_scores_on_few_images_do_not_win_and_those_of_all_folds_count_every_image(made: Made) -> None:
    plan = replace(PLAN, engine="grid-search-cv", algorithm="halving", folds=2, pruner="none")
    whole = made("whole", cross_validated([0.99, 0.99], 100, 1.0), cross_validated([0.8, 0.9], None, 2.0), plan=plan)
    early = made("early", cross_validated([0.99, 0.97], 100, 1.0), plan=plan)
    first, second = comparison_of(whole, early).studies
    assert [(trial.score, trial.eligible) for trial in first.trials] == [
        (pytest.approx(0.99), False),
        (pytest.approx(0.85), True),
    ]
    assert (first.n_scored_on, second.n_scored_on) == (1437, 100)
    assert second.basis["how trials are scored"] == "in 2 folds of 100 images"


def test_two_studies_of_one_name_are_told_apart_by_their_folders(made: Made, tmp_path: Path) -> None:
    studies = comparison_of(made("s", at=tmp_path / "x"), made("s", at=tmp_path / "y"), made("z", at=tmp_path / "y"))
    assert [study.name for study in studies.studies] == ["x/s", "y/s", "y/z"]


def test_default_folders_are_short_safe_and_each_comparisons_own(home: Path) -> None:
    assert default_folder(["a", "b-c"]) == home / "comparisons" / "a+b-c"
    assert default_folder(["a-b", "c"]) != default_folder(["a", "b-c"])
    assert default_folder(["a+b", "c"]) != default_folder(["a", "b+c"])  # folders elsewhere may be called so
    long = [default_folder([f"{'x' * 60}{i}" for i in range(n)]).name for n in (3, 4)]
    assert len(set(long)) == 2
    assert max(map(len, long)) <= 100
    odd = default_folder(["x/s", "../\x1b[31m y"]).name
    assert re.fullmatch(r"[A-Za-z0-9._+-]+", odd)
    assert odd != default_folder(["x_s", "../\x1b[31m y"]).name


@pytest.mark.parametrize("name", ["\x1b[31ma\u202eb {0}", "[red]x[bold]", "<script>$x$ | `y`"])
def test_a_hostile_folder_name_reaches_terminal_and_page_harmless(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = made(name, ended(0.9, 1.0), at=tmp_path)
    made("first", ended(0.9, 1.0))
    assert run_program(["compare", str(folder.path), "first", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    page = (tmp_path / "out" / "comparison.html").read_text("utf-8")
    assert not set(out + page) & {"\x1b", "\u202e"}
    assert "<script>" not in page
    if name.isascii() and name.isprintable():
        assert name in out.splitlines()[0]


def test_a_study_that_goes_on_or_has_no_score_is_compared_as_far_as_it_is(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    made("first", ended(0.9, 1.0))
    made("second", run={"stopped_by": "", "seconds": 0.0})
    Study.open(Folder(studies_root() / "second"), writable=True).optuna.ask()  # it runs
    assert run_program(["compare", "first", "second"]) == 0
    out = capsys.readouterr().out
    assert "second has no score yet." in out
    assert "second has not come to an end" in out


def test_a_retrained_winner_brings_its_test_score(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, trials in (("four", 4), ("six", 6)):
        make(home, monkeypatch, name).run(budget=Budget(trials=trials), seed=trials)
    read = compared(capsys, "four", "six")
    assert [study["test"]["accuracy"]["value"] for study in read["studies"]] == [0.9, 0.9]
    assert [len(study["trials"]) for study in read["studies"]] == [4, 6]
    assert all(study["ended"] and study["best"]["number"] == study["test"]["trial"] for study in read["studies"])
    (pair,) = read["paired_tests"]  # the fake's winners are right on the same images
    assert (pair["first"], pair["second"], pair["n"], pair["only_first"], pair["p"]) == ("four", "six", 360, 0, 1.0)
    assert {"seed", "trials asked for"} <= {row["what"] for row in read["differences"]}


def test_a_table_too_wide_for_the_terminal_goes_on_below() -> None:
    columns = ("", "a-name-of-thirty-characters-or-so", "b", "c")
    table = Table(
        title="",
        columns=tuple(Column(title=each) for each in columns),
        rows=(("a long fact", "x" * 20, "y" * 20, "z"),),
    )
    out = Console(width=60, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    print_table(table, out)
    lines = [line.rstrip() for line in out.export_text().splitlines()]
    assert max(map(len, lines)) <= 60
    assert sum(line.startswith("a long fact") for line in lines) == 2
    assert not [line for line in lines if "…" in line]
