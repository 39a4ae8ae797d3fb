"""Fault tests 36 and 39: one seed proposes the same, resumed or not, and the winner's score was no accident of its."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from evidence import Measured
from fakes.driving import Driver, driver, made_up
from fakes.pool import Clock, Slots, search

from reports.standing import wilson
from tuner.engines.optuna.samplers import N_STARTUP
from tuner.study import Study, study_folder
from tuner.trial import WHOLE, TrialState, winner

SPACE = """
name: wide
layers:
  - flatten
  - repeat: {int: [1, 3]}
    name: hidden
    layers:
      - dense: {units: {int: [8, 512], log: true}, activation: {choice: [relu, tanh]}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-1], log: true}}
      - sgd: {learning_rate: {float: [1e-3, 1.0], log: true}, momentum: {float: [0.0, 0.99]}}
  batch_size: 32
  epochs: 9
"""


def act(slots: Slots) -> None:
    """Each trial is trained to its end, in the order of the slots; its score is made of its configuration."""
    for job in slots.running:
        slots.finish(job, made_up(slots.orders[job].configuration["values"]))


@pytest.fixture
def searched(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """The parameters of all trials of a search that ends and is taken up at each of the totals."""

    def run(name: str, *totals: int, workers: int = 1, seed: int = 0) -> list[dict[str, Any]]:
        study: Driver = driver(tmp_path / name, "optuna", "tpe", text=SPACE, more={"seed": seed})
        for n, total in enumerate(totals):
            if n:
                study.study.close()
                study.restart()
            search(study, Slots(workers, act), Clock(), trials=total).run()
        values = study.values
        study.study.close()
        return values

    return run


@pytest.mark.usefixtures("unsynced")
def test_one_seed_proposes_the_same_50_trials_in_one_run_and_in_two(
    searched: Callable[..., list[dict[str, Any]]], measured: Measured
) -> None:
    once, again, halves = searched("once", 50), searched("again", 50), searched("halves", 25, 50)
    bits = searched("bits", 1, 3, N_STARTUP, 20, 50)
    equal = [sum(a == b for a, b in zip(once, other, strict=False)) for other in (again, halves, bits)]
    other_seed = sum(a == b for a, b in zip(once, searched("other", 50, seed=1), strict=False))
    measured(
        36,
        target="identical parameters for one worker: the same seed twice, 50 against 25 + 25",
        figure=f"{equal[0]} of {len(once)} the same; {equal[1]} in 25 + 25, {equal[2]} in five runs; "
        f"{other_seed} with another seed",
    )
    assert equal == [len(once)] * 3
    assert len(again) == len(halves) == len(bits) == len(once) >= 50
    assert other_seed == 0


@pytest.mark.usefixtures("unsynced")
def test_no_trial_is_repeated_after_a_resume_and_two_workers_start_from_the_same_points(
    searched: Callable[..., list[dict[str, Any]]], measured: Measured
) -> None:
    one, two = searched("one", 50), searched("two", 25, 50, workers=2)
    resumed = searched("resumed", *range(2, 21, 2))
    same = sum(a == b for a, b in zip(one[:N_STARTUP], two[:N_STARTUP], strict=True))
    repeated = [len(values) - len({str(sorted(each.items())) for each in values}) for values in (one, two, resumed)]
    measured(
        36,
        target="no repeated start-up points after resume; one worker against two",
        figure=f"repeated with one worker, two, and in ten runs: {repeated}; "
        f"{same} of {N_STARTUP} start-up points the same with two workers",
    )
    assert repeated == [0, 0, 0]
    assert same == N_STARTUP


TINY = """
name: tiny
layers: [flatten, {dense: {units: {int: [16, 64]}, activation: relu}}]
training: {optimizer: {adam: {learning_rate: {float: [3e-4, 3e-2], log: true}}}, batch_size: 32, epochs: 12}
"""

SEEDS = (101, 202, 303)
N_VALIDATION = 575


@pytest.mark.night
@pytest.mark.timeout(600)
def test_the_winner_scores_the_same_with_its_seed_and_with_others_what_its_interval_allows(
    home: Path, tmp_path: Path, measured: Measured
) -> None:
    """On the training split: the retrained winner has no validation images left to be scored on.

    The table asks for more: the trial's value within the spread of three seeds. Since it is the best of several trials,
    and of its epochs, it lies above what other seeds come to; the figure says by how much.
    """
    import tuner.data
    from search_spaces import SearchSpace
    from tuner.jobs import TrainingJobs
    from tuner.training.jobs import train_trial

    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    command = ["digits", "--space", str(tmp_path / "tiny.yaml"), "--trials", "6", "--study", "s", "--quiet"]
    command += ["--validation", "0.4"]  # with fewer images the spread is of one or two of them
    subprocess.run([sys.executable, "-m", "tuner", *command], check=True, timeout=400)
    study, space = Study.open(study_folder("s")), SearchSpace.parse(TINY, "tiny.yaml")
    best = winner(study.trials())
    assert best is not None
    jobs = TrainingJobs(folder=study.folder, plan=study.plan, data=tuner.data.find("digits"), space=space)
    usual = jobs.train(best.number, space.check_values(best.values), WHOLE)

    def score(seed: int) -> float:
        scores: list[float] = []
        job = replace(usual, seed=seed, checkpoints=str(tmp_path / str(seed)), identity=str(seed))
        train_trial(job, lambda epoch: scores.append(epoch.val_accuracy or 0.0), lambda: False)
        return max(scores)

    assert best.score is not None
    own, others = score(best.seed), {seed: score(seed) for seed in SEEDS}
    low, high = min(others.values()), max(others.values())
    verdict = (
        "within" if low <= best.score <= high else f"{best.score - high:+.4f} outside, their spread {high - low:.4f}"
    )
    listed = ", ".join(f"seed {seed}: {value:.4f}" for seed, value in others.items())
    measured(
        39,
        target="within the spread of 3 seeds of the trial's value, seeds listed",
        figure=f"{verdict}: trial {best.number}, best of 6, seed {best.seed}: {best.score:.4f}, again {own:.4f}; "
        f"{listed}",
        met=verdict.startswith("within"),
    )
    assert best.state is TrialState.COMPLETE
    assert own == pytest.approx(best.score, abs=1e-6)
    interval = wilson(best.score, N_VALIDATION)
    assert interval.low <= mean(others.values()) <= interval.high
