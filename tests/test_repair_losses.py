"""What a repair says of what is lost: no less than is, and no more; that nothing is only where that is known."""

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fakes.studies import made, trained

from tuner.cli.boundary import run_program
from tuner.errors import StudyError
from tuner.files import new_folder, write_manifest
from tuner.repairing import Finding, Standing, repair
from tuner.repairing.examining import examine
from tuner.study import Folder, Study
from tuner.study.backups import list_backups, take
from tuner.study.guard import WRITER
from tuner.study.remnants import LOST
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

SCORES = tuple(0.5 + i / 100 for i in range(40))


@pytest.fixture
def study(home: Path) -> Study:
    """Forty trials, no backup."""
    study = made(home / "studies" / "s", SCORES)
    study.remember("test_openings", [{"opened": "2026-11-27T10:00:00+00:00", "trial": 3}])
    study.close()
    return study


def change(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as writing:
        for statement in statements:
            writing.execute(statement)
        writing.commit()


def found(folder: Folder, what: str = "database", *, dry_run: bool = False) -> Finding:
    return next(each for each in repair(folder, dry_run=dry_run) if each.what == what)


def last_leaf(content: bytes, database: Path, table: str) -> int:
    """Where the last page of a table begins, in bytes."""
    with closing(sqlite3.connect(database)) as reading:
        (page,) = reading.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = reading.execute("PRAGMA page_size").fetchone()
    while content[(page - 1) * size] == 5:  # an inner page, whose last child is its last number
        page = int.from_bytes(content[(page - 1) * size + 8 : (page - 1) * size + 12], "big")
    return int((page - 1) * size)


def drop_last_row(database: Path, table: str) -> None:
    """As one wrong number in a page does: the row is not told of any more, and SQLite sees nothing amiss in it."""
    content = bytearray(database.read_bytes())
    start = last_leaf(content, database, table)
    n = int.from_bytes(content[start + 3 : start + 5], "big")
    content[start + 3 : start + 5] = (n - 1).to_bytes(2, "big")
    database.write_bytes(content)


# --- examined ---------------------------------------------------------------------------------------------------------


def test_a_flipped_bit_anywhere_in_the_schema_is_damage_and_no_fault_of_the_program(study: Study) -> None:
    take(study.folder)
    database = study.folder.database
    content = database.read_bytes()
    start = content.index(b"CREATE TABLE trial_heartbeats")
    for place in range(start, start + 60, 7):
        spoilt = bytearray(content)
        spoilt[place] ^= 0x80
        database.write_bytes(spoilt)
        assert examine(study.folder).damage, place
    assert found(study.folder).standing is Standing.MENDED
    assert len(Study.open(study.folder).trials()) == 40


def test_what_sqlite_finds_is_told_without_its_stars(study: Study) -> None:
    drop_last_row(study.folder.database, "trial_params")
    damage = examine(study.folder).damage
    assert damage
    assert "***" not in damage


def test_a_fact_that_vanished_is_missed(study: Study) -> None:
    change(study.folder.database, "DELETE FROM study_user_attributes WHERE key = 'test_openings'")
    with pytest.raises(StudyError, match="its attribute 'test_openings' is missing"):
        Study.open(study.folder)
    assert found(study.folder).loss == "what was kept as test_openings is lost"


# --- the damaged file -------------------------------------------------------------------------------------------------


def test_trials_without_their_own_row_are_read_by_their_seals(study: Study) -> None:
    whole, database = Study.open(study.folder).trials(), study.folder.database
    change(database, "DELETE FROM trials WHERE number > 30")
    done = found(study.folder)
    assert (done.lost, done.loss) == ((), "")
    assert Study.open(study.folder).trials() == whole


def test_trials_without_their_own_row_that_no_seal_tells_are_lost(study: Study) -> None:
    change(
        study.folder.database,
        "DELETE FROM trials WHERE number > 30",
        "UPDATE trial_values SET value = 0.1 WHERE trial_id = 39",
        "DELETE FROM trial_params WHERE trial_id = 40",
    )
    assert found(study.folder).loss == "trials 38 and 39 are lost, 2 of 40"


def test_the_last_row_that_a_table_does_not_tell_of_any_more_costs_nothing(study: Study) -> None:
    drop_last_row(study.folder.database, "trials")
    assert found(study.folder).loss == ""
    assert len(Study.open(study.folder).trials()) == 40


def test_a_number_that_is_another_is_put_right_and_makes_up_no_loss(study: Study) -> None:
    change(study.folder.database, f"UPDATE trials SET number = number + {2**61} WHERE number = 5")
    (study.folder.all_checkpoints / "20260101").mkdir()
    begun = time.monotonic()
    done = found(study.folder)
    assert time.monotonic() - begun < 20
    assert (done.loss, done.n_existed) == ("", 40)
    assert [trial.score for trial in Study.open(study.folder).trials()] == list(SCORES)


def test_a_folder_with_an_absurd_number_is_no_witness(study: Study) -> None:
    take(study.folder)
    study.folder.database.unlink()
    (study.folder.all_checkpoints / "20260101").mkdir()
    with new_folder(study.folder.all_checkpoints / "20260102" / "epoch-0001") as epoch:
        write_manifest(epoch)
    assert found(study.folder).lost == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE studies SET study_id = 9",
        "UPDATE trials SET study_id = 3 WHERE number = 7",
        "UPDATE study_system_attributes SET value_json = CAST(x'82' || value_json AS TEXT) WHERE key = 'tune:seal'",
        "UPDATE study_system_attributes SET value_json = replace(value_json, 'plan', CAST(x'706c82' AS TEXT))",
        "DELETE FROM study_system_attributes WHERE key = 'tune:seal'",
    ],
)
def test_a_damaged_row_of_the_study_itself_costs_nothing(study: Study, statement: str) -> None:
    before = Study.open(study.folder)
    change(study.folder.database, statement)
    repair(study.folder)
    after = Study.open(study.folder)
    assert after.trials() == before.trials()
    assert (after.plan, after.space_text, after.created) == (before.plan, before.space_text, before.created)
    assert after.fact("test_openings") == before.fact("test_openings")
    assert not [trial for trial in after.trials() if trial.detail == LOST]


# --- a backup ---------------------------------------------------------------------------------------------------------


def deleted(database: Path) -> None:
    database.unlink()


def emptied(database: Path) -> None:
    database.write_bytes(b"")


def unreadable(database: Path) -> None:
    database.write_bytes(b"garbage" * 1000)


@pytest.mark.parametrize("harm", [deleted, emptied, unreadable])
def test_a_backup_alone_does_not_show_that_nothing_is_lost(
    study: Study, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    take(study.folder)
    made_ = f"{list_backups(study.folder)[0].made.astimezone():%Y-%m-%d %H:%M}"
    harm(study.folder.database)
    told = found(study.folder, dry_run=True)
    assert told.loss == f"what finished after {made_} would be lost, if there was anything"
    (study.folder.path / "split.npz").unlink(missing_ok=True)
    assert run_program(["repair", "s"]) != 0
    said = capsys.readouterr()
    assert "nothing lost" not in said.out
    assert f"what finished after {made_} is lost, if there was anything" in said.err


def ended_search(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    writable.remember("run", {"stopped_by": "it has tried 40 trials"})
    writable.close()
    take(study.folder)
    study.folder.database.unlink()


def test_a_backup_of_a_search_that_had_ended_loses_nothing(study: Study) -> None:
    ended_search(study)
    done = found(study.folder)
    assert done.done.endswith(", nothing lost")
    assert done.loss == ""


def test_not_where_something_was_written_since(study: Study) -> None:
    ended_search(study)
    later = time.time() + 60
    os.utime(study.folder.checkpoints(39), (later, later))
    assert found(study.folder).loss.endswith("is lost, if there was anything")


def test_the_report_and_the_winner_show_what_a_backup_lacks(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    running = trained(writable, 0.9, TrialState.RUNNING)
    writable.close()
    take(study.folder)
    study.folder.database.unlink()
    study.folder.report.mkdir()
    rows = [{"number": number, "state": "complete"} for number in range(43)]
    (study.folder.report / "report.json").write_text(json.dumps({"trials": rows}))
    assert found(study.folder, dry_run=True).lost == (running, 41, 42)
    with new_folder(study.folder.best) as best:
        write_manifest(best, trial=44)
    assert found(study.folder).loss == "at least trials 40 to 44 are lost, 5 of 45"


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"trials": 3}', '{"trials": [{"number": 1e99}]}'])
def test_a_report_that_is_none_shows_nothing(study: Study, text: str) -> None:
    take(study.folder)
    study.folder.database.unlink()
    study.folder.report.mkdir()
    (study.folder.report / "report.json").write_text(text)
    assert found(study.folder).lost == ()


def test_what_is_kept_with_the_study_is_newer_in_the_damaged_file_than_in_the_backup(study: Study) -> None:
    take(study.folder)
    writable = Study.open(study.folder, writable=True)
    writable.remember("test_openings", [{"opened": "1"}, {"opened": "2"}])
    trained(writable, 0.95)
    writable.close()
    change(study.folder.database, "DELETE FROM trial_params")
    done = found(study.folder)
    assert done.done.startswith("read what is kept with the study, 40 of the backup of ")
    assert done.loss == "trial 40 is lost, 1 of 41"
    assert len(Study.open(study.folder).fact("test_openings")) == 2


def test_it_is_told_what_of_it_is_only_as_old_as_the_backup(study: Study) -> None:
    take(study.folder)
    writable = Study.open(study.folder, writable=True)
    writable.remember("test_openings", [{"opened": "1"}, {"opened": "2"}])
    trained(writable, 0.95)
    writable.close()
    change(study.folder.database, "DELETE FROM study_user_attributes WHERE key = 'test_openings'")
    done = found(study.folder)
    assert "41 of its own, test_openings as of 20" in done.done
    assert len(Study.open(study.folder).fact("test_openings")) == 1


def test_who_wrote_to_the_damaged_file_does_not_keep_others_from_the_restored_one(study: Study) -> None:
    mark = json.dumps({"uuid": "x", "pid": 1, "host": "gone", "started": "long ago"})
    change(
        study.folder.database,
        "DELETE FROM study_system_attributes WHERE key = 'tune:writer'",
        f"INSERT INTO study_system_attributes (study_id, key, value_json) VALUES (1, '{WRITER}', '{mark}')",
    )
    take(study.folder)
    unreadable(study.folder.database)
    assert found(study.folder).standing is Standing.MENDED
    writable = Study.open(study.folder, writable=True)
    assert trained(writable, 0.9) == 40
    writable.close()
