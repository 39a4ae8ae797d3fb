"""`tune resume --space`: what differs is shown, and with --extend the study goes on there."""

import functools
import re
import shutil
from pathlib import Path

import pytest
from fakes import FAKE_WORKER
from fakes.job import SPACE, without_files

import tuner.run
from tuner.cli.boundary import run_program
from tuner.study import Study, hold, study_folder

Captured = pytest.CaptureFixture[str]

WIDER = "hidden.dense.units={int: [8, 128], log: true, default: 16}"


@pytest.fixture(autouse=True)
def study(home: Path, two_trials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Study s, its space file here, and a program whose workers train nothing."""
    shutil.copytree(two_trials, home)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPACE)
    (tmp_path / "wide.yaml").write_text(SPACE.replace("[8, 64]", "[8, 128]"))
    narrow = SPACE[: SPACE.index("presets:")].replace("[8, 64]", "[21, 64]").replace("default: 16", "default: 21")
    (tmp_path / "narrow.yaml").write_text(narrow)
    quick = functools.partial(tuner.run.run, command=FAKE_WORKER, write=without_files)
    monkeypatch.setattr(tuner.run, "run", quick)


def resumed(capsys: Captured, *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = run_program(["resume", *words])
    return code, capsys.readouterr().err


def test_a_space_that_differs_is_shown_and_exit_4_says_what_to_type(capsys: Captured) -> None:
    code, err = resumed(capsys, "s", "--space", "wide.yaml")
    assert code == 4
    assert err == (
        "tune: study 's' was begun in another space:\n"
        "  ~ hidden[0..1].dense.units: 8 to 64, log -> 8 to 128, log (wider)\n"
        "In this space 2 of its 2 finished trials are valid. Add --extend to take them over and go on as study 's-2', "
        "or go on in the old space: tune resume s\n"
    )
    assert not study_folder("s-2").path.exists()


def test_what_would_be_left_behind_is_said_with_the_reason(capsys: Captured) -> None:
    _, err = resumed(capsys, "s", "--space", "narrow.yaml")
    units = [trial.values["hidden[0].dense.units"] for trial in Study.open(study_folder("s")).trials()]
    assert units[0] == 20
    assert units[1] < 20
    why = f"2 have hidden[0].dense.units = {units[1]} or 20, which the new space does not reach"
    assert f"In this space 0 of its 2 finished trials are valid ({why}). Add --extend" in err


@pytest.mark.parametrize("words", [["--space", "small.yaml"], ["--space", "small.yaml", "--extend"]])
def test_the_same_space_goes_on_with_the_study_itself(capsys: Captured, words: list[str]) -> None:
    code, err = resumed(capsys, "s", *words, "--trials", "3")
    assert code == 0
    assert "going on with 2 finished trials" in err
    assert len(Study.open(study_folder("s")).trials()) == 3
    assert not study_folder("s-2").path.exists()


def test_extend_goes_on_in_a_new_study_and_the_same_line_again_goes_on_with_that(capsys: Captured) -> None:
    words = ["s", "--space", "wide.yaml", "--extend", "--trials"]
    code, err = resumed(capsys, *words, "3")
    assert code == 0
    assert err.splitlines()[:5] == [
        "~ hidden[0..1].dense.units: 8 to 64, log -> 8 to 128, log (wider)",
        "digits · small · study s-2",
        "precision float32 (auto: on a CPU)",
        "2 of 2 finished trials carried over from study 's'",
        "going on with 2 finished trials",
    ]
    code, err = resumed(capsys, *words, "4")
    assert code == 0
    assert "going on with 3 finished trials" in err
    assert [trial.carried for trial in Study.open(study_folder("s-2")).trials()] == ["s", "s", "", ""]
    assert len(Study.open(study_folder("s")).trials()) == 2
    assert not study_folder("s-3").path.exists()
    assert resumed(capsys, "s-2", "--trials", "5")[0] == 0


def test_another_space_takes_the_next_free_name(capsys: Captured) -> None:
    assert resumed(capsys, "s", "--space", "wide.yaml", "--extend", "--trials", "3")[0] == 0
    assert resumed(capsys, "s", "--space", "narrow.yaml", "--extend", "--trials", "2")[0] == 0
    assert [Study.open(study_folder(name)).n_finished() for name in ("s-2", "s-3")] == [3, 2]


def test_set_and_fix_alone_change_the_studys_own_space(capsys: Captured) -> None:
    code, err = resumed(capsys, "s", "--set", WIDER, "--fix", "training.optimizer=adam", "--extend", "--trials", "3")
    assert code == 0
    assert "~ training.optimizer: adam or sgd -> adam (fixed now)" in err
    assert Study.open(study_folder("s-2")).trials()[2].values.keys().isdisjoint({"training.optimizer"})


def test_a_study_that_holds_all_its_trials_asks_how_many_there_shall_be(capsys: Captured) -> None:
    code, err = resumed(capsys, "s", "--space", "wide.yaml", "--extend")
    assert code == 2
    assert "2 trials are carried over, and study 's' was asked for 2. Say how many there shall be" in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["s", "--extend"], 2, r"--extend needs another space: give --space, --topology, --set or --fix\."),
        (["s", "--study", "t"], 2, r"--study needs another space"),
        (["ss", "--space", "wide.yaml"], 4, r"no study 'ss'.*Did you mean s\?"),
        (["s", "--space", "nosuch.yaml"], 2, r"nosuch\.yaml:1: no such file"),
        (["s", "--set", "hidden.dense.unit=8"], 2, r"dense has no argument 'unit'\. Did you mean 'units'"),
        (["s", "--space", "wide.yaml", "--topology", "53"], 2, r"--space and --topology exclude each other"),
        (["s", "--space", "wide.yaml", "--study", "a/b", "--extend"], 2, r"a study's name must start with"),
        (["s", "--space", "wide.yaml", "--study", "s", "--extend"], 4, r"study 's' exists already\. Give another name"),
    ],
)
def test_a_mistake_gets_its_exit_code_and_makes_no_study(
    home: Path, capsys: Captured, words: list[str], code: int, said: str
) -> None:
    got, err = resumed(capsys, *words)
    assert got == code
    assert re.search(said, err), err
    assert [path.parent.name for path in (home / "studies").glob("*/study.db")] == ["s"]


def test_a_study_that_is_being_searched_is_not_extended(capsys: Captured) -> None:
    with hold(study_folder("s").path, "s"):
        code, err = resumed(capsys, "s", "--space", "wide.yaml", "--extend", "--trials", "9")
    assert code == 75
    assert re.search(r"study 's' is held by process \d+ on \S+\. Its trials are carried over when it has ended", err)


def test_a_study_in_a_folder_of_its_own_is_extended_beside_it(tmp_path: Path, capsys: Captured) -> None:
    shutil.copytree(study_folder("s").path, tmp_path / "elsewhere" / "s")
    here = f".{Path('/')}elsewhere{Path('/')}s"
    assert resumed(capsys, here, "--space", "wide.yaml", "--extend", "--trials", "3")[0] == 0
    assert (tmp_path / "elsewhere" / "s-2" / "study.db").exists()


def test_the_new_study_can_be_given_a_name(capsys: Captured) -> None:
    words = ["s", "--space", "wide.yaml", "--study", "broad"]
    assert "go on as study 'broad'" in resumed(capsys, *words)[1]
    assert resumed(capsys, *words, "--extend", "--trials", "3")[0] == 0
    assert Study.open(study_folder("broad")).n_finished() == 3
