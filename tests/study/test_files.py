"""Folders that take the place of others, and whose a folder is by its name."""

import os
from pathlib import Path

import pytest
from fakes.studies import made

from tuner.data import load_split
from tuner.errors import StudyError
from tuner.files import new_folder
from tuner.finish.retrain import _drop
from tuner.study import Folder


def test_a_folder_whose_successor_cannot_take_its_place_stands_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(path: Path, target: Path) -> Path:
        if target == best and path.name != "old":
            raise OSError(5, "Input/output error", str(path))
        return real(path, target)

    real, best = Path.rename, tmp_path / "best"
    with new_folder(best) as new:
        (new / "model.keras").write_bytes(b"old")
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="Input/output error"), new_folder(best) as new:
        (new / "model.keras").write_bytes(b"new")
    assert (best / "model.keras").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_only_epochs_of_a_retraining_are_dropped_and_no_folder_of_the_user(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    ours = study.folder.retraining("who")
    names = ("retraining-notes-of-mine", "retraining-0123456789abcdef.old", "00000")
    for path in (ours, *(study.folder.all_checkpoints / name for name in names)):
        path.mkdir(parents=True)
    link = study.folder.all_checkpoints / "retraining-0123456789abcdef"
    link.symlink_to(tmp_path)
    assert study.folder.retrainings == [ours]
    _drop(study.folder)
    assert sorted(path.name for path in study.folder.all_checkpoints.iterdir()) == sorted([*names, link.name])


def test_a_pipe_in_the_place_of_a_split_is_a_damaged_split(tmp_path: Path) -> None:
    os.mkfifo(Folder(tmp_path).split)
    with pytest.raises(StudyError, match="split is damaged"):
        load_split(Folder(tmp_path).split, "a")
