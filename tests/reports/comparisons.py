"""Comparisons to draw, made up but life-like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reports.comparison import ComparedStudy, Comparison, EndedTrial, TestScore
from reports.paired import Paired
from reports.standing import wilson
from tests.reports.samples import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Sequence

BASIS = {
    "data": "digits, fingerprint 9f2c4a1be07d",
    "training images": "1,437",
    "how trials are scored": "on 15 % of the images",
    "objectives": "val_accuracy",
}
SETTINGS = {"space": "mlp_v1, fingerprint 0123456789ab", "seed": "0", "processor": "Intel Xeon"}


def study(name: str, scores: Sequence[float | None], *, seconds: float = 10.0, carried: int = 0) -> ComparedStudy:
    """Trials of `seconds` each, the first `carried` of them trained elsewhere; one without a score failed."""
    trials = tuple(
        EndedTrial(
            number=number,
            state="failed" if score is None else "complete",
            score=score,
            eligible=score is not None,
            after=None if number < carried else seconds * (number - carried + 1),
            seconds=seconds - 1,
            parameters=1_000 + number,
            carried="older" if number < carried else "",
        )
        for number, score in enumerate(scores)
    )
    return ComparedStudy(
        name=name,
        dataset="digits",
        engine="optuna",
        algorithm="tpe",
        pruner="none",
        basis=BASIS,
        settings=SETTINGS,
        trials=trials,
        n_scored_on=216,
        seconds=seconds * (len(trials) - carried),
        ended=True,
        command=f"tune digits --study {name}",
    )


def comparison(*studies: ComparedStudy) -> Comparison:
    names = " ".join(each.name for each in studies)
    return Comparison(studies=studies, made="2026-11-22T18:40:00+01:00", command=f"tune compare {names}")


def with_test(of: ComparedStudy, trial: int, accuracy: float = 0.96) -> ComparedStudy:
    return replace(of, test=TestScore(trial=trial, accuracy=wilson(accuracy, 360)))


def drawn(name: str, n: int, *, seed: int, seconds: float = 10.0) -> ComparedStudy:
    """A search of n trials, some of which were pruned or failed."""
    rng = np.random.default_rng(seed)
    levels = np.clip(0.93 + 0.02 * rng.standard_normal(n), 0.1, 0.995)
    levels[0] = 0.62
    made = study(name, [None if rng.random() < 0.03 else float(level) for level in levels], seconds=seconds)
    trials = [
        replace(trial, state="pruned", eligible=False) if trial.score and rng.random() < 0.4 and trial.number else trial
        for trial in made.trials
    ]
    return replace(made, trials=tuple(trials))


def two() -> Comparison:
    made = comparison(
        with_test(study("first", [0.90, 0.95, 0.94, 0.97]), 3),
        with_test(study("second", [0.91, 0.92, 0.96], seconds=20.0), 2, 0.95),
    )
    return replace(made, paired=(Paired(first="first", second="second", n=360, only_first=10, only_second=6),))


def eight() -> Comparison:
    return comparison(*(drawn(f"fashion-mnist-cnn_v4-algorithm-{i}", 30, seed=i) for i in range(8)))


def far_apart() -> Comparison:
    return comparison(drawn("one", 1, seed=1), drawn("many", 2000, seed=2, seconds=31.0), study("none", [None]))


def nothing() -> Comparison:
    return comparison(study("first", []), replace(study("second", [None]), ended=False))


def carried() -> Comparison:
    return comparison(study("older", [0.9, 0.92, 0.95]), study("wider", [0.9, 0.92, 0.95, 0.93, 0.965], carried=3))


def apart() -> Comparison:
    other = {**BASIS, "training images": "400", "how trials are scored": "in 5 folds"}
    return comparison(study("a", [0.9, 0.95]), study("b", [0.93, 0.94]), replace(study("c", [0.8, 0.85]), basis=other))


def hostile() -> Comparison:
    nasty = [
        replace(
            with_test(study(name, [0.9, 0.95], carried=1), 1),
            dataset=name,
            engine=name,
            basis={name: name},
            settings={name: name},
            command=name,
        )
        for name in HOSTILE
    ]
    return comparison(
        *(replace(each, trials=tuple(replace(t, carried=each.name) for t in each.trials)) for each in nasty)
    )
