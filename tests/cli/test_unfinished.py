"""What is left to do of a study, as `tune show` and `tune studies` tell it."""

import json
import os
import shutil
from pathlib import Path

import pytest
from fakes.job import make

from tuner.cli.boundary import run_program
from tuner.errors import TuneError
from tuner.plan import Budget
from tuner.study import Study, hold, study_folder

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def study(home: Path, two_trials: Path) -> Study:
    shutil.copytree(two_trials, home)
    return Study.open(study_folder("s"), writable=True)


def shown(capsys: Captured, *words: str) -> str:
    capsys.readouterr()
    assert run_program([*words]) == 0
    return capsys.readouterr().out


def test_of_a_study_that_is_done_nothing_is_left(study: Study, capsys: Captured) -> None:
    study.close()
    assert "go on with" not in shown(capsys, "show", "s")
    assert json.loads(shown(capsys, "show", "s", "--json"))["to_do"] is None


def test_a_winner_that_is_not_retrained_yet_is_told(study: Study, capsys: Captured) -> None:
    study.close()
    shutil.rmtree(study.folder.best)
    assert "the winner is not retrained yet; go on with: tune resume s" in shown(capsys, "show", "s")
    assert "all 2 trials are done; the winner is not retrained yet" in shown(capsys, "studies")
    told = json.loads(shown(capsys, "studies", "--json"))[0]["to_do"]
    assert told == {"what": "the winner is not retrained yet", "command": "tune resume s"}


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(study: Study, capsys: Captured) -> None:
    study.close()
    for name in ("holder.json", "best/manifest.json"):
        path = study.folder.path / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    assert "all 2 trials are done" in shown(capsys, "show", "s")
    assert "all 2 trials are done" in shown(capsys, "studies")


def test_while_a_process_holds_it_nothing_is_left_to_others(study: Study, capsys: Captured) -> None:
    study.close()
    shutil.rmtree(study.folder.best)
    with hold(study.folder.path, "s"):
        assert "go on with" not in shown(capsys, "show", "s")


def test_a_trial_whose_process_was_killed_is_cut_off(study: Study, capsys: Captured) -> None:
    study.begin(study.optuna.ask(), seed=1, parameters=9, configuration="c", measures={}, device="CPU", retries=0)
    study.close()
    told = shown(capsys, "show", "s")
    assert "(1 cut off, 1 complete, 1 pruned)" in told
    assert "1 trial was cut off; go on with: tune resume s" in told
    assert "running" not in told


def test_a_search_that_the_brake_ended_is_not_over_and_says_why_it_ended(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    job = make(home, monkeypatch)
    with pytest.raises(TuneError, match="3 failures in a row"):
        job.run({"fail": {str(number): "crash" for number in range(50)}})
    told = shown(capsys, "show", "s")
    assert "ended because there were 3 failures in a row, the first: as ordered\n" in told
    assert "the search is not over; go on with: tune resume s" in told


def test_where_failures_have_used_up_the_budget_the_command_raises_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    job = make(home, monkeypatch)
    with pytest.raises(TuneError, match="3 failures in a row"):
        job.run({"fail": {str(number): "timeout" for number in range(50)}}, budget=Budget(trials=3))
    told = shown(capsys, "show", "s")
    assert "the search is not over; go on with: tune resume s --trial-timeout none --trials 6\n" in told
    assert json.loads(shown(capsys, "studies", "--json"))[0]["to_do"]["command"].endswith("--trials 6")
