import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row

from tuner.errors import BusyError, StudyError
from tuner.plan import Plan
from tuner.study import Folder, Study, find_study, hold, is_held, list_studies, records, study_folder
from tuner.trial import Epoch, Reason, Stage, Trial, TrialState, winner

PLAN = Plan(dataset="digits", data_fingerprint="a", space="mlp_v1", space_fingerprint="b")


def made(folder: Path, rows: tuple[FrozenTrial, ...] = ()) -> Study:
    folder.mkdir(parents=True)
    return Study.create(Folder(folder), PLAN, "name: x", rows)


def waiting(x: float, **attributes: Any) -> FrozenTrial:
    distributions = {"x": optuna.distributions.FloatDistribution(0, 10)}
    return optuna.create_trial(
        state=Row.WAITING, params={"x": x}, distributions=distributions, user_attrs=records.attributes(**attributes)
    )


def trained(study: Study, value: float, epochs: int = 3) -> int:
    trial = study.optuna.ask()
    trial.suggest_float("x", 0, 10)
    study.begin(trial, configuration=f"hash {value}", seed=7, parameters=99, device="CPU", retries=0)
    curve = tuple(
        Epoch(epoch=i, accuracy=0.5, loss=1.0, val_accuracy=value * i / epochs, val_loss=1.0, seconds=2.0)
        for i in range(1, epochs + 1)
    )
    for i in range(epochs):
        study.record_epoch(trial, curve[: i + 1])
    study.finish(trial, TrialState.COMPLETE, seconds=6.5, finished_after=10.0)
    return trial.number


def test_a_finished_trial_is_read_back_whole(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.9)
    (trial,) = Study.open(study.folder).trials()
    assert (trial.state, trial.score, trial.seconds, trial.parameters, trial.seed) == (
        TrialState.COMPLETE, 0.9, 6.5, 99, 7,
    )  # fmt: skip
    assert [epoch.val_accuracy for epoch in trial.curve] == pytest.approx([0.3, 0.6, 0.9])


def test_the_queue_is_what_was_cut_off_then_what_a_user_asked_for_then_presets(tmp_path: Path) -> None:
    study = made(tmp_path / "s", rows=(waiting(4.0, preset="published"), waiting(5.0, preset="second")))
    cut_off = study.optuna.ask()
    study.begin(cut_off, configuration="c", seed=1, parameters=9, device="CPU", retries=0)
    study.pause(cut_off.number)
    study.optuna.add_trial(waiting(6.0, enqueued=True))
    taken = [study.next_waiting() for _ in range(4)]
    assert [trial and trial.number for trial in taken] == [0, 2, 1, None]
    assert study.trials()[0].preset == "published"
    assert study.trials()[2].enqueued


def test_a_row_is_added_whole(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    row = waiting(7.0, stage=Stage(epochs=3, after=0), notes={"seed": 5})
    row.state = Row.RUNNING
    trial = study.add(row)
    assert trial.suggest_float("x", 0, 10) == 7.0
    (read,) = Study.open(study.folder).trials()
    assert (read.state, read.stage, read.engine) == (TrialState.RUNNING, Stage(epochs=3, after=0), {"seed": 5})


def test_a_trial_left_running_goes_on_under_its_own_number_and_values(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.5)
    cut_off = study.optuna.ask()
    value = cut_off.suggest_float("x", 0, 10)
    again = Study.open(study.folder, writable=True)
    assert again.release_interrupted() == 1
    taken_up = again.optuna.ask()
    assert (taken_up.number, taken_up.suggest_float("x", 0, 10)) == (cut_off.number, value)


def test_the_curve_of_a_cut_off_trial_is_kept_while_it_waits(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trial = study.optuna.ask()
    study.record_epoch(trial, (Epoch(epoch=1, accuracy=0.1, loss=2.0, val_accuracy=0.4, val_loss=2.0, seconds=3.5),))
    study.pause(trial.number)
    (waiting,) = study.trials()
    assert (waiting.state, waiting.score, waiting.seconds) == (TrialState.WAITING, 0.4, 3.5)


@pytest.mark.parametrize("reason", [Reason.OUT_OF_MEMORY, Reason.NAN, Reason.OVER_LIMIT, Reason.UNBUILDABLE])
def test_what_the_configuration_is_to_blame_for_reaches_the_sampler_as_a_constraint(
    tmp_path: Path, reason: Reason
) -> None:
    study = made(tmp_path / "s")
    trial = study.optuna.ask()
    trial.suggest_float("x", 0, 10)
    study.finish(trial, TrialState.FAILED, reason=reason, detail="why")
    (row,) = study.optuna.get_trials()
    assert row.state is optuna.trial.TrialState.PRUNED
    assert row.system_attrs[f"constraints:{reason}"] == 1.0
    (read,) = study.trials()
    assert (read.state, read.reason, read.detail) == (TrialState.FAILED, reason, "why")


def test_a_crash_says_nothing_of_the_configuration(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trial = study.optuna.ask()
    study.finish(trial, TrialState.FAILED, reason=Reason.CRASH)
    (row,) = study.optuna.get_trials()
    assert row.state is optuna.trial.TrialState.FAIL


def test_a_repeat_tells_the_sampler_the_same_and_does_not_count(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.8)
    repeat = study.optuna.ask()
    study.repeat(repeat, study.trials()[0])
    assert [row.value for row in study.optuna.get_trials()] == pytest.approx([0.8, 0.8])
    assert study.trials()[1].state is TrialState.TURNED_DOWN
    assert study.n_finished() == 1


def test_the_winner_is_the_best_complete_trial_even_if_a_pruned_one_scored_higher() -> None:
    def trial(number: int, state: TrialState, score: float) -> Trial:
        epoch = Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=score)
        return Trial(number=number, state=state, curve=(epoch,))

    trials = [
        trial(0, TrialState.COMPLETE, 0.7),
        trial(1, TrialState.PRUNED, 0.9),
        trial(2, TrialState.COMPLETE, 0.8),
        trial(3, TrialState.TURNED_DOWN, 0.99),
    ]
    assert winner(trials) == trials[2]
    assert winner(trials[1:2] + trials[3:]) == trials[1]
    assert winner(trials[3:]) is None


def test_of_equal_scores_the_cheapest_by_the_other_objectives_wins_and_of_those_the_first() -> None:
    def complete(number: int, **measures: float) -> Trial:
        curve = (Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=0.9, val_loss=1.0),)
        return Trial(number=number, state=TrialState.COMPLETE, curve=curve, measures=measures)

    trials = [
        complete(0, parameters=50, latency=1.0),
        complete(1, parameters=40, latency=3.0),
        complete(2, parameters=40),
    ]
    assert winner(trials, ("val_accuracy", "parameters")) == trials[1]
    assert winner(trials, ("val_accuracy", "latency")) == trials[0]
    assert winner(trials) == trials[0]


def test_a_study_whose_process_is_gone_is_not_said_to_go_on(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    with hold(study.folder.path, "s"):
        assert is_held(study.folder.path)
        assert study.stopped_by == ""
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    holder = {"pid": int(gone.stdout), "host": socket.gethostname()}
    (study.folder.path / "holder.json").write_text(json.dumps(holder), encoding="utf-8")
    assert not is_held(study.folder.path)
    assert study.stopped_by == "its process ended before the search did, or the disk was full"
    study.remember("run", {"stopped_by": "all 3 trials are done"})
    assert study.stopped_by == "all 3 trials are done"


def test_optunas_own_tools_open_the_file(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.9)
    loaded = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.database}")
    assert loaded.best_value == 0.9
    assert loaded.metric_names == ["val_accuracy"]


def test_braces_in_the_path_are_a_name_like_any_other(tmp_path: Path) -> None:
    study = made(tmp_path / "a{0}b")
    trained(study, 0.9)
    assert Study.open(study.folder).n_finished() == 1


def test_readers_cannot_write(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    with pytest.raises(optuna.exceptions.StorageInternalError):
        Study.open(study.folder).remember("a", 1)


def test_an_interrupted_creation_leaves_no_study_and_the_next_sweeps_up(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "s")
    folder.path.mkdir()

    def interrupted() -> Iterator[FrozenTrial]:
        yield waiting(1.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Study.create(folder, PLAN, "name: x", interrupted())
    assert not folder.database.exists()
    (folder.path / ".unfinished-study.db-killed.db").write_bytes(b"left by kill -9")
    assert Study.create(folder, PLAN, "name: x").plan == PLAN
    assert [path.name for path in folder.path.iterdir()] == ["study.db"]


def test_another_optuna_study_is_not_ours(tmp_path: Path) -> None:
    optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="theirs")
    with pytest.raises(StudyError, match="not of a study of tune"):
        Study.open(Folder(tmp_path), writable=True)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_study_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.db").write_bytes(content)
    with pytest.raises(StudyError, match=r"study\.db: (damaged|not a study|file is not a database)"):
        Study.open(Folder(tmp_path))
    assert (tmp_path / "study.db").read_bytes() == content


def test_a_commit_cut_off_by_kill_9_is_rolled_back_for_readers_and_writers(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.9)
    code = (
        "import os, signal, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.execute('PRAGMA cache_size=1')\n"
        "database.execute('BEGIN IMMEDIATE')\n"
        "for i in range(2000):\n"
        "    database.execute('INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (1, ?, ?)',"
        " (f'k{i}', '0' * 500))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(study.folder.database)], check=False, timeout=60)
    assert Path(f"{study.folder.database}-journal").exists()
    assert Study.open(study.folder).n_finished() == 1
    assert Study.open(study.folder, writable=True).fact("k5") is None


def test_a_trial_that_run_after_run_dies_in_is_given_up(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    for _ in range(3):
        trial = study.next_waiting() or study.optuna.ask()
        trial.suggest_float("x", 0, 10)
        study.begin(trial, clock=1.0, device="CPU")
        study.release_interrupted()
    (trial,) = study.trials()
    assert (trial.state, trial.reason) == (TrialState.FAILED, "crash")
    assert trial.detail == "the whole run died 3 times in its epoch 1"


def test_a_trial_that_was_only_taken_from_the_queue_is_not_blamed_for_the_end_of_a_run(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    for _ in range(4):
        (study.next_waiting() or study.optuna.ask()).suggest_float("x", 0, 10)
        study.release_interrupted()
    assert [trial.state for trial in study.trials()] == [TrialState.WAITING]


def test_of_several_that_ran_when_a_run_died_each_has_more_chances_and_none_more_than_that(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    states = []
    for _ in range(5):
        for _ in range(2):
            trial = study.next_waiting() or study.optuna.ask()
            trial.suggest_float("x", 0, 10)
            study.begin(trial, clock=1.0, device="CPU")
        study.release_interrupted()
        states.append({trial.state for trial in study.trials()})
    assert states == [{TrialState.WAITING}] * 4 + [{TrialState.FAILED}]


def test_a_trial_that_gains_an_epoch_in_each_run_is_not_given_up(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    curve: tuple[Epoch, ...] = ()
    for i in range(1, 6):
        trial = study.optuna.ask()
        curve = (*curve, Epoch(epoch=i, accuracy=0.1, loss=1.0, val_accuracy=0.2, val_loss=1.0))
        study.record_epoch(trial, curve)
        study.release_interrupted()
    assert [trial.state for trial in study.trials()] == [TrialState.WAITING]


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("CREATE TABLE birds (name TEXT)")
    with pytest.raises(StudyError, match="another program's database"):
        Study.open(Folder(tmp_path), writable=True)


def outcome_of_reading(folder: Folder) -> str:
    try:
        Study.open(folder).trials()
    except StudyError as error:
        return "refused in one line" if "\n" not in str(error) else "refused"
    return "harmless"


def test_damage_in_the_middle_is_found_or_harmless(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    for i in range(20):
        trained(study, 0.5 + i / 100)
    whole = study.folder.database.read_bytes()
    damaged = Folder(tmp_path / "damaged")
    damaged.path.mkdir()
    outcomes = set()
    for place in range(150, len(whole), len(whole) // 60):
        damaged.database.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        outcomes.add(outcome_of_reading(damaged))
    assert "refused in one line" in outcomes
    assert outcomes <= {"refused in one line", "harmless"}


def test_the_second_to_hold_a_study_hears_who_holds_it(tmp_path: Path) -> None:
    import os

    with hold(tmp_path, "s"), pytest.raises(BusyError, match=f"process {os.getpid()} on "), hold(tmp_path, "s"):
        pass
    with hold(tmp_path, "s"):
        pass


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\nfrom tuner.study import hold\n"
        "with hold(pathlib.Path(sys.argv[1]), 's'):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match=f"process {holder.pid} "), hold(tmp_path, "s"):
        pass
    holder.kill()
    holder.wait()
    with hold(tmp_path, "s"):
        pass


def test_studies_are_found_by_name_and_by_path_and_misspellings_get_a_suggestion(home: Path, tmp_path: Path) -> None:
    study = made(home / "studies" / "fashion")
    assert list_studies() == ["fashion"]
    assert find_study("fashion") == study.folder == study_folder("fashion")
    moved = tmp_path / "elsewhere"
    shutil.copytree(study.folder.path, moved)
    assert find_study(str(moved)).path == moved
    assert Study.open(find_study(str(moved))).plan == PLAN
    with pytest.raises(StudyError, match=r"no study 'fashoin'.*Did you mean fashion\?"):
        find_study("fashoin")
