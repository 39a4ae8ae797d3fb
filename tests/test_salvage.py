"""A damaged database read trial by trial: what is sound is kept, under its own number, and what is lost is named."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.job import make
from fakes.studies import SPACE, made, trained

from tuner.cli.boundary import run_program
from tuner.extending import carry
from tuner.files import new_folder, write_manifest
from tuner.plan import Budget
from tuner.repairing import Finding, repair
from tuner.repairing.findings import lost_text
from tuner.study import Folder, Study, hold
from tuner.study.backups import list_backups, take
from tuner.study.remnants import LOST, read_remnants
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

SCORES = tuple(0.5 + i / 100 for i in range(40))


@pytest.fixture
def study(home: Path) -> Study:
    """Six trials in the backup, forty in the database."""
    study = made(home / "studies" / "s", SCORES[:6])
    take(study.folder)
    for score in SCORES[6:]:
        trained(study, score)
    study.close()
    return study


def spoil_pages(database: Path, table: str, n: int = 1, first: int = 1) -> None:
    """Sixty bytes each in the middle of leaves of the table, and what they hold reads otherwise."""
    with closing(sqlite3.connect(database)) as reading:
        (size,) = reading.execute("PRAGMA page_size").fetchone()
        pages = reading.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)).fetchall()
    assert len(pages) > n
    content = bytearray(database.read_bytes())
    for (page,) in pages[first : first + n]:
        start = (page - 1) * size + size // 2
        content[start : start + 60] = bytes(byte ^ 0x5A for byte in content[start : start + 60])
    database.write_bytes(content)


def spoil_trials(database: Path, *numbers: int) -> None:
    with closing(sqlite3.connect(database)) as writing:
        for number in numbers:
            writing.execute(
                "UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'outcome' AND trial_id = ?",
                (number + 1,),
            )
        writing.commit()


def database_finding(folder: Folder) -> Finding:
    return next(each for each in repair(folder) if each.what == "database")


def test_one_damaged_page_costs_the_trials_of_its_rows_and_no_more(study: Study) -> None:
    whole = Study.open(study.folder).trials()
    spoil_pages(study.folder.database, "trial_user_attributes", first=2)
    done = database_finding(study.folder)
    found = Study.open(study.folder).trials()
    gone = [trial.number for trial in found if trial.detail == LOST]
    assert 0 < len(gone) < 10
    assert done.lost == tuple(gone)
    assert [trial for trial in found if trial.number not in gone] == [
        trial for trial in whole if trial.number not in gone
    ]
    assert {(trial.state, trial.reason) for trial in found if trial.number in gone} == {(TrialState.FAILED, "crash")}
    assert Study.open(study.folder).plan == study.plan
    assert Study.open(study.folder).created == study.created
    assert database_finding(study.folder).found == "40 finished trials, all rows read"


def test_what_the_damaged_file_lacks_is_taken_from_the_backup(study: Study) -> None:
    spoil_trials(study.folder.database, 2, 4)
    done = database_finding(study.folder)
    assert "read its trials one by one: 38 of its own, 2 of the backup of " in done.done
    assert (done.lost, done.loss) == ((), "")
    assert [trial.score for trial in Study.open(study.folder).trials()] == list(SCORES)


def test_trials_lost_at_the_end_leave_their_numbers_to_others(study: Study) -> None:
    spoil_trials(study.folder.database, 10, 38, 39)
    done = database_finding(study.folder)
    assert done.loss == "trials 10, 38 and 39 are lost, 3 of 40"
    trials = Study.open(study.folder).trials()
    assert (len(trials), trials[10].detail, trials[37].score) == (38, LOST, SCORES[37])
    writable = Study.open(study.folder, writable=True)
    assert trained(writable, 0.95) == 38
    writable.close()


def test_without_any_backup_the_trials_are_read_all_the_same(study: Study) -> None:
    for backup in list_backups(study.folder):
        backup.path.unlink()
    spoil_trials(study.folder.database, 7)
    assert database_finding(study.folder).loss == "trial 7 is lost, 1 of 40"


def test_a_plan_that_is_damaged_comes_from_the_backup_and_without_one_nothing_is_touched(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(study.folder.database)) as writing:
        writing.execute("UPDATE study_user_attributes SET value_json = replace(value_json, 'digits', 'digitz')")
        writing.commit()
    spoilt, copy = study.folder.database.read_bytes(), list_backups(study.folder)[0].path
    content = copy.read_bytes()
    copy.unlink()
    with new_folder(study.folder.best) as best:
        (best / "model.keras").write_bytes(b"a model")
        write_manifest(best, trial=39)
    assert run_program(["repair", "s"]) == 4
    assert "40 trials but not what the study keeps as plan can be read" in capsys.readouterr().err
    assert study.folder.database.read_bytes() == spoilt
    copy.write_bytes(content)
    assert database_finding(study.folder).lost == ()
    assert Study.open(study.folder).plan == study.plan


def test_the_refusal_says_what_still_works_and_how_to_begin_anew(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    list_backups(study.folder)[0].path.unlink()
    study.folder.database.write_bytes(b"mine")
    with new_folder(study.folder.best) as best:
        write_manifest(best, trial=39)
    assert run_program(["repair", "s"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert f"The retrained model in {study.folder.best} is whole, and still works." in line
    assert line.endswith("To begin anew: tune clean s --delete, or search under another --study NAME.")


def test_what_else_was_kept_with_the_study_and_is_lost_is_named(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    writable.remember("test_openings", [{"trial": 3}])
    writable.close()
    with closing(sqlite3.connect(study.folder.database)) as writing:
        writing.execute("DELETE FROM study_user_attributes WHERE key = 'test_openings'")
        writing.execute("UPDATE trial_values SET value = 0.1 WHERE trial_id = 10")
        writing.commit()
    assert database_finding(study.folder).loss == "trial 9 is lost, 1 of 40, and what was kept as test_openings is lost"


def test_a_backup_of_another_study_is_not_mixed_in(study: Study, tmp_path: Path) -> None:
    other = made(tmp_path / "other", (0.1, 0.2), seed=8)
    take(other.folder)
    for old in list_backups(study.folder):
        old.path.unlink()
    list_backups(other.folder)[0].path.rename(study.folder.backups / list_backups(other.folder)[0].path.name)
    spoil_trials(study.folder.database, 1)
    assert "restored the backup" in database_finding(study.folder).done


def test_a_row_of_any_table_costs_its_trial_at_most(study: Study) -> None:
    tables = ("trials", "trial_params", "trial_values", "trial_user_attributes", "trial_system_attributes")
    content = study.folder.database.read_bytes()
    for table in (*tables, "trial_intermediate_values"):
        study.folder.database.write_bytes(content)
        with closing(sqlite3.connect(study.folder.database)) as writing:
            writing.execute(f"DELETE FROM {table} WHERE trial_id = 20")
            writing.commit()
        left = [i for i in range(40) if i != 19 or table == "trials"]  # what that row held the seal tells
        assert sorted(read_remnants(study.folder.database, "s").trials) == left, table


def test_the_command_ends_with_one_where_something_is_lost_and_says_what(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study.folder.database.unlink()  # only the checkpoints show that there were forty
    assert run_program(["studies"]) == 0
    assert "database missing: tune repair s" in " ".join(capsys.readouterr().out.split())
    assert run_program(["repair", "s", "--json", "--dry-run"]) in {1, 4}
    told = json.loads(capsys.readouterr().out)["findings"][0]
    assert told["done"].startswith("would restore the backup of ")
    assert told["loss"] == "at least trials 6 to 39 would be lost, 34 of 40"
    assert (told["lost"], told["existed"]) == (list(range(6, 40)), 40)
    run_program(["repair", "s"])
    assert "at least trials 6 to 39 are lost, 34 of 40." in capsys.readouterr().err


def test_a_dry_run_needs_no_lock(study: Study) -> None:
    running = Study.open(study.folder, writable=True)
    trained(running, 0.4, TrialState.RUNNING)
    (study.folder.path / ".unfinished-best-x").mkdir()
    with hold(study.folder.path, "s"):
        told = {each.what: each.found for each in repair(study.folder, dry_run=True)}
    running.close()
    assert told["running trials"] == "1, of the process that holds the study"
    assert "unfinished files" not in told


def test_numbers_are_spelt_in_runs() -> None:
    assert lost_text([], 40) == ""
    assert lost_text([3], 4) == "trial 3 is lost, 1 of 4"
    assert lost_text([3, *range(6, 40)], 40, dry_run=True) == "trials 3 and 6 to 39 would be lost, 35 of 40"
    assert lost_text(range(0, 100, 2), 100).startswith("trials 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, ... are lost")


@pytest.mark.parametrize(
    ("engine", "algorithm"),
    [("optuna", "tpe"), ("optuna", "random"), ("keras-tuner", "bayesian"), ("keras-tuner", "hyperband")],
)
def test_a_search_goes_on_and_reports_over_a_lost_trial(
    home: Path, monkeypatch: pytest.MonkeyPatch, engine: str, algorithm: str
) -> None:
    job = make(home, monkeypatch)
    asked = {"engine": engine, "algorithm": algorithm}
    job.run(budget=Budget(trials=5), **asked)
    folder = job.request.folder
    for backup in list_backups(folder):
        backup.path.unlink()
    spoil_trials(folder.database, 1)
    assert database_finding(folder).loss == "trial 1 is lost, 1 of 5"
    outcome = job.run(budget=Budget(trials=8), **asked)
    assert job.trials[1].detail == LOST
    assert len(outcome.report.trials) == len(job.trials) >= 8
    assert run_program(["show", "s"]) == 0


def test_a_lost_trial_is_not_carried_over(study: Study) -> None:
    spoil_trials(study.folder.database, 7)
    repair(study.folder)
    carried = carry(Study.open(study.folder), SPACE)
    assert (carried.origin.finished, carried.origin.carried) == (39, 39)
