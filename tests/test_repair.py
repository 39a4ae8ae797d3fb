"""`tune repair`: what it finds, what it restores, and that a killed or hindered repair costs nothing."""

import hashlib
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from fakes.studies import checkpoint, made, trained
from optuna.storages import RDBStorage

from tuner.errors import BusyError, StudyError
from tuner.files import new_folder, write_manifest
from tuner.repairing import Finding, Standing, database, repair
from tuner.study import Folder, Study, find_study, hold, list_studies
from tuner.study.backups import find_remains, list_backups, take
from tuner.study.storage import Outdated
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three trials in the backup, four in the database."""
    made_ = made(tmp_path / "s", (0.5, 0.7, 0.6))
    take(made_.folder, now=NOON)
    trained(made_, 0.9)
    made_.close()
    return made_


def finding(found: tuple[Finding, ...], what: str) -> Finding:
    return next(each for each in found if each.what == what)


def scores(folder: Folder) -> list[float | None]:
    return [trial.score for trial in Study.open(folder).trials()]


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def page_of(database: Path, name: str) -> tuple[int, int]:
    """First byte and length of the root page of a table or an index."""
    with closing(sqlite3.connect(database)) as reading:
        (root,) = reading.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        (size,) = reading.execute("PRAGMA page_size").fetchone()
    return (root - 1) * size, size


def overwrite(database: Path, name: str) -> bytes:
    """Spoils the root page of a table or index; returns the whole file as it is then."""
    start, size = page_of(database, name)
    with database.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * size)
    return database.read_bytes()


def test_a_sound_study_is_said_to_be_sound_and_left_as_it_is(study: Study) -> None:
    before = contents(study.folder.path)
    found = repair(study.folder)
    lacking = finding(found, "split")  # these studies have none
    assert [each.standing for each in found if each is not lacking] == [Standing.SOUND] * (len(found) - 1)
    assert finding(found, "database").found == "4 finished trials, all rows read"
    assert contents(study.folder.path) == before


def test_damage_that_leaves_all_rows_readable_costs_nothing(study: Study) -> None:
    spoilt = overwrite(study.folder.database, "ix_trials_study_id")
    with pytest.raises(StudyError, match=r"study\.db: .*Try: tune repair "):
        Study.open(study.folder)
    done = finding(repair(study.folder), "database")
    assert done.standing is Standing.MENDED
    assert done.done.startswith("read all of its rows: 4 finished trials, nothing lost; the damaged file is ")
    assert scores(study.folder) == [0.5, 0.7, 0.6, 0.9]
    (aside,) = study.folder.path.glob("study.db.damaged-*")
    assert aside.read_bytes() == spoilt


def test_where_rows_are_gone_the_newest_backup_takes_its_place_and_it_is_told_what_is_lost(study: Study) -> None:
    spoilt = overwrite(study.folder.database, "trial_user_attributes")
    done = finding(repair(study.folder), "database")
    assert f"restored the backup of {NOON.astimezone():%Y-%m-%d %H:%M}, 3 finished trials" in done.done
    assert "; trial 3 is lost, 1 of 4; " in done.done
    assert (done.loss, done.lost, done.n_existed) == ("trial 3 is lost, 1 of 4", (3,), 4)
    assert scores(study.folder) == [0.5, 0.7, 0.6]
    (aside,) = study.folder.path.glob("study.db.damaged-*")
    assert aside.read_bytes() == spoilt
    assert finding(repair(study.folder), "database").standing is Standing.SOUND


def truncated(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def emptied(database: Path) -> None:
    database.write_bytes(b"")


def not_one(database: Path) -> None:
    database.write_bytes(b"<html>404 Not Found</html>")


def deleted(database: Path) -> None:
    database.unlink()


def a_folder(database: Path) -> None:
    database.unlink()
    database.mkdir()


@pytest.mark.parametrize("harm", [truncated, emptied, not_one, deleted, a_folder])
def test_whatever_became_of_the_file_the_backup_is_restored(study: Study, harm: Callable[[Path], None]) -> None:
    harm(study.folder.database)
    done = finding(repair(study.folder), "database")
    assert done.standing is Standing.MENDED
    assert scores(study.folder) == [0.5, 0.7, 0.6]
    trained(Study.open(study.folder, writable=True), 0.95)
    assert scores(study.folder) == [0.5, 0.7, 0.6, 0.95]


def test_a_journal_of_the_damaged_file_is_not_played_into_the_restored_one(study: Study) -> None:
    not_one(study.folder.database)
    journal = Path(f"{study.folder.database}-journal")
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + os.urandom(2000))
    repair(study.folder)
    assert not journal.exists()
    assert len(list(study.folder.path.glob("study.db.damaged-*-journal"))) == 1
    assert scores(study.folder) == [0.5, 0.7, 0.6]


def test_a_damaged_backup_is_passed_over_for_the_one_before(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    newest = take(study.folder, now=NOON + timedelta(hours=1))
    writable.close()
    assert newest is not None
    newest.path.write_bytes(newest.path.read_bytes()[:-1] + b"x")
    not_one(study.folder.database)
    found = repair(study.folder)
    assert f"restored the backup of {NOON.astimezone():%Y-%m-%d %H:%M}" in finding(found, "database").done
    assert finding(found, "backups").found == "1 of 2 backups damaged"
    assert [each.number for each in list_backups(study.folder)] == [1]
    assert len(list(study.folder.damaged.iterdir())) == 1


def test_without_a_good_backup_nothing_is_touched(study: Study) -> None:
    overwrite(study.folder.database, "trial_user_attributes")
    for backup in list_backups(study.folder):
        backup.path.write_bytes(b"not a backup")
    before = contents(study.folder.path)
    with pytest.raises(StudyError, match="no good backup") as refused:
        repair(study.folder)
    assert "\n" not in str(refused.value)
    assert contents(study.folder.path) == before


def test_damage_at_random_places_is_mended_or_was_harmless(study: Study, tmp_path: Path) -> None:
    chance = random.Random(11)
    whole = study.folder.database.read_bytes()
    standings = set()
    for i in range(25):
        folder = Folder(tmp_path / f"copy{i}")
        shutil.copytree(study.folder.path, folder.path)
        spoilt = bytearray(whole)
        place = chance.randrange(len(whole))
        spoilt[place : place + 200] = os.urandom(len(spoilt[place : place + 200]))
        folder.database.write_bytes(spoilt)
        done = finding(repair(folder), "database")
        standings.add(done.standing)
        assert len(scores(folder)) in {3, 4}
        if done.standing is Standing.MENDED:
            (aside,) = folder.path.glob("study.db.damaged-*")
            assert aside.read_bytes() == spoilt
    assert standings <= {Standing.MENDED, Standing.SOUND}
    assert Standing.MENDED in standings


def test_a_dry_run_says_the_same_and_touches_nothing(study: Study) -> None:
    overwrite(study.folder.database, "trial_user_attributes")
    (study.folder.path / ".unfinished-best-x").mkdir()
    before = contents(study.folder.path)
    told = repair(study.folder, dry_run=True)
    assert contents(study.folder.path) == before
    assert (study.folder.path / ".unfinished-best-x").exists()
    done = repair(study.folder)
    would, did = finding(told, "database"), finding(done, "database")
    assert would.done.startswith("would restore the backup of ")
    assert would.done.endswith("; trial 3 would be lost, 1 of 4")
    assert (would.lost, would.found) == (did.lost, did.found)
    assert finding(told, "unfinished files").done == "would be removed"


def test_a_link_to_a_damaged_database_is_left_to_its_owner(study: Study, tmp_path: Path) -> None:
    real = tmp_path / "real.db"
    study.folder.database.rename(real)
    study.folder.database.symlink_to(real)
    assert finding(repair(study.folder), "database").standing is Standing.SOUND
    overwrite(real, "trials")
    spoilt = real.read_bytes()
    with pytest.raises(StudyError, match=r"it is a link to .*real\.db\. Nothing was touched"):
        repair(study.folder)
    assert (study.folder.database.is_symlink(), real.read_bytes()) == (True, spoilt)


def test_a_study_that_somebody_searches_is_not_repaired(study: Study) -> None:
    with hold(study.folder.path, "s"), pytest.raises(BusyError):
        repair(study.folder)


def test_a_database_that_another_program_has_locked_is_not_taken_for_damaged(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.repairing.examining.PATIENCE", 0.1)
    with closing(sqlite3.connect(study.folder.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BusyError, match="another program has it locked"):
            repair(study.folder)
    assert list(study.folder.path.glob("*damaged*")) == []


# --- beside the database ----------------------------------------------------------------------------------------------


def test_trials_of_a_dead_process_wait_again(study: Study) -> None:
    running = Study.open(study.folder, writable=True)
    trained(running, 0.4, TrialState.RUNNING)
    running.close()
    assert finding(repair(study.folder, dry_run=True), "running trials").standing is Standing.MENDED
    assert Study.open(study.folder).trials()[4].state is TrialState.RUNNING
    assert finding(repair(study.folder), "running trials").found == "1 trial of a dead process"
    assert Study.open(study.folder).trials()[4].state is TrialState.WAITING


def test_damaged_checkpoints_are_moved_out_of_the_way_and_whole_ones_stay(study: Study) -> None:
    bad = checkpoint(study, 3, 4)
    (bad / "state.npz").write_bytes(b"torn")
    found = finding(repair(study.folder), "checkpoints")
    assert found.found == "1 of 9 checkpoints damaged"
    assert not bad.exists()
    (moved,) = study.folder.damaged.iterdir()
    assert moved.name.startswith("checkpoints-00003-epoch-0004-")
    assert (moved / "state.npz").read_bytes() == b"torn"


def best(study: Study, **facts: object) -> Path:
    with new_folder(study.folder.best) as folder:
        (folder / "model.keras").write_bytes(b"a model")
        write_manifest(folder, **facts)
    return study.folder.best / "model.keras"


def test_a_damaged_winner_is_moved_out_of_the_way(study: Study) -> None:
    model = best(study, trial=3, configuration="hash 3")
    assert finding(repair(study.folder), "best model").standing is Standing.SOUND
    model.write_bytes(b"a modem")
    assert "model.keras has another checksum" in finding(repair(study.folder), "best model").found
    assert not study.folder.best.exists()


def test_a_winner_that_the_restored_study_does_not_know_is_none(study: Study) -> None:
    best(study, trial=3, configuration="hash 3")
    not_one(study.folder.database)
    assert finding(repair(study.folder), "best model").found == "of a trial 3 that the study does not know"


def test_a_missing_split_is_cut_anew_where_its_data_set_is_at_hand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fakes.job import make

    from tuner.plan import Budget

    job = make(home, monkeypatch)
    job.run(budget=Budget(trials=1))
    split = job.request.folder.split
    whole = split.read_bytes()
    split.write_bytes(whole[:-40])
    assert finding(repair(job.request.folder), "split").done == "cut anew from the same data and seed"
    assert split.read_bytes() == whole
    job.run(budget=Budget(trials=2))


def test_a_split_of_data_that_are_not_here_is_said_to_be_broken(study: Study) -> None:
    found = finding(repair(study.folder), "split")
    assert found.standing is Standing.BROKEN


# --- tables of an older Optuna ----------------------------------------------------------------------------------------


def made_older(database: Path, version: str) -> None:
    """By Optuna's own migrations, backwards. They know an index by the name that they gave it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP INDEX ix_trials_study_id")
        connection.execute("CREATE INDEX trials_study_id_key ON trials (study_id)")
    storage = RDBStorage(f"sqlite:///{database}", skip_compatibility_check=True)
    command.downgrade(storage._version_manager._create_alembic_config(), version)
    storage.engine.dispose()


@pytest.mark.parametrize("version", ["v3.0.0.d", "v3.0.0.c"])
def test_older_tables_are_made_todays_after_a_backup(study: Study, version: str) -> None:
    made_older(study.folder.database, version)
    with pytest.raises(Outdated, match=r"older version of Optuna .* Try: tune repair"):
        Study.open(study.folder)
    before = study.folder.database.read_bytes()
    told = finding(repair(study.folder, dry_run=True), "database")
    assert study.folder.database.read_bytes() == before
    done = finding(repair(study.folder), "database")
    assert (told.standing, done.standing) == (Standing.MENDED, Standing.MENDED)
    assert "made today's: 4 trials" in done.done
    assert scores(study.folder) == [0.5, 0.7, 0.6, 0.9]
    newest = list_backups(study.folder)[0]
    assert newest.number == 2
    with closing(sqlite3.connect(newest.path)) as backup:
        assert backup.execute("SELECT version_num FROM alembic_version").fetchone() == (version,)


def test_an_older_backup_is_brought_to_today_when_it_is_restored(study: Study) -> None:
    made_older(study.folder.database, "v3.0.0.c")
    take(study.folder, now=NOON + timedelta(hours=1))
    deleted(study.folder.database)
    repair(study.folder)
    assert scores(study.folder) == [0.5, 0.7, 0.6, 0.9]


# --- killed, and hindered ---------------------------------------------------------------------------------------------

STEPS = ("link", "rename", "replace", "rmdir")


def killed_at(step: int, folder: Folder) -> bool:
    """Repairs in a child that SIGKILL ends at its n-th step on files; False where it ended by itself before."""
    pid = os.fork()
    if pid == 0:
        left = [step]

        def deadly(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        for name in STEPS:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            repair(folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on exFAT."""

    def link(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", link)


def without_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """As there, with no room for a copy."""
    without_links(monkeypatch)
    monkeypatch.setattr(database, "_copy_aside", Path.rename)


@pytest.mark.parametrize("disk", [lambda _: None, without_links, without_copies])
@pytest.mark.parametrize("harm", ["ix_trials_study_id", "trial_user_attributes", "older"])
def test_a_repair_killed_at_any_step_is_done_by_the_next_one(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, disk: Callable[[pytest.MonkeyPatch], None]
) -> None:
    disk(monkeypatch)
    journal = Path(f"{study.folder.database}-journal")
    if harm == "older":
        made_older(study.folder.database, "v3.0.0.c")
    else:
        overwrite(study.folder.database, harm)
        journal.write_bytes(b"not hot")
    before = hashlib.sha256(study.folder.database.read_bytes()).digest()
    expected = [0.5, 0.7, 0.6] if harm == "trial_user_attributes" else [0.5, 0.7, 0.6, 0.9]
    step, n = 1, 0
    while True:
        folder = Folder(tmp_path / f"copy{step}")
        shutil.copytree(study.folder.path, folder.path)
        if not killed_at(step, folder):
            break
        n += 1
        repair(folder)
        assert scores(folder) == expected
        assert not list(folder.path.glob(".unfinished-*"))
        asides = [path for path in folder.path.glob("study.db.damaged-*") if "journal" not in path.name]
        sums = {hashlib.sha256(path.read_bytes()).digest() for path in asides}
        assert harm == "older" or sums == {before}
        shutil.rmtree(folder.path)
        step += 1
    assert n >= 3


def test_a_study_of_which_a_killed_repair_left_only_the_damaged_file_has_its_rows_back(home: Path) -> None:
    lost = made(home / "studies" / "lost", (0.5, 0.7))
    lost.close()
    overwrite(lost.folder.database, "ix_trials_study_id")
    lost.folder.database.rename(lost.folder.path / "study.db.damaged-20261127T120000Z")
    (lost.folder.path / "study.db.damaged-20261127T120000Z-journal").touch()
    with pytest.raises(StudyError, match=r"there is study\.db\.damaged-20261127T120000Z\. Try: tune repair lost"):
        find_study("lost")
    done = finding(repair(find_remains("lost")), "database").done
    assert done.startswith("read all of the rows of study.db.damaged-20261127T120000Z: 2 finished trials")
    assert scores(lost.folder) == [0.5, 0.7]


def test_an_old_damaged_file_does_not_go_before_a_backup_that_has_more(study: Study) -> None:
    shutil.copyfile(list_backups(study.folder)[0].path, study.folder.path / "study.db.damaged-20261127T120000Z")
    take(study.folder, now=NOON + timedelta(hours=1))
    study.folder.database.unlink()
    assert "restored the backup of" in finding(repair(study.folder), "database").done
    assert scores(study.folder) == [0.5, 0.7, 0.6, 0.9]


def test_no_new_study_takes_the_place_of_one_that_a_killed_repair_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakes.job import make

    from tuner.plan import Budget

    job = make(home, monkeypatch)
    folder = job.request.folder
    folder.path.mkdir(parents=True)
    (folder.path / "study.db.damaged-20261127T120000Z").touch()
    with pytest.raises(
        StudyError, match=r"there is study\.db\.damaged-20261127T120000Z\. To have it back: tune repair"
    ):
        job.run(budget=Budget(trials=1))
    assert not folder.database.exists()


def test_damaged_checkpoints_on_another_disk_are_moved_out_of_the_way(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, rename = tmp_path / "disk", os.rename
    study.folder.all_checkpoints.rename(disk)
    study.folder.all_checkpoints.symlink_to(disk)
    (study.folder.checkpoints(1) / "epoch-0003" / "state.npz").write_bytes(b"torn")

    def far(source: str | Path, target: str | Path) -> None:
        if "checkpoints" in str(source):
            raise OSError(18, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", far)
    assert finding(repair(study.folder), "checkpoints").found == "1 of 8 checkpoints damaged"
    (moved,) = study.folder.damaged.iterdir()
    assert (moved / "state.npz").read_bytes() == b"torn"
    assert not (disk / "00001" / "epoch-0003").exists()


def test_a_full_disk_leaves_the_damaged_study_as_it_was(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    overwrite(study.folder.database, "trial_user_attributes")
    before = contents(study.folder.path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("shutil.copyfile", full)
        with pytest.raises(OSError, match="No space left"):
            repair(study.folder)
    assert contents(study.folder.path) == before
    assert finding(repair(study.folder), "database").standing is Standing.MENDED


# --- which study ------------------------------------------------------------------------------------------------------


def test_a_study_of_which_only_backups_are_left_is_found_by_name_and_by_path(home: Path) -> None:
    lost = made(home / "studies" / "lost", (0.5,))
    take(lost.folder)
    lost.close()
    lost.folder.database.unlink()
    assert list_studies() == []
    assert find_remains("lost") == lost.folder
    assert find_remains(str(lost.folder.path)) == lost.folder
    with pytest.raises(StudyError, match="no study 'los'"):
        find_remains("los")
