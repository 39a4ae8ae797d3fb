"""Fault test 26: a retrained model that is not, byte for byte, what was saved is refused by its sum and told of."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence import Measured
from fakes import job
from fakes.driving import N_CLASSES, SHAPE, driver

from tuner import models
from tuner.cli.boundary import run_program
from tuner.events import Retraining, Warned
from tuner.files import damage, new_folder, write_json, write_manifest
from tuner.finish.retrain import result
from tuner.plan import Budget
from tuner.study import Folder, Study, study_folder

pytestmark = pytest.mark.usefixtures("unsynced")

PLACES = 100


@pytest.fixture
def folder(home: Path) -> Folder:
    """Of a study with two trials and a real model as its winner."""
    study = driver(home / "studies" / "s", "optuna", "random")
    study.run(2)
    configuration = study.space.default()
    with new_folder(study.folder.best) as best:
        models.build(configuration, SHAPE, N_CLASSES).save(best / "model.keras", zipped=True)
        write_json(best / "configuration.json", configuration.to_json())
        write_manifest(best, trial=0, epochs=3, opened="2026-01-02T03:04:05+00:00", curve=[])
    return study_folder("s")


def spoilt(content: bytes, chance: random.Random) -> Iterator[bytes]:
    for n in range(PLACES):
        yield content[: len(content) * n // PLACES]
    for _ in range(PLACES):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        yield bytes(flipped)


def test_a_damaged_model_is_told_as_damaged_and_not_as_missing(
    folder: Folder, chance: random.Random, capsys: pytest.CaptureFixture[str], measured: Measured
) -> None:
    model = folder.best / "model.keras"
    content = model.read_bytes()
    assert result(folder) is not None
    assert run_program(["show", "s"]) == 0
    assert capsys.readouterr().err == ""

    refused = damaged = shown = 0
    why = "model.keras has another checksum than manifest.json holds"
    for number, bad in enumerate(spoilt(content, chance)):
        model.write_bytes(bad)
        refused += result(folder) is None
        damaged += damage(folder.best) == why
        if number % 20 == 0:
            assert run_program(["show", "s"]) == 0
            assert capsys.readouterr().err == (
                f"tune: {folder.best} is damaged and left out: {why}. To train it again: tune resume s\n"
            )
            shown += 1

    measured(
        26,
        target="truncated or flipped at 100 places: refused by hash, the message says damaged",
        figure=f"{PLACES} truncations and {PLACES} flips of a {len(content):,}-byte model: {refused} refused, "
        f"{damaged} called damaged, {shown} of {shown} looks at it with tune show told so",
    )
    assert refused == damaged == 2 * PLACES


def test_any_file_beside_the_model_counts_and_so_does_the_manifest(folder: Folder) -> None:
    assert damage(folder.best) == ""
    (folder.best / "configuration.json").write_text("{}")
    assert damage(folder.best) == "configuration.json has another checksum than manifest.json holds"
    (folder.best / "configuration.json").unlink()
    assert damage(folder.best) == "configuration.json is missing"
    manifest = folder.best / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"epochs": 3', '"epochs": 4'))
    assert damage(folder.best) == "manifest.json has been changed"
    manifest.write_bytes(b"")
    assert damage(folder.best) == "manifest.json is not readable"
    manifest.unlink()
    assert damage(folder.best) == "manifest.json is missing"
    shutil.rmtree(folder.best)
    assert damage(folder.best) == ""


def test_a_damaged_winner_is_told_of_and_trained_again_by_the_same_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = job.make(home, monkeypatch)
    study.run(budget=Budget(trials=3))
    model = study.request.folder.best / "model.keras"
    good = model.read_bytes()
    model.write_bytes(good[:-1])
    study.events.clear()
    assert run_program(["report", "s"]) == 0
    assert "is damaged and left out: model.keras has another checksum" in capsys.readouterr().err

    study.run(budget=Budget(trials=3))

    (warning,) = [event for event in study.events if isinstance(event, Warned)]
    assert "is damaged (model.keras has another checksum than manifest.json holds)" in warning.text
    assert any(isinstance(event, Retraining) for event in study.events)
    assert model.read_bytes() == good
    assert Study.open(study.request.folder).n_finished() == 3
