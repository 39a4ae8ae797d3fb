"""`tune clean --delete`: only a study of ours goes, only what is ours of it, and nobody gets in between."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest
from fakes.studies import made, on_disk

from tuner import cleaning
from tuner.cli.boundary import run_program
from tuner.data import Split, save_split
from tuner.errors import BusyError
from tuner.study import Folder, Study, hold
from tuner.study.backups import take

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def study(home: Path) -> Study:
    """With a backup."""
    study = made(home / "studies" / "s", (0.5, 0.9))
    take(study.folder)
    study.close()
    return study


def add_split(folder: Folder) -> None:
    save_split(Split(train=np.arange(3), validation=np.arange(2)), folder.split, "a")


def test_a_folder_that_only_looks_like_a_study_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in {
        "study.db": b"hello",
        "checkpoints/weights.bin": b"mine",
        "report/thesis.tex": b"mine",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    assert run_program(["clean", str(tmp_path), "--delete", "--yes"]) == 4
    assert capsys.readouterr().err == (
        f"tune: {tmp_path}/study.db: damaged or not a study: it is no SQLite database. "
        "No split and no backup shows that a study of tune is there: nothing was deleted.\n"
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_somebody_elses_study_of_optuna_is_left_as_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "studies" / "theirs"
    folder.mkdir(parents=True)
    optuna.create_study(storage=f"sqlite:///{folder}/study.db")
    assert run_program(["clean", "theirs", "--delete", "--yes"]) == 4
    assert "an Optuna database, but not of a study of tune. " in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["study.db"]


@pytest.mark.parametrize("proof", ["split", "backup"])
def test_a_damaged_study_can_be_deleted_that_shows_that_it_is_ours(study: Study, home: Path, proof: str) -> None:
    study.folder.database.write_bytes(b"damaged")
    if proof == "split":
        shutil.rmtree(study.folder.backups)
        add_split(study.folder)
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert list((home / "studies").iterdir()) == []


FOREIGN = (
    "study.db.old", "study.dbx", "folds_notes.txt", "folds-mine.npz", "backups/thesis.tar", "backups/study-1.db",
    "checkpoints/weights.bin", "checkpoints/123/x", "checkpoints/mine/x", "checkpoints/retraining-mine/x",
)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_name_that_only_begins_like_one_of_ours_is_not_ours(
    study: Study, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = study.folder.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    left = path if path.parent.name in {"s", "backups", "checkpoints"} else path.parent
    said = f"left: {left}, which is not of the study\n"
    assert run_program(["clean", "s", "--delete", "--dry-run"]) == 0
    assert capsys.readouterr().err == said
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert capsys.readouterr().err == said
    assert [each for each in study.folder.path.rglob("*") if each.is_file()] == [path]


@pytest.mark.parametrize(
    "name",
    [
        "study.db-journal",
        "folds.npz",
        "folds-900.npz",
        "checkpoints/123456/x",
        "checkpoints/retraining-0123456789abcdef/x",
    ],
)
def test_whatever_a_study_makes_goes_with_it(study: Study, home: Path, name: str) -> None:
    path = study.folder.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("ours", encoding="utf-8")
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert list((home / "studies").iterdir()) == []


def test_checkpoints_moved_to_another_disk_are_cleaned_there_and_links_among_them_are_not_followed(
    study: Study, tmp_path: Path
) -> None:
    disk, others = tmp_path / "disk", tmp_path / "others"
    study.folder.all_checkpoints.rename(disk)
    study.folder.all_checkpoints.symlink_to(disk)
    (disk / "mine").mkdir()
    (others / "epoch-0001").mkdir(parents=True)
    (disk / "00007").symlink_to(others)
    assert run_program(["clean", "s"]) == 0
    assert [each for each in on_disk(study) if "00007" not in each] == ["00001/epoch-0003"]
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert not study.folder.all_checkpoints.is_symlink()
    assert [path.name for path in disk.iterdir()] == ["mine"]
    assert (others / "epoch-0001").exists()


def test_a_deletion_keeps_others_out_until_the_folder_is_gone(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def close(folder: Folder) -> list[Path]:
        with pytest.raises(BusyError), hold(folder.path, "s"):
            pass
        left = real(folder)
        assert not folder.path.exists()
        return left

    real = cleaning.close
    monkeypatch.setattr(cleaning, "close", close)
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert not study.folder.path.exists()


def test_who_takes_the_folder_of_a_deleted_study_at_the_last_moment_keeps_it(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study.folder.path
    rival = json.dumps({"pid": os.getppid(), "host": socket.gethostname()})

    def drop(path: Path) -> None:
        if path == folder:
            (folder / "lock").touch()
            (folder / "holder.json").write_text(rival, encoding="utf-8")
        real(path)

    real = cleaning.drop
    monkeypatch.setattr(cleaning, "drop", drop)
    assert run_program(["clean", "s", "--delete", "--yes"]) == 0
    assert capsys.readouterr().err == f"left: {folder}, which another process uses again\n"
    assert sorted(path.name for path in folder.iterdir()) == ["holder.json", "lock"]


def test_a_deletion_killed_at_any_step_can_be_given_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, step, code = cleaning.remove, 0, 130
    while code == 130:
        step += 1
        folder = made(home / "studies" / "s", (0.5,)).folder
        take(folder)
        add_split(folder)
        (folder.path / "study.db.damaged-20261127T120000Z").touch()
        folder.database.write_bytes(b"damaged")
        steps = iter(range(step, 0, -1))

        def remove(path: Path, steps: Iterator[int] = steps) -> None:
            if next(steps, 0) == 1:
                raise KeyboardInterrupt
            real(path)

        with monkeypatch.context() as killed:
            killed.setattr(cleaning, "remove", remove)
            code = run_program(["clean", "s", "--delete", "--yes"])
        left = [path.name for path in folder.path.glob("*") if path.name != "lock"]
        assert run_program(["clean", "s", "--delete", "--yes"]) == (0 if left else 4)
        assert code == 130 or not folder.path.exists()
        shutil.rmtree(folder.path, ignore_errors=True)
        assert list((home / "studies").iterdir()) == []
    assert step > 6
