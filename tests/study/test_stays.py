"""Which slot a trial had when, how long it waited there, and what is left of that after a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from tuner.plan import Plan
from tuner.study import Folder, Study
from tuner.study.records import OUTCOME, STAYS, stays_of
from tuner.trial import Epoch, Stay, Trial, TrialState

PLAN = Plan(dataset="digits", data_fingerprint="a", space="mlp_v1", space_fingerprint="b")

EPOCH = Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=0.2, val_loss=1.0)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "s").mkdir()
    return Study.create(Folder(tmp_path / "s"), PLAN, "name: x")


def begun(study: Study, clock: float, slot: str = "CPU", **setup: Any) -> optuna.Trial:
    """The cut off trial, or a new one, which gets the slot."""
    trial = study.next_waiting() or study.optuna.ask()
    study.begin(trial, clock=clock, device=slot, **setup)
    return trial


def stay(began: float, ended: float, waited: float, slot: str = "CPU") -> Stay:
    return Stay(slot=slot, began=began, ended=ended, waited=waited)


def read(study: Study) -> Trial:
    (trial,) = Study.open(study.folder).trials()
    return trial


def test_a_stay_waits_until_training_begins_in_it(study: Study) -> None:
    trial = begun(study, 10.0)
    study.record_start(trial.number, 14.5)
    study.finish(trial, TrialState.FAILED, finished_after=20.0)
    assert read(study).stays == (stay(10.0, 20.0, 4.5),)
    assert (read(study).waited, read(study).queued) == (4.5, 0.0)


@pytest.mark.parametrize("ends", ["pause", "leave", "finish"])
def test_a_stay_in_which_no_training_began_was_waiting_all_the_time(study: Study, ends: str) -> None:
    trial = begun(study, 10.0)
    if ends == "finish":
        study.finish(trial, TrialState.FAILED, finished_after=16.0)
    else:
        getattr(study, ends)(trial.number, 16.0)
    assert read(study).stays == (stay(10.0, 16.0, 6.0),)
    assert read(study).waited == 6.0


def test_a_trial_has_waited_on_all_its_slots_and_before_them(study: Study) -> None:
    trial = begun(study, 0.0, "GPU a", queued=2.0)
    study.pause(trial.number, 7.0)
    trial = begun(study, 7.0, "GPU b", queued=2.5)
    study.record_start(trial.number, 8.0)
    assert read(study).waited == 7.0 + 1.0 + 2.5
    assert read(study).queued == 2.5
    study.finish(trial, TrialState.FAILED, finished_after=20.0)
    assert read(study).stays == (stay(0.0, 7.0, 7.0, "GPU a"), stay(7.0, 20.0, 1.0, "GPU b"))
    assert read(study).waited == 10.5


def test_a_run_that_was_killed_leaves_what_it_had_recorded_of_the_stay(study: Study) -> None:
    trial = begun(study, 10.0)
    assert read(study).stays == (stay(10.0, 10.0, 0.0),)
    study.record_start(trial.number, 14.0)
    assert read(study).stays == (stay(10.0, 14.0, 4.0),)
    study.record_epoch(trial, (EPOCH,), clock=19.0)
    assert read(study).stays == (stay(10.0, 19.0, 4.0),)
    again = Study.open(study.folder, writable=True)
    again.release_interrupted()
    assert again.trials()[0].state is TrialState.WAITING
    assert again.trials()[0].stays == (stay(10.0, 19.0, 4.0),)
    assert again.trials()[0].last_seen == 19.0


def test_a_run_that_was_killed_before_its_first_epoch_was_last_seen_when_training_began(study: Study) -> None:
    study.record_start(begun(study, 10.0).number, 14.0)
    again = Study.open(study.folder, writable=True)
    again.release_interrupted()
    assert (again.trials()[0].stays, again.trials()[0].last_seen) == ((stay(10.0, 14.0, 4.0),), 14.0)


def test_that_training_begins_waits_for_the_next_transaction_and_is_in_it(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = begun(study, 10.0)
    monkeypatch.setattr("tuner.study.ledger.PATIENCE", 1e9)
    with study.together():
        study.record_start(trial.number, 14.0)
    assert read(study).stays == (stay(10.0, 10.0, 0.0),)
    with study.together():
        study.record_epoch(trial, (EPOCH,), clock=19.0)
        study.pause(trial.number, 20.0)
    assert read(study).stays == (stay(10.0, 20.0, 4.0),)


def test_without_a_slot_there_is_no_training_to_begin(study: Study) -> None:
    trial = study.optuna.ask()
    study.record_start(trial.number, 14.0)
    assert read(study).stays == ()


def test_earlier_versions_kept_a_sum_that_is_taken_from_the_first_stays() -> None:
    rows = [["GPU a", 0.0, 10.0], ["GPU b", 40.0, 60.0]]
    assert [each.waited for each in stays_of({STAYS: rows, OUTCOME: {"waited": 12.0}})] == [10.0, 2.0]
    assert [each.waited for each in stays_of({STAYS: rows})] == [0.0, 0.0]
    assert stays_of({STAYS: [["GPU a", 5.0, None]]}) == (stay(5.0, 5.0, 0.0, "GPU a"),)


def test_a_trial_of_an_earlier_version_goes_on_with_what_is_known_of_its_stays(study: Study) -> None:
    trial = begun(study, 10.0)
    trial.set_user_attr(STAYS, [["CPU", 10.0, None]])
    study.pause(trial.number, 15.0)
    trial = begun(study, 20.0)
    study.record_start(trial.number, 22.0)
    study.finish(trial, TrialState.FAILED, finished_after=30.0)
    assert read(study).stays == (stay(10.0, 15.0, 0.0), stay(20.0, 30.0, 2.0))
