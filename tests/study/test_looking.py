"""A study read by SQLite alone: the same as the one that Optuna's storage is filled from, at the same few queries."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import optuna
import pytest
from fakes.studies import made, trained

from tuner.errors import StudyError
from tuner.study import Folder, Study, look
from tuner.study.collecting import uncollected
from tuner.study.copying import sound_copy
from tuner.study.looking import Look
from tuner.study.reading import read_study
from tuner.study.storage import begin, over
from tuner.trial import Epoch, Fold, Reason, Stage, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


def varied(path: Path) -> Folder:
    """A study with trials in every state, of every kind of value."""
    study = made(path)
    for number, score in enumerate((0.25, float("nan"), float("inf"))):
        trial = study.optuna.ask()
        trial.suggest_categorical("act", ("relu", None, 3, 0.5, True))
        trial.suggest_float("rate", 1e-4, 1e-1, log=True)
        trial.suggest_int("units", 8, 256, log=True)
        study.begin(
            trial, clock=float(number), configuration=f"{number}", seed=1, parameters=9, device="CPU", retries=0
        )
        study.record_start(trial.number, number + 0.5)
        study.record_epoch(trial, (Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=score, val_loss=1.0),), 9.0)
        if number:
            study.finish(trial, TrialState.FAILED, reason=Reason.NAN, finished_after=9.5)
    trial = study.optuna.ask()
    study.record_fold(trial, (Fold(fold=0, accuracy=0.5, seconds=1.0),), 10.0)
    for state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED):
        trained(study, 0.5, state, Stage(epochs=3))
    study.remember("run", {"trials": 9})
    study.close()
    return study.folder


def test_a_look_tells_what_the_opened_study_tells(tmp_path: Path) -> None:
    folder = varied(tmp_path / "s")
    seen, opened = look(folder), Study.open(folder)
    assert repr(seen.trials()) == repr(opened.trials())  # as text, because nan equals nothing
    assert len(seen.trials()) == 9
    assert (seen.plan, seen.space_text, seen.created) == (opened.plan, opened.space_text, opened.created)
    assert (seen.fact("run"), seen.stopped_by) == (opened.fact("run"), opened.stopped_by)
    assert seen.n_finished() == opened.n_finished()


DAMAGES = (
    "UPDATE trials SET state = 'COMPLETED' WHERE number = 2",
    "UPDATE trials SET state = 'FAIL' WHERE state = 'COMPLETE'",
    "UPDATE trials SET number = 99 WHERE number = 1",
    "UPDATE trials SET datetime_start = '2026-99-01 00:00:00' WHERE number = 2",
    "DELETE FROM trials WHERE number = 3",
    "UPDATE trial_params SET param_value = param_value + 1",
    "UPDATE trial_params SET distribution_json = '{'",
    "UPDATE trial_values SET value = 0.75",
    "UPDATE trial_intermediate_values SET intermediate_value = 0.75",
    "UPDATE trial_intermediate_values SET intermediate_value_type = 'FINE'",
    "UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'curve'",
    "UPDATE trial_user_attributes SET value_json = replace(value_json, '0.5', '0.6')",
    "UPDATE trial_system_attributes SET value_json = '\"0000000000000000\"' WHERE key = 'tune:seal'",
    "UPDATE trial_system_attributes SET value_json = '{'",
    "UPDATE study_user_attributes SET value_json = replace(value_json, 'digits', 'digitz') WHERE key = 'plan'",
    "DELETE FROM study_user_attributes WHERE key = 'run'",
    "DELETE FROM study_user_attributes WHERE key = 'plan'",
    "UPDATE study_system_attributes SET value_json = '{'",
    "UPDATE study_directions SET direction = 'UP'",
    "DELETE FROM studies",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_look_refuses_whatever_damage_opening_refuses(tmp_path: Path, damage: str) -> None:
    folder = varied(tmp_path / "s")
    with closing(sqlite3.connect(folder.database)) as database, database:
        database.execute(damage)
    for read in (look, Study.open):
        with pytest.raises(StudyError, match=r"study\.db: "):
            read(folder).trials()


def test_a_study_that_is_not_there_or_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study there"):
        look(Folder(tmp_path))
    optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="theirs")
    with pytest.raises(StudyError, match="not of a study of tune"):
        look(Folder(tmp_path))


def of_size(path: Path, n: int) -> Folder:
    study = made(path, (0.5,) * n)
    study.close()
    return study.folder


def queries(memory: sqlite3.Connection, act: Callable[[], object]) -> list[str]:
    found: list[str] = []
    memory.set_trace_callback(found.append)
    act()
    return found


def test_a_look_asks_as_much_of_thirty_trials_as_of_three(tmp_path: Path) -> None:
    asked = []
    for n in (3, 30):
        folder = of_size(tmp_path / str(n), n)
        memory = sound_copy(folder.database)
        asked.append(queries(memory, Look(folder, memory).trials))
    assert len(asked[0]) == len(asked[1]) <= 6


def test_to_open_a_study_asks_as_much_of_thirty_trials_as_of_three(tmp_path: Path) -> None:
    asked = []
    for n in (3, 30):
        memory = sound_copy(of_size(tmp_path / str(n), n).database)
        with begin(over(memory), writing=False) as connection:
            asked.append(queries(memory, lambda connection=connection, n=n: read_study(connection, str(n))))  # type: ignore[misc]
    assert len(asked[0]) == len(asked[1]) <= 12


def test_a_look_reads_no_trial_before_one_is_asked_for(tmp_path: Path) -> None:
    folder = of_size(tmp_path / "s", 3)
    memory = sound_copy(folder.database)
    assert not [query for query in queries(memory, lambda: Look(folder, memory).plan) if "trial" in query]


class Unread(list[Any]):
    """Trials that nobody goes through."""

    def __iter__(self) -> Any:
        raise AssertionError("all trials were gone through")


def test_what_waits_and_what_runs_is_found_without_going_through_what_has_ended(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5, 0.6))
    waits = trained(study, 0.5, TrialState.WAITING)
    runs = trained(study, 0.5, TrialState.RUNNING)
    study.close()
    study = Study.open(study.folder, writable=True)
    rows = study._ledger._studies[study.row]
    rows.trials = Unread(rows.trials)
    assert [row.number for row in study._ledger.waiting()] == [waits]
    assert [row.number for row in study._ledger.running()] == [runs]
    first = study.next_waiting()
    assert first is not None
    study.finish(first, TrialState.PRUNED)
    assert study._ledger.waiting() == []
    assert [row.number for row in study._ledger.running()] == [runs]
    assert study.next_waiting() is None


def test_the_collector_rests_while_a_study_is_read_and_is_as_before_after_it() -> None:
    with suppress(ValueError), uncollected():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
