"""The main job with grid-search-cv over the fake worker: killed, resumed, finished off and reported."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FAKE_WORKER
from fakes.job import Job, make

import tuner.data
from tuner.control import Control
from tuner.errors import StudyError, UsageError
from tuner.events import FoldScored, WorkerLost
from tuner.finish.report import write_report
from tuner.finish.retrain import result
from tuner.plan import Budget
from tuner.run import Watch, run
from tuner.study import Study
from tuner.trial import TrialState, winner

SPACE = """
name: small
layers: [flatten, {dense: {units: {choice: [8, 16, 32]}}}]
training: {optimizer: {choice: [adam, sgd, rmsprop]}, batch_size: 32, epochs: 6}
presets: {first: {values: {dense.units: 32}}}
"""
"""Nine configurations."""

RULE = "grid-search-cv needs finite domains: give it a step or choices"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the workers have done so far, a line each."""
    path = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(path))
    return lambda: path.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    made = make(home, monkeypatch, space=SPACE)
    made.request = replace(
        made.request, engine="grid-search-cv", algorithm="grid", folds=3, budget=Budget(trials=50), limit=600
    )
    return made


def test_a_grid_is_scored_whole_and_its_best_retrained_for_all_of_its_epochs(job: Job) -> None:
    outcome = job.run()
    best, manifest = winner(job.trials), result(job.request.folder)
    assert outcome.report.search.stopped_by == "all 9 configurations of the grid are scored"
    assert [len(trial.folds) for trial in job.trials] == 9 * [3]
    assert [trial.preset for trial in job.trials] == 9 * [""]
    assert best is not None
    assert best.score == max(trial.score or 0 for trial in job.trials)
    assert manifest is not None
    assert (manifest["trial"], manifest["epochs"]) == (best.number, 6)


def test_a_worker_killed_in_a_trial_goes_on_with_the_next_fold(job: Job, log: Callable[[], list[str]]) -> None:
    job.run({"die_at": [[2, 1]]})
    assert sum(isinstance(event, WorkerLost) for event in job.events) == 1
    assert [line for line in log() if line.endswith(("begun 2", "fold 2 0", "fold 2 1", "fold 2 2"))] == [
        "begun 2",
        "fold 2 0",
        "fold 2 1",
        "begun 2",
        "fold 2 2",
    ]
    assert [fold.fold for fold in job.trials[2].folds] == [0, 1, 2]
    assert job.trials[2].state is TrialState.COMPLETE


def test_a_trial_cut_off_between_folds_goes_on_under_its_own_number(job: Job, log: Callable[[], list[str]]) -> None:
    control = Control()

    def stop(event: object) -> None:
        if isinstance(event, FoldScored) and (event.number, len(event.folds)) == (1, 2):
            control.stop("it was interrupted", 2)

    job.monkeypatch.setenv("FAKE_WORKER", '{"seconds": 0.2}')
    with pytest.raises(Exception, match="it was interrupted"):
        run(job.request, Watch(event=stop), control, command=FAKE_WORKER)
    assert [(trial.state, len(trial.folds)) for trial in job.trials] == [
        (TrialState.COMPLETE, 3),
        (TrialState.WAITING, 2),
    ]
    job.run()
    assert [line for line in log() if line.startswith("fold 1 ")] == ["fold 1 0", "fold 1 1", "fold 1 2"]
    assert len(job.trials) == 9


def test_halving_resumed_within_and_between_its_rounds_goes_through_the_same_ones(job: Job) -> None:
    halving = {"algorithm": "halving"}
    whole = replace(job.request, folder=replace(job.request.folder, path=job.request.folder.path.with_name("whole")))
    Job(whole, job.monkeypatch).run(**halving)
    for trials in (4, 9, 10, 13):
        job.run(**halving, budget=Budget(trials=trials))
    rows = [(dict(trial.values), trial.stage.samples, trial.engine) for trial in job.trials]
    assert rows == [(dict(t.values), t.stage.samples, t.engine) for t in Study.open(whole.folder).trials()]
    assert [samples for _, samples, _ in rows] == 9 * [66] + 3 * [198] + [594]
    best = winner(job.trials)
    assert best is not None
    assert best.number == 12


def test_halvings_folds_are_cut_from_as_many_images_as_its_round_has(job: Job) -> None:
    job.run(algorithm="halving")
    sizes = {}
    for samples in (66, 198, 594):
        with np.load(job.request.folder.folds(samples)) as arrays:
            sizes[samples] = sum(len(arrays[f"test_{fold}"]) for fold in range(3))
    assert sizes == {66: 66, 198: 198, 594: 594}


def test_a_failed_candidate_is_reported_without_a_mean_and_ranks_last(job: Job) -> None:
    outcome = job.run({"fail": {"4": "out_of_memory"}})
    rows = outcome.report.cross_validation
    assert rows is not None
    assert np.isnan(rows.candidates[4].accuracies).all()
    assert outcome.report.search.stopped_by == "all 9 configurations of the grid are scored, 1 without success"


def test_the_report_says_how_it_was_scored_and_nothing_of_validation_images(job: Job) -> None:
    job.run(algorithm="halving")
    _, page = write_report(Study.open(job.request.folder), job.request.space)
    text = page.with_name("report.md").read_text(encoding="utf-8")
    assert "Successive halving began with many candidates on few images: 9 on 66" in text
    assert "| 600 | 360 |" in text
    assert "validation" not in text.lower().replace("cross-validation", "")
    with page.with_name("cv_results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["iter"] for row in rows] == 9 * ["0"] + 3 * ["1"] + ["2"]
    assert [row["n_resources"] for row in rows] == 9 * ["66"] + 3 * ["198"] + ["594"]
    for trial, row in zip(job.trials, rows, strict=True):
        assert float(row["mean_test_score"]) == pytest.approx(trial.score)


def test_another_number_of_folds_is_another_study(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    with pytest.raises(StudyError, match="folds: 3 -> 4"):
        job.run(folds=4)


def test_too_few_images_for_the_folds_are_said_before_a_study_is_made(job: Job) -> None:
    with pytest.raises(UsageError, match=r"--folds must not exceed the images of the rarest class, 10\. Got 11\."):
        job.run(limit=100, folds=11)
    assert not job.request.folder.database.exists()


def test_a_space_that_is_not_finite_ends_the_command_with_the_lines_to_change(
    tune: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = tune("digits", "--space", "mlp_v1", "--engine", "grid-search-cv", "--fix", "training.optimizer=adam")
    assert done.returncode == 2
    name = "training.optimizer.adam.learning_rate"
    assert done.stderr.splitlines()[1:] == [
        f"mlp_v1.yaml:28: {name}: {RULE}, e.g. --set '{name}={{choice: [0.0002, 0.001, 0.01]}}'"
    ]


def test_folds_are_cut_from_all_training_images(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    split = tuner.data.load_split(job.request.folder.split, Study.open(job.request.folder).plan.data_fingerprint)
    with np.load(job.request.folder.folds(None)) as arrays:
        scored = np.concatenate([arrays[f"test_{fold}"] for fold in range(3)])
    assert np.array_equal(np.sort(scored), split.rows)
    assert len(split.rows) == 600


def test_a_guess_is_refused_where_halving_tries_every_configuration_anyway(
    job: Job, tune: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    job.run(algorithm="halving", budget=Budget(trials=1))
    done = tune("enqueue", "s", "--set", "dense.units=32")
    assert done.returncode == 4
    assert done.stderr == "tune: study 's' halves a grid: its first round tries every configuration anyway.\n"
