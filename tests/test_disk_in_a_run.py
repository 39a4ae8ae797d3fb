"""A whole run over the fake worker: what it leaves on the disk, and what it does when the disk is in its way."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.job import Job, make

from tuner.cli.boundary import run_program
from tuner.errors import StudyError
from tuner.events import Warned
from tuner.keeping import ranked, weights
from tuner.opening import Request
from tuner.plan import Budget, Keep
from tuner.repairing import Standing, repair
from tuner.study import Study
from tuner.study.backups import list_backups, newest_whole

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


def kept(job: Job) -> list[int]:
    return sorted(weights(Study.open(job.request.folder)))


@pytest.mark.parametrize("policy", ["best", "top:3", "all", "none"])
def test_a_run_leaves_the_weights_that_were_asked_for(job: Job, policy: str) -> None:
    keep = Keep.parse(policy)
    job.run(budget=Budget(trials=6), keep=keep)
    best = ranked(job.trials, job.request.objectives)
    assert kept(job) == sorted(trial.number for trial in best[: keep.most])


def test_a_finished_study_under_another_policy_drops_what_that_one_does_not_want(job: Job) -> None:
    job.run(budget=Budget(trials=4), keep=Keep.parse("all"))
    assert len(kept(job)) == 4
    job.run(budget=Budget(trials=4), keep=Keep.parse("none"))
    assert kept(job) == []


def test_resume_goes_on_with_the_policy_of_the_last_run_unless_it_names_another(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.run(budget=Budget(trials=2), keep=Keep.parse("top:2"))
    asked: list[Request] = []
    monkeypatch.setattr("tuner.cli.session.do", lambda request, **_: asked.append(request))
    assert run_program(["resume", "s"]) == 0
    assert run_program(["resume", "s", "--keep", "all"]) == 0
    assert [str(request.keep) for request in asked] == ["top:2", "all"]


def test_show_tells_where_the_weights_are(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.run(budget=Budget(trials=3), keep=Keep.parse("top:2"))
    assert run_program(["show", "s", "--json"]) == 0
    trials: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["trials"]
    told = {trial["number"]: trial["weights"] for trial in trials if trial["weights"]}
    assert sorted(told) == kept(job)
    assert all(Path(path).is_dir() for path in told.values())


def test_a_run_leaves_a_backup_of_how_it_ended(job: Job) -> None:
    job.run(budget=Budget(trials=3))
    job.request.folder.database.unlink()
    repair(job.request.folder)
    assert Study.open(job.request.folder).n_finished() == 3
    assert Study.open(job.request.folder).fact("run")["stopped_by"] == "all 3 trials are done"


def test_the_same_command_does_not_begin_anew_where_the_database_is_gone(job: Job) -> None:
    job.run(budget=Budget(trials=2))
    job.request.folder.database.unlink()
    with pytest.raises(StudyError, match=r"To have it back: tune repair s\. To begin anew: tune clean s --delete"):
        job.run(budget=Budget(trials=2))
    assert not job.request.folder.database.exists()


def test_a_study_goes_on_after_its_repair_and_trains_what_was_lost(job: Job) -> None:
    job.run(budget=Budget(trials=3))
    backup = newest_whole(job.request.folder)
    assert backup is not None
    before, content = job.rows, backup.path.read_bytes()
    job.run(budget=Budget(trials=5))
    for newer in list_backups(job.request.folder):
        newer.path.unlink()
    backup.path.write_bytes(content)
    job.request.folder.database.write_bytes(b"")
    found = repair(job.request.folder)
    assert next(each for each in found if each.what == "database").standing is Standing.MENDED
    assert job.rows == before
    job.run(budget=Budget(trials=5))
    assert job.rows[: len(before)] == before
    assert Study.open(job.request.folder).n_finished() == 5


def test_a_backup_that_cannot_be_made_is_one_warning(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StudyError("backups: No space left on device.")

    monkeypatch.setattr("tuner.study.backups.take", full)
    job.run(budget=Budget(trials=3))
    assert Study.open(job.request.folder).n_finished() == 3
    warnings = [event.text for event in job.events if isinstance(event, Warned) and "backup" in event.text]
    assert warnings == ["no backup of the study was made, and the search goes on: backups: No space left on device."]
