"""What is advised after a run that ended before its time, and that it leads on."""

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.job import Job, make

from tuner.braking import Braked
from tuner.cli.advice import after_brake, after_mending, farewell
from tuner.plan import Budget
from tuner.study import Study


def braked(job: Job, reason: str, **changes: object) -> Braked:
    with pytest.raises(Braked) as raised:
        job.run({"fail": {str(number): reason for number in range(50)}}, **changes)
    return raised.value


def remembered(job: Job) -> str:
    study = Study.open(job.request.folder)
    return after_brake(study.folder, study.fact("run", {}), study.trials())


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


def test_a_budget_that_failures_have_used_up_is_to_be_raised(job: Job) -> None:
    job.request = replace(job.request, budget=Budget(trials=3))
    ending = braked(job, "timeout")
    command = "tune resume s --trial-timeout none --trials 6"
    assert after_mending(job.request, ending.reason) == f"When that is mended, go on with:\n{command}"
    assert remembered(job) == command


def test_with_trials_left_the_study_goes_on_as_it_was_asked(job: Job) -> None:
    ending = braked(job, "nan")
    assert after_mending(job.request, ending.reason) == "When that is mended, go on with:\ntune resume s"
    assert remembered(job) == "tune resume s"


def test_the_advised_command_trains_more(job: Job) -> None:
    braked(job, "timeout", budget=Budget(trials=3))
    *_, n_trials = remembered(job).split()
    job.run(budget=Budget(trials=int(n_trials)))
    assert [trial.state.value for trial in job.trials].count("failed") == 3
    assert len(job.trials) == 6
    assert remembered(job) == ""


def test_after_a_signal_the_last_line_is_the_command_that_goes_on(job: Job) -> None:
    assert farewell(job.request).startswith("interrupted before the study was begun. Begin again with:\ntune digits ")
    job.run(budget=Budget(trials=1))
    kept = "interrupted; what was finished is kept. Go on with:\ntune resume s"
    assert farewell(job.request) == kept
