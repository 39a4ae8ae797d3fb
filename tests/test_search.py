"""The loop over a fake worker: real processes, real study, real proposals, training that takes no time."""

import json
import os
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import psutil
import pytest
from fakes import FAKE_WORKER
from fakes.job import SPACE, Job, make, without_files

from search_spaces import SearchSpace
from tuner.control import Control
from tuner.errors import Interrupted, StudyError, TuneError, UsageError
from tuner.events import Event, TrialEnded, WorkerLost
from tuner.finish.retrain import result
from tuner.plan import Budget
from tuner.run import Watch, _interruptible, run
from tuner.study import Study
from tuner.trial import Epoch, TrialState


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


def test_a_run_ends_with_as_many_finished_trials_as_were_asked_for(job: Job) -> None:
    outcome = job.run()
    finished = [trial for trial in job.trials if trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    assert len(finished) == 8
    assert outcome.report.search.stopped_by == "all 8 trials are done"
    assert all(trial.seconds and trial.parameters and trial.configuration for trial in finished)


def test_the_preset_is_the_first_trial(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    (trial,) = job.trials
    assert (trial.number, trial.preset, trial.values["hidden[0].dense.units"]) == (0, "first", 20)


def test_the_winner_is_retrained_for_its_best_epoch_and_tested(job: Job) -> None:
    outcome = job.run()
    manifest = result(job.request.folder)
    best = max((t for t in job.trials if t.state is TrialState.COMPLETE), key=lambda t: t.score or 0)
    assert manifest is not None
    assert (manifest["trial"], manifest["epochs"]) == (best.number, 6)
    assert outcome.report.evaluation is not None
    assert outcome.report.evaluation.accuracy.value == 0.9
    assert outcome.report.evaluation.confusion.sum() == outcome.report.evaluation.accuracy.n == 360


def test_a_retraining_whose_worker_dies_goes_on_from_its_last_epoch_and_leaves_no_checkpoints(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    job.run({"die_in_retraining": 2}, pruner="none", budget=Budget(trials=1))
    epochs = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("epoch")]
    assert epochs == [f"epoch 0 {n}" for n in (1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6)]  # the trial, the retraining
    assert not job.request.folder.retrainings


def test_a_second_run_asks_for_the_total_and_trains_only_what_is_left(job: Job) -> None:
    job.run(budget=Budget(trials=3))
    before = job.rows
    job.events.clear()
    job.run(budget=Budget(trials=5))
    assert job.rows[: len(before)] == before
    assert sum(isinstance(event, TrialEnded) for event in job.events) == 2


def test_a_finished_study_is_not_trained_again_and_its_test_set_not_opened_again(job: Job) -> None:
    job.run()
    job.events.clear()
    outcome = job.run()
    assert [type(event).__name__ for event in job.events] == ["Computing", "TakenUp"]
    assert outcome.report.evaluation is not None
    assert outcome.report.evaluation.times_opened == 1
    assert outcome.report.search.sessions == 1


def test_the_same_seed_proposes_the_same_and_another_seed_does_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        job = make(home, monkeypatch, name)
        job.run(seed=seed, budget=Budget(trials=12))
        runs.append(job.rows)
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_resumed_study_proposes_what_an_undisturbed_one_would_have(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make(home, monkeypatch, "whole")
    whole.run(budget=Budget(trials=14))
    halves = make(home, monkeypatch, "halves")
    for trials in (1, 2, 7, 14):
        halves.run(budget=Budget(trials=trials))
    assert halves.rows == whole.rows


def test_a_worker_that_dies_costs_nothing_but_its_epoch(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    job.run({"die_at": [[1, 2], [3, 5]]}, pruner="none")
    assert [trial.state for trial in job.trials] == [TrialState.COMPLETE] * 8
    assert [event.number for event in job.events if isinstance(event, WorkerLost)] == [1, 3]
    epochs = Counter(line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("epoch"))
    trained_twice = [line for line, n in epochs.items() if n > 1 and line.split()[1] in {"1", "3"}]
    winner = next(line for line in reversed((tmp_path / "log").read_text().splitlines()) if line.startswith("begun"))
    assert all(line.split()[1] == winner.split()[1] for line in trained_twice)  # the retraining has its number


def test_a_trial_that_kills_its_worker_each_time_fails_and_the_search_goes_on(job: Job) -> None:
    job.run({"die_in": [2]})
    trial = job.trials[2]
    assert (trial.state, trial.reason, trial.retries) == (TrialState.FAILED, "crash", 2)
    assert "SIGKILL" in trial.detail
    assert sum(t.state in {TrialState.COMPLETE, TrialState.PRUNED} for t in job.trials) == 7


@pytest.mark.parametrize("reason", ["out_of_memory", "nan", "crash"])
def test_a_failing_trial_is_recorded_with_its_reason_and_the_search_goes_on(job: Job, reason: str) -> None:
    outcome = job.run({"fail": {"1": reason, "4": reason}})
    assert [(t.number, t.reason) for t in job.trials if t.state is TrialState.FAILED] == [(1, reason), (4, reason)]
    assert len(outcome.report.trials) == 8


def test_three_failures_in_a_row_at_the_start_end_the_run_and_lose_nothing(job: Job) -> None:
    with pytest.raises(TuneError, match=r"3 failures in a row, the first: as ordered\. .*logs"):
        job.run({"fail": {str(i): "crash" for i in range(50)}})
    assert len(job.trials) == 3
    job.run()
    assert sum(t.state in {TrialState.COMPLETE, TrialState.PRUNED} for t in job.trials) == 5


def test_poor_trials_are_pruned_at_a_rung_and_no_epoch_after_it_is_recorded(job: Job) -> None:
    job.run({"seconds": 0.01}, budget=Budget(trials=12))
    pruned = [trial for trial in job.trials if trial.state is TrialState.PRUNED]
    assert pruned
    assert {len(trial.curve) for trial in pruned} == {4}


def test_a_trial_that_has_trained_all_its_epochs_is_complete_even_at_a_rung(job: Job) -> None:
    job.run(epochs=4, budget=Budget(trials=10))
    assert {trial.state for trial in job.trials} == {TrialState.COMPLETE}


def test_importance_is_computed_from_pruned_trials_too(job: Job) -> None:
    outcome = job.run(budget=Budget(trials=12))
    assert [t for t in job.trials if t.state is TrialState.PRUNED]
    assert outcome.report.importance.n_trials == 12
    assert sum(outcome.report.importance.shares.values()) == pytest.approx(1.0)
    assert "after epoch 4" in outcome.report.importance.note


def test_an_opening_of_the_test_set_that_was_not_recorded_before_a_kill_is_recorded_later(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    study = Study.open(job.request.folder, writable=True)
    study.remember("test_openings", [])  # as if killed just before it
    outcome = job.run(budget=Budget(trials=2))
    assert outcome.report.evaluation is not None
    assert Study.open(job.request.folder).fact("test_openings")


def test_the_time_of_a_session_that_was_killed_is_counted(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    study = Study.open(job.request.folder, writable=True)
    cut_off = study.optuna.ask()  # as a killed session leaves it
    epoch = Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=0.2, val_loss=1.0)
    study.record_epoch(cut_off, (epoch,), clock=1000.0)
    outcome = job.run(budget=Budget(trials=2))
    assert outcome.report.search.seconds > 1000
    assert job.trials[-1].finished_after is not None


def test_a_download_ends_when_the_run_shall_end() -> None:
    control = Control()
    seen: list[int] = []
    progress = _interruptible(lambda _file, done, _total: seen.append(done), control)
    progress("a", 1, 2)
    control.stop("it was interrupted", signal.SIGTERM)
    with pytest.raises(Interrupted):
        progress("a", 2, 2)
    assert seen == [1]


def test_without_a_pruner_every_trial_trains_all_its_epochs(job: Job) -> None:
    job.run(pruner="none")
    assert {len(trial.curve) for trial in job.trials} == {6}


def test_a_timeout_ends_the_search_and_still_finishes_the_job(job: Job) -> None:
    outcome = job.run({"seconds": 0.05}, budget=Budget(trials=500, timeout=3.0))
    assert outcome.report.search.stopped_by == "its time was up"
    assert outcome.report.evaluation is not None
    assert not [t for t in job.trials if t.state is TrialState.RUNNING]


def test_a_trial_cut_off_by_the_timeout_goes_on_from_its_last_epoch(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.run({"seconds": 0.4}, budget=Budget(trials=2, timeout=1.5), pruner="none")
    cut_off = [t for t in job.trials if t.state is TrialState.WAITING and t.curve]
    assert [t.number for t in cut_off] == [0]
    job.run(budget=Budget(trials=2), pruner="none")
    assert [(t.number, t.state, len(t.curve)) for t in job.trials] == [
        (0, TrialState.COMPLETE, 6),
        (1, TrialState.COMPLETE, 6),
    ]


def test_an_interruption_leaves_no_trial_running(job: Job) -> None:
    control = Control()

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialEnded) and event.trial.number == 2:
            control.stop("it was interrupted", signal.SIGINT)

    job.monkeypatch.setenv("FAKE_WORKER", json.dumps({"seconds": 0.02}))
    with pytest.raises(Interrupted) as interrupted:
        run(job.request, Watch(event=interrupt), control, command=FAKE_WORKER, write=without_files)
    assert interrupted.value.signal == signal.SIGINT
    assert not [t for t in job.trials if t.state is TrialState.RUNNING]
    job.run()
    assert Study.open(job.request.folder).n_finished() == 8


def test_no_row_of_the_database_ever_holds_nan(job: Job) -> None:
    job.run({"fail": {"2": "nan"}})
    with sqlite3.connect(job.request.folder.database) as database:
        values = [row[0] for row in database.execute("SELECT value FROM trial_values")]
    assert values
    assert all(isinstance(value, float) for value in values)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 1}, "seed: 0 -> 1"),
        ({"limit": 500}, "limit: not set -> 500"),
        ({"validation": 0.3}, "validation: 0.15 -> 0.3"),
        ({"epochs": 2}, "epochs: not set -> 2"),
        ({"pruner": "none"}, "pruner: asha -> none"),
    ],
)
def test_another_plan_is_refused_with_the_difference(job: Job, change: dict[str, object], line: str) -> None:
    job.run(budget=Budget(trials=1))
    with pytest.raises(StudyError) as refused:
        job.run(**change)
    assert line in str(refused.value)
    assert "--study" in str(refused.value)


def test_a_refused_command_leaves_no_mark_that_would_keep_others_from_the_study(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    with pytest.raises(StudyError):
        job.run(seed=7)
    with sqlite3.connect(job.request.folder.database) as database:
        marks = database.execute("SELECT * FROM study_system_attributes WHERE key = 'tune:writer'").fetchall()
    assert marks == []


def test_another_space_is_refused_with_the_parameters_that_differ(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    changed = SearchSpace.parse(SPACE.replace("[8, 64]", "[8, 128]"), "small.yaml")
    with pytest.raises(StudyError) as refused:
        job.run(space=changed)
    assert "space: ~ hidden[0].dense.units: 8 to 64, log -> 8 to 128, log (wider)" in str(refused.value)
    assert str(refused.value).endswith("or take its trials over: tune resume s --space SPACE --extend")


def test_comments_and_layout_do_not_make_another_space(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    job.run(budget=Budget(trials=2), space=SearchSpace.parse("# a remark\n" + SPACE, "small.yaml"))
    assert Study.open(job.request.folder).n_finished() == 2


def test_configurations_over_the_limit_cost_no_trial(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make(home, monkeypatch, space=SPACE + "limits: {parameters: 2000}\n")
    outcome = job.run(budget=Budget(trials=10))
    turned_down = [t for t in job.trials if t.state is TrialState.TURNED_DOWN]
    assert turned_down
    assert all("more than the limit of 2,000" in t.detail for t in turned_down if t.reason == "over_limit")
    assert Study.open(job.request.folder).n_finished() == 10
    assert outcome.report.search.turned_down["over_limit"] > 0
    assert max(t.parameters or 0 for t in job.trials) <= 2000


def test_a_space_with_nothing_left_to_try_ends_the_search_with_a_word(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPACE.replace("{int: [8, 64], log: true, default: 16}", "8").replace("{choice: [relu, tanh]}", "relu")
    text = text[: text.index("  optimizer")] + "  optimizer: {choice: [adam, sgd]}\n  batch_size: 32\n  epochs: 2\n"
    job = make(home, monkeypatch, space=text)
    outcome = job.run()
    assert outcome.report.search.stopped_by == "the space holds no configuration that was not tried"
    assert len({t.configuration for t in job.trials if t.curve}) == 4
    assert Study.open(job.request.folder).n_finished() == 4


def test_a_space_that_no_image_of_the_data_fits_is_refused_before_anything_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = "  - max_pooling2d: {pool_size: 2}\n" * 4
    job = make(home, monkeypatch, space=SPACE.replace("  - flatten\n", pools + "  - flatten\n"))
    with pytest.raises(UsageError, match=r"does not fit the 8 x 8 x 1 images of digits: max_pooling2d_4"):
        job.run()
    assert not job.request.folder.database.exists()


def test_a_split_that_cannot_be_made_leaves_no_study_and_no_worker(job: Job) -> None:
    with pytest.raises(UsageError, match="at least one image of 10 classes"):
        job.run(limit=30)
    assert not job.request.folder.path.exists()
    assert not [each for each in psutil.Process().children() if "worker" in " ".join(each.cmdline())]


def test_the_library_spaces_can_be_searched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cnn_v4", "mlp_v1"):
        job = make(home, monkeypatch, name)
        job.run(space=SearchSpace.load(name), budget=Budget(trials=4))
        assert Study.open(job.request.folder).n_finished() == 4


def test_no_process_is_left_when_a_run_is_over(job: Job) -> None:
    import psutil

    job.run()
    children = psutil.Process(os.getpid()).children(recursive=True)
    assert not [child for child in children if "worker" in " ".join(child.cmdline())]
