"""Fault test 25: a study's database damaged in two hundred places, or not one of this version's at all."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from alembic import command
from evidence import Measured
from fakes.studies import made, trained
from optuna.storages import RDBStorage

from tuner.cli.boundary import run_program
from tuner.study import Folder, Study
from tuner.trial import TrialState

PLACES = 200
TARGET = "detected or harmless; exit 4, one line, original bytes untouched"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of a study in which everything occurs."""
    study = made(tmp_path_factory.mktemp("whole") / "s", tuple(0.5 + i / 100 for i in range(20)))
    for state in (TrialState.FAILED, TrialState.PRUNED, TrialState.WAITING, TrialState.RUNNING):
        trained(study, 0.3, state)
    study.close()
    return study.folder.database.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "damaged").mkdir()
    return Folder(tmp_path / "damaged")


def reading(folder: Folder, capsys: pytest.CaptureFixture[str]) -> str:
    """What `tune show` says: the same as of the whole one, or why not. Anything else than one line and 4 fails here."""
    before = folder.database.read_bytes()
    code = run_program(["show", str(folder.path), "--json"])
    out, err = capsys.readouterr()
    assert folder.database.read_bytes() == before
    assert {path.name for path in folder.path.iterdir()} == {"study.db"}
    if code == 0:
        return out
    assert code == 4, err
    assert err.count("\n") == 1
    assert err.startswith(f"tune: {folder.database}: ")
    return ""


def flipped(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]


def truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def zeroed(content: bytes, chance: random.Random) -> bytes:
    """A page that never reached the disk."""
    page = chance.randrange(len(content) // 4096) * 4096
    return content[:page] + bytes(4096) + content[page + 4096 :]


DAMAGES: dict[str, tuple[int, Callable[[bytes, random.Random], bytes]]] = {
    "flipped": (120, flipped),
    "truncated": (50, truncated),
    "zeroed": (30, zeroed),
}


def test_damage_at_two_hundred_places_is_found_or_harmless(
    whole: bytes,
    folder: Folder,
    chance: random.Random,
    capsys: pytest.CaptureFixture[str],
    measured: Measured,
) -> None:
    folder.database.write_bytes(whole)
    sound = reading(folder, capsys)
    outcomes: Counter[str] = Counter()
    for name, (n, damage) in DAMAGES.items():
        for _ in range(n):
            folder.database.write_bytes(damage(whole, chance))
            said = reading(folder, capsys)
            outcomes["detected" if not said else "harmless" if said == sound else f"{name}: another study"] += 1
    figure = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
    measured(25, target=TARGET, figure=f"{PLACES} places: {figure}; exit 4, one line, bytes untouched")
    assert sum(outcomes.values()) == PLACES
    assert outcomes["detected"] > PLACES / 3
    assert set(outcomes) <= {"detected", "harmless"}


def older(version: str) -> Callable[[Path], None]:
    """Its tables as that version of Optuna made them."""

    def make(database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            # Optuna's older migrations expect the index under the name that MySQL gives it.
            connection.execute("DROP INDEX ix_trials_study_id")
            connection.execute("CREATE INDEX trials_study_id_key ON trials (study_id)")
        storage = RDBStorage(f"sqlite:///{database}", skip_compatibility_check=True)
        command.downgrade(storage._version_manager._create_alembic_config(), version)
        storage.engine.dispose()

    return make


def numbered(version: str) -> Callable[[Path], None]:
    """Optuna itself can undo its own migrations no further than to 3.0."""

    def make(database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (version,))

    return make


def unnumbered(database: Path) -> None:
    """As Optuna before 1.0 left it."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TABLE alembic_version")


def optunas_own(database: Path) -> None:
    database.unlink()
    optuna.create_study(storage=f"sqlite:///{database}", study_name="theirs")


def anothers(database: Path) -> None:
    database.unlink()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE birds (name TEXT)")


STRANGERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "zero-length": (lambda database: database.write_bytes(b""), "it is no SQLite database"),
    "a text": (lambda database: database.write_text("dear diary"), "it is no SQLite database"),
    "a header alone": (lambda database: database.write_bytes(b"SQLite format 3\x00"), ""),
    "a picture": (lambda database: database.write_bytes(b"\x89PNG\r\n" + bytes(8192)), "it is no SQLite database"),
    "another program's": (anothers, "it is another program's database"),
    "Optuna's, not ours": (optunas_own, "not of a study of tune"),
    "of Optuna 2": (numbered("v2.6.0.a"), "written by an older version of Optuna"),
    "of Optuna 3.0": (older("v3.0.0.c"), "written by an older version of Optuna"),
    "of Optuna 3.1": (older("v3.0.0.d"), "written by an older version of Optuna"),
    "of no version": (unnumbered, "written by an older version of Optuna"),
    "of a later Optuna": (numbered("v9.0.0.a"), "written by a newer version of Optuna"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_file_of_another_kind_or_version_is_refused_and_left_as_it_is(
    kind: str, whole: bytes, folder: Folder, capsys: pytest.CaptureFixture[str], measured: Measured
) -> None:
    make, why = STRANGERS[kind]
    folder.database.write_bytes(whole)
    make(folder.database)
    before = folder.database.read_bytes()
    assert run_program(["show", str(folder.path)]) == 4
    assert run_program(["resume", str(folder.path), "--trials", "99"]) == 4
    lines = capsys.readouterr().err.splitlines()
    measured(25, target=TARGET, figure=f"{kind}: exit 4, {len(lines)} lines of two commands")
    assert len(lines) == 2
    assert all(why in line for line in lines)
    assert folder.database.read_bytes() == before


def test_a_file_of_optuna_4_is_of_the_same_version(whole: bytes, folder: Folder, measured: Measured) -> None:
    """Its tables are those of Optuna 3.2 to 5."""
    folder.database.write_bytes(whole)
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("UPDATE version_info SET library_version = '4.5.0'")
    n_trials = len(Study.open(folder).trials())
    measured(25, target=TARGET, figure=f"of Optuna 4: opened, {n_trials} trials")
    assert n_trials == 24


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "study.db")
    assert run_program(["show", str(tmp_path) + "/"]) == 4
    assert "it is no file" in capsys.readouterr().err
