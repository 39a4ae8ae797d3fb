"""`tune clean` where something cannot be removed, or somebody on another machine is at work: what is said."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.studies import checkpoint, made, marked, on_disk, trained

from tuner.cli.boundary import run_program
from tuner.cli.clean_command import MOST
from tuner.study import Study
from tuner.study.backups import take
from tuner.study.leftovers import remove, size_of
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def study(home: Path) -> Study:
    """Three trials with weights, one that waits, and a backup."""
    study = made(home / "studies" / "s", (0.5, 0.9, 0.7))
    trained(study, 0.4, TrialState.WAITING)
    take(study.folder)
    study.close()
    return study


@pytest.fixture
def immovable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Files of that name cannot be removed; of the empty name, all can again."""
    real, kept = os.unlink, [""]

    def unlink(path: str | Path, *arguments: object, **more: object) -> None:
        if Path(path).name == kept[0]:
            raise PermissionError(1, "Operation not permitted", str(path))
        real(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", unlink)
    return lambda name: kept.__setitem__(0, name)


def test_a_removal_says_why_something_is_still_there(tmp_path: Path, immovable: Callable[[str], None]) -> None:
    for name in ("a/stays", "a/goes", "b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    immovable("stays")
    assert remove(tmp_path / "a") == "Operation not permitted"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["stays"]
    assert [remove(tmp_path / name) for name in ("b", "b", "nosuch")] == ["", "", ""]
    immovable("")
    assert remove(tmp_path / "a") == ""


def test_only_what_is_gone_is_told_as_freed(
    study: Study, immovable: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = size_of(study.folder.path)
    immovable("state.npz")
    assert run_program(["clean", "s", "--keep", "none", "--json"]) == 5
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["freed"] == before - size_of(study.folder.path) > 0
    assert told["removed"] == [{"what": "checkpoints", "bytes": told["freed"], "paths": []}]
    root = study.folder.all_checkpoints
    assert told["stays"] == [{"path": str(root / f"0000{i}"), "why": "Operation not permitted"} for i in range(3)]
    assert f"stays: {root}/00000: Operation not permitted\n" in said.err
    assert said.err.splitlines()[-1] == (
        "tune: study 's' is not clean: 3 things could not be removed. Mend that, and give the same command again."
    )
    immovable("")
    assert run_program(["clean", "s", "--keep", "none"]) == 0
    assert "3  checkpoints\n" in capsys.readouterr().out


def test_a_long_list_of_what_stays_is_cut_short(
    study: Study, immovable: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20, 30):
        checkpoint(study, number, 1)
    immovable("state.npz")
    assert run_program(["clean", "--all", "--keep", "none"]) == 5
    err = capsys.readouterr().err
    assert err.count("Operation not permitted") == MOST
    assert f"stays: {13 - MOST} more\n" in err


def test_a_deletion_that_leaves_a_file_of_the_study_stops_before_what_shows_that_there_is_one(
    study: Study, immovable: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    immovable("state.npz")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 5
    said = capsys.readouterr()
    assert said.out.startswith("s: freed ")
    assert "tune: study 's' is not deleted: 4 things could not be removed. " in said.err
    assert study.folder.database.exists()
    assert study.folder.backups.exists()
    immovable("study.db")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 5
    assert (study.folder.all_checkpoints.exists(), on_disk(study)) == (True, [])
    assert study.folder.backups.exists()
    immovable("")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert not study.folder.path.exists()


def test_an_empty_folder_is_called_that(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = made(home / "studies" / "s", (0.5,))
    study.close()
    study.folder.checkpoints(7).mkdir()
    assert run_program(["clean", "s", "--keep", "all"]) == 0
    assert "1  checkpoint\n" in capsys.readouterr().out  # the older of two
    study.folder.checkpoints(7).mkdir()
    assert run_program(["clean", "s", "--keep", "all"]) == 0
    assert capsys.readouterr().out == "s: freed 0 B.\n  0 B  1  empty folder\n"


@pytest.mark.parametrize(
    "words", ["clean s", "clean s --delete --yes", "repair s", "clean --all", "resume s"], ids=lambda words: words
)
def test_a_study_that_another_machine_writes_to_is_left_alone_though_its_lock_is_not_seen(
    study: Study, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    marked(study, host="far away", pid=7)
    note = study.folder.path / "holder.json"
    note.write_text('{"pid": 7, "host": "far away", "started": "x"}', encoding="utf-8")
    (study.folder.path / ".unfinished-best-x").mkdir()
    before = sorted(path for path in study.folder.path.rglob("*") if path.name != "lock")
    assert run_program(words.split()) == 75
    err = capsys.readouterr().err
    assert "study 's' is held by process 7 on far away. It lived " in err
    assert err.count("\n") <= 2
    assert sorted(path for path in study.folder.path.rglob("*") if path.name != "lock") == before
    assert '"far away"' in note.read_text(encoding="utf-8")


def test_a_damaged_study_that_cannot_be_asked_who_writes_to_it_can_be_deleted(study: Study) -> None:
    marked(study, host="far away", pid=7)
    study.folder.database.write_bytes(b"damaged")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert not study.folder.path.exists()
