"""`tune clean`, and the deletion of a study: what goes, what never does, and who is asked."""

import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes.studies import checkpoint, made, on_disk, trained

from tuner.cli.boundary import run_program
from tuner.files import new_folder, write_manifest
from tuner.study import Study, hold, list_studies
from tuner.study.backups import list_backups, take
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

NEVER = ("study.db", "split.npz", "best/model.keras", "report/report.html")


@pytest.fixture
def study(home: Path) -> Study:
    """With all that a long life leaves."""
    study = made(home / "studies" / "s", (0.5, 0.9, 0.7))
    folder = study.folder
    take(folder, interval=0)
    trained(study, 0.6)
    take(folder, interval=0)
    study.close()
    with new_folder(folder.best) as best:
        (best / "model.keras").write_bytes(b"a model")
        write_manifest(best, trial=1)
    for path in (folder.split, folder.report / "report.html", folder.logs / "worker-0.log"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(5000))
    folder.damaged.mkdir()
    (folder.damaged / "best-x").write_bytes(bytes(7000))
    (folder.path / "study.db.damaged-20261127T120000Z").write_bytes(bytes(9000))
    (folder.path / ".unfinished-best-x").mkdir()
    return study


def sums(study: Study) -> dict[str, bytes]:
    return {name: (study.folder.path / name).read_bytes() for name in NEVER}


def test_what_is_needed_no_more_goes_and_the_rest_stays(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    before = sums(study)
    assert run_program(["clean", "s"]) == 0
    assert on_disk(study) == ["00001/epoch-0003"]
    assert [each.number for each in list_backups(study.folder)] == [2]
    assert sums(study) == before
    assert sorted(path.name for path in study.folder.path.iterdir()) == [
        "backups", "best", "checkpoints", "damaged", "lock", "logs", "report", "split.npz", "study.db",
    ]  # fmt: skip
    said = capsys.readouterr().out
    assert said.startswith("s: freed ")
    for what in ("4  checkpoints", "1  backup but the newest", "1  log", "2  damaged files", "1  unfinished file"):
        assert f"{what}\n" in said
    assert run_program(["clean", "s"]) == 0
    assert capsys.readouterr().out == "s: nothing to clean.\n"


def test_a_dry_run_tells_the_same_and_leaves_it(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    def files() -> list[Path]:
        return sorted(study.folder.path.rglob("*"))

    before = [path for path in files() if path.name != "lock"]
    assert run_program(["clean", "s", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [path for path in files() if path.name != "lock"] == before
    assert run_program(["clean", "s", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (told["dry_run"], done["dry_run"]) == (True, False)
    assert told["removed"] == done["removed"]
    assert told["freed"] == sum(each["bytes"] for each in told["removed"]) > 21_000


@pytest.mark.parametrize(
    ("asked", "options", "left"),
    [
        ("best", [], [1]),
        ("top:2", [], [1, 2]),
        ("all", [], [0, 1, 2, 3]),
        ("all", ["--keep", "none"], []),
        ("best", ["--keep", "top:3"], [1, 2, 3]),
    ],
)
def test_the_policy_is_the_one_of_the_last_run_unless_another_is_named(
    study: Study, asked: str, options: list[str], left: list[int]
) -> None:
    writable = Study.open(study.folder, writable=True)
    writable.remember("run", {"keep": asked})
    writable.close()
    assert run_program(["clean", "s", *options]) == 0
    assert on_disk(study) == [f"0000{number}/epoch-0003" for number in left]


def test_what_a_trial_will_go_on_from_stays(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    checkpoint(writable, trained(writable, 0.4, TrialState.WAITING), 4)
    writable.close()
    assert run_program(["clean", "s", "--keep", "none"]) == 0
    assert [each for each in on_disk(study) if each.startswith("00004")] == [
        f"00004/epoch-000{epoch}" for epoch in (2, 3, 4)
    ]


def test_all_studies_are_cleaned_but_those_that_cannot_be(
    study: Study, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(home / "studies" / "held", (0.5,)).close()
    made(home / "studies" / "other", (0.5, 0.6)).close()
    with hold(home / "studies" / "held", "held"):
        assert run_program(["clean", "--all"]) == 75
    said = capsys.readouterr()
    assert "other: freed" in said.out
    assert "s: freed" in said.out
    assert said.err.startswith("tune: study 'held' is held by process")
    assert on_disk(study) == ["00001/epoch-0003"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("clean", 2, "name one study, or give --all. Got neither"),
        ("clean s --all", 2, "name one study, or give --all. Got both"),
        ("clean s --keep some", 2, "best, top:K with K from 1"),
        ("clean --all --delete", 2, "--all does not go with it"),
        ("clean s --delete --keep best", 2, "--keep does not go with it"),
        ("clean nosuch", 4, "no study 'nosuch'"),
        ("clean nosuch --delete --yes", 4, "no study 'nosuch'"),
        ("clean ../.. --delete --yes", 4, "no study in"),
    ],
)
def test_a_mistake_gets_one_line_and_touches_nothing(
    study: Study, capsys: pytest.CaptureFixture[str], words: str, code: int, said: str
) -> None:
    assert run_program(words.split()) == code
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
    assert len(on_disk(study)) == 8


def test_a_study_that_is_searched_is_left_alone(study: Study) -> None:
    with hold(study.folder.path, "s"):
        assert run_program(["clean", "s"]) == 75
        assert run_program(["clean", "s", "--delete", "--yes"]) == 75
    assert len(on_disk(study)) == 8


def test_a_damaged_study_keeps_its_backups(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    study.folder.database.write_bytes(b"")
    assert run_program(["clean", "s"]) == 4
    assert "Try: tune repair s" in capsys.readouterr().err
    assert len(list_backups(study.folder)) == 2


def test_a_damaged_file_that_tells_more_than_the_study_does_is_spared(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    rich = study.folder.path / "study.db.damaged-20261127T130000Z"
    rich.write_bytes(study.folder.database.read_bytes())
    journal = rich.with_name(f"{rich.name}-journal")
    journal.write_bytes(b"x")
    study.folder.database.write_bytes(list_backups(study.folder)[1].path.read_bytes())
    assert run_program(["clean", "s"]) == 0
    assert f"tune: spared: {rich}, of which more trials can be read" in f"tune: {capsys.readouterr().err}"
    assert (rich.exists(), journal.exists()) == (True, True)
    assert not (study.folder.path / "study.db.damaged-20261127T120000Z").exists()
    study.folder.database.write_bytes(rich.read_bytes())
    assert run_program(["clean", "s", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["spared"] == []
    assert not rich.exists()


def test_a_dry_run_needs_no_lock(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    with hold(study.folder.path, "s"):
        assert run_program(["clean", "s", "--dry-run", "--json"]) == 0
        assert run_program(["clean", "s", "--delete", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert '"what": "checkpoints"' in told
    assert "unfinished files" not in told  # they are being written


def test_where_nothing_may_be_written_it_is_said_and_not_that_there_are_no_studies(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tuner.study.lock.FileLock.acquire", refused)
    assert run_program(["clean", "--all"]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "cannot be locked: Read-only file system" in said.err
    assert run_program(["clean", "--all", "--dry-run"]) == 0
    assert run_program(["repair", "s", "--dry-run"]) == 0
    assert "Nothing was touched" in capsys.readouterr().out
    assert study.folder.database.exists()


# --- the whole study --------------------------------------------------------------------------------------------------


def test_without_a_terminal_and_without_yes_nothing_is_deleted(tune: object, study: Study) -> None:
    assert callable(tune)
    done = tune("clean", "s", "--delete")
    assert done.returncode == 2
    assert done.stderr == "tune: --delete asks first, and there is no terminal to ask on. Add --yes.\n"
    assert list_studies() == ["s"]


def test_with_yes_nothing_is_left_of_it(study: Study, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(home / "studies" / "other").close()
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert capsys.readouterr().out.startswith("s: deleted ")
    assert [path.name for path in (home / "studies").iterdir()] == ["other"]


@pytest.mark.parametrize(("answer", "left"), [("y\n", []), ("n\n", ["s"]), ("\n", ["s"])])
def test_on_a_terminal_it_asks(study: Study, home: Path, answer: str, left: list[str]) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tuner", "clean", "s", "--delete"]
    environ = {**os.environ, "TUNE_HOME": str(home)}
    program = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ)
    threading.Timer(0.0, os.write, (ours, answer.encode())).start()
    _, err = program.communicate(timeout=60)
    assert b"Delete study s with its 4 finished trials, model and report (" in err
    assert list_studies() == left
    assert program.returncode == (0 if not left else 1)


def test_what_is_not_of_the_study_stays_and_is_named(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    (study.folder.path / "thesis.tex").write_text("mine", encoding="utf-8")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert [path.name for path in study.folder.path.iterdir() if path.suffix] == ["thesis.tex"]
    assert "thesis.tex, which is not of the study" in capsys.readouterr().err


def test_links_are_not_followed(study: Study, tmp_path: Path, home: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"x")
    (study.folder.logs / "link").symlink_to(outside)
    (study.folder.damaged / "link").symlink_to(outside)
    (study.folder.path / "inbox").symlink_to(outside)
    assert run_program(["clean", "s"]) == 0
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert (outside / "precious").exists()
    assert not study.folder.path.exists()


def test_a_study_that_is_a_link_is_not_deleted(study: Study, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = home / "moved"
    study.folder.path.rename(real)
    study.folder.path.symlink_to(real)
    assert run_program(["clean", "s", "--delete", "--yes"]) == 4
    assert "is a link to" in capsys.readouterr().err
    assert (real / "study.db").exists()


def test_a_deletion_that_was_killed_can_be_given_again(study: Study, home: Path) -> None:
    import shutil

    for path in (study.folder.backups, study.folder.best, study.folder.split):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert list((home / "studies").iterdir()) == []


def test_a_study_of_which_only_backups_are_left_is_named_by_everybody_and_can_be_deleted(
    study: Study, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.folder.database.unlink()
    assert run_program(["show", "s"]) == 4
    assert "it is missing, but there are backups of it. Try: tune repair s" in capsys.readouterr().err
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert list((home / "studies").iterdir()) == []
