"""What `tune repair` does once the database is sound: the rest of the folder, and what it says of it."""

import json
import shutil
from pathlib import Path

import pytest
from fakes.job import make
from fakes.studies import made, trained

from tuner.cli.boundary import run_program
from tuner.files import new_folder, write_manifest
from tuner.plan import Budget
from tuner.repairing import Finding, Standing, repair
from tuner.study import Folder, Study
from tuner.study.backups import take
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def study(home: Path) -> Study:
    """Three trials in the backup, four in the database."""
    study = made(home / "studies" / "s", (0.5, 0.7, 0.6))
    take(study.folder)
    trained(study, 0.9)
    study.close()
    return study


def finding(folder: Folder, what: str, *, dry_run: bool = False) -> Finding:
    return next(each for each in repair(folder, dry_run=dry_run) if each.what == what)


def winner(study: Study, **facts: object) -> None:
    with new_folder(study.folder.best) as folder:
        (folder / "model.keras").write_bytes(b"a model")
        write_manifest(folder, **facts)


def left_running(study: Study, cuts: list[int], retries: int) -> int:
    writable = Study.open(study.folder, writable=True)
    writable.remember("run", {"retries": retries})
    number = trained(writable, 0.4, TrialState.RUNNING)
    writable.optuna._storage.set_trial_user_attr(number + 1, "cuts", cuts)
    writable.close()
    return number


def test_what_goes_wrong_later_is_told_after_what_the_database_cost(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study.folder.database.write_bytes(b"mine")
    study.folder.damaged.write_bytes(b"not a folder")
    (study.folder.checkpoints(1) / "epoch-0003" / "state.npz").write_bytes(b"torn")
    assert run_program(["repair", "s"]) == 4
    said = capsys.readouterr()
    assert "restored the backup of" in said.out
    assert f"{study.folder.damaged}: File exists" in said.err
    assert "at least trial 3 is lost, 1 of 4." in said.err


def test_a_trial_that_a_run_would_try_again_waits(study: Study) -> None:
    number = left_running(study, [3, 3], retries=5)
    done = finding(study.folder, "running trials")
    assert (done.found, done.done) == ("1 trial of a dead process", "1 waits, to go on where it was")
    assert Study.open(study.folder).trials()[number].state is TrialState.WAITING


def test_a_trial_that_a_run_would_give_up_is_said_to_be_given_up(study: Study) -> None:
    number = left_running(study, [3, 3], retries=2)
    told = finding(study.folder, "running trials", dry_run=True).done
    assert told == "trial 4 would be given up: run after run died in the same part of it"
    assert finding(study.folder, "running trials").done.startswith("trial 4 is given up: ")
    assert Study.open(study.folder).trials()[number].state is TrialState.FAILED


@pytest.mark.parametrize("harm", [b"", b"mine"])
def test_a_dry_run_has_every_line_that_the_repair_has(study: Study, harm: bytes) -> None:
    winner(study, trial=3, configuration="hash 3")
    study.folder.database.write_bytes(harm)
    told = {each.what: each.found for each in repair(study.folder, dry_run=True)}
    done = {each.what: each.found for each in repair(study.folder)}
    assert {**told, "split": ""} == {**done, "split": ""}
    assert told["best model"] == "of a trial 3 that the study does not know"


def test_a_whole_winner_of_an_unknown_trial_is_kept_where_clean_spares_it(study: Study) -> None:
    winner(study, trial=3, configuration="hash 3", opened="2026-11-27T10:00:00+00:00")
    study.folder.database.write_bytes(b"mine")
    done = finding(study.folder, "best model").done
    assert done == "it is whole, and is kept as best-of-trial-3/; the next run trains the winner of what is left"
    assert run_program(["clean", "s"]) == 0
    assert (study.folder.path / "best-of-trial-3" / "model.keras").read_bytes() == b"a model"
    assert Study.open(study.folder).fact("test_openings") == [{"opened": "2026-11-27T10:00:00+00:00", "trial": 3}]
    winner(study, trial=3, configuration="another")
    assert "best-of-trial-3-2/" in finding(study.folder, "best model").done


def test_kept_weights_that_are_damaged_are_gone_and_waiting_trials_go_on(study: Study) -> None:
    writable = Study.open(study.folder, writable=True)
    trained(writable, 0.8, TrialState.WAITING)
    writable.close()
    shutil.rmtree(study.folder.checkpoints(1) / "epoch-0002")
    for number in (1, 4):
        (study.folder.checkpoints(number) / "epoch-0003" / "state.npz").write_bytes(b"torn")
    done = finding(study.folder, "checkpoints").done
    assert done == "moved to damaged/; the kept weights of trial 1 are gone; trial 4 goes on from an earlier one"


def test_a_study_whose_search_ended_is_restored_whole_from_its_last_backup(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = make(home, monkeypatch)
    job.run(budget=Budget(trials=2))
    before = Study.open(job.request.folder)
    job.request.folder.database.unlink()
    assert run_program(["repair", "s"]) == 0
    assert "2 finished trials, nothing lost" in " ".join(capsys.readouterr().out.split())
    after = Study.open(job.request.folder)
    assert (after.trials(), after.fact("run")) == (before.trials(), before.fact("run"))


def test_a_study_whose_search_was_going_on_may_have_lost_something(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = make(home, monkeypatch)
    job.run(budget=Budget(trials=2))
    study = Study.open(job.request.folder, writable=True)
    study.remember("run", {**study.fact("run"), "stopped_by": ""})
    study.close()
    take(job.request.folder)
    job.request.folder.database.unlink()
    assert run_program(["repair", "s"]) == 1
    assert capsys.readouterr().err.strip().endswith("is lost, if there was anything.")


def test_json_has_the_same_lines(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    study.folder.database.write_bytes(b"mine")
    run_program(["repair", "s", "--dry-run", "--json"])
    told = json.loads(capsys.readouterr().out)["findings"]
    assert {"database", "running trials", "split", "best model"} <= {each["what"] for each in told}
    assert Standing.MENDED.value in {each["standing"] for each in told}
