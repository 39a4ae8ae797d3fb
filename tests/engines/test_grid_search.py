"""The order, the rounds and the end of grid-search-cv, held against scikit-learn's searches with the same scores."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.driving import LABELS, Driver, driver, made_up, plan_for
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV, StratifiedKFold

from search_spaces import SearchSpace
from tuner.distributions import new_row
from tuner.engines import Exhausted, Idle, Proposal, Setting
from tuner.engines.grid_search import engine as module
from tuner.engines.grid_search.engine import GridSearchEngine
from tuner.engines.grid_search.grids import PREFIX, grid
from tuner.plan import Plan
from tuner.proposing import Trainable
from tuner.study import attributes
from tuner.trial import Fold, Reason, Trial, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

SPACE = """
name: finite
layers: [flatten, {dense: {units: {choice: [8, 16, 24]}}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.9], step: 0.3}}}]}
  batch_size: {choice: [16, 32]}
  epochs: 9
"""
"""30 configurations: 3 sizes and 2 batches, each with adam, and with sgd and 4 momenta."""

N_DRAWN = 12


def search(path: Path, algorithm: str, text: str = SPACE, n_trials: int = N_DRAWN) -> Driver:
    return driver(path, "grid-search-cv", algorithm, text=text, n_trials=n_trials)


def folds() -> StratifiedKFold:
    return StratifiedKFold(3, shuffle=True, random_state=0)


FOLD_OF = {int(row): fold for fold, (_, test) in enumerate(folds().split(LABELS, LABELS)) for row in test}


class MadeUp(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scores by values and fold, as the driver does, and fails where a trial failed."""

    broken: Sequence[dict[str, Any]] = ()

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get_params(self, **_: Any) -> dict[str, Any]:
        return {}

    def set_params(self, **values: Any) -> MadeUp:
        self.values = {name.removeprefix(PREFIX): value for name, value in values.items()}
        return self

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> MadeUp:  # noqa: N803 - scikit-learn's name
        if self.values in self.broken:
            raise ArithmeticError
        return self

    def score(self, X: NDArray[Any], y: NDArray[Any]) -> float:  # noqa: N803
        return made_up(self.values) - 0.01 * FOLD_OF[int(X[0])]


def plain(algorithm: str, broken: Sequence[dict[str, Any]] = ()) -> Any:
    """scikit-learn's own search over the same space and images, fitted."""
    products = grid(SearchSpace.parse(SPACE, "space.yaml"))
    MadeUp.broken = broken
    made = {
        "grid": lambda: GridSearchCV(MadeUp(), products, cv=folds(), refit=False),
        "random": lambda: RandomizedSearchCV(
            MadeUp(), products, n_iter=N_DRAWN, random_state=0, cv=folds(), refit=False
        ),
        "halving": lambda: HalvingGridSearchCV(MadeUp(), products, random_state=0, cv=folds(), refit=False),
    }[algorithm]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the fits that fail
        return made.fit(np.arange(len(LABELS)), LABELS)


def asked_for(search: Any) -> list[tuple[dict[str, Any], int | None, int | None]]:
    """Values, iteration and samples of each candidate, in scikit-learn's order."""
    results = search.cv_results_
    values = [{name.removeprefix(PREFIX): value for name, value in each.items()} for each in results["params"]]
    none = [None] * len(values)
    return list(zip(values, results.get("iter", none), results.get("n_resources", none), strict=True))


def asked_by(trials: list[Trial]) -> list[tuple[dict[str, Any], int | None, int | None]]:
    return [(dict(trial.values), trial.engine.get("iter"), trial.stage.samples) for trial in trials]


@pytest.mark.parametrize("algorithm", ["grid", "random", "halving"])
def test_candidates_come_in_the_order_of_scikit_learns_own_search(tmp_path: Path, algorithm: str) -> None:
    ours, theirs = search(tmp_path / "s", algorithm), plain(algorithm)
    assert "scored" in ours.run(100)
    assert asked_by(ours.trials) == asked_for(theirs)
    assert len(ours.trials) == {"grid": 30, "random": 12, "halving": 30 + 10 + 4}[algorithm]
    assert [[fold.accuracy for fold in trial.folds] for trial in ours.trials] == [
        list(row) for row in zip(*(theirs.cv_results_[f"split{fold}_test_score"] for fold in range(3)), strict=True)
    ]


@pytest.mark.parametrize("algorithm", ["grid", "random", "halving"])
def test_a_candidate_that_failed_is_without_a_score_and_the_search_goes_on(tmp_path: Path, algorithm: str) -> None:
    ours = search(tmp_path / "s", algorithm)
    reason = ours.run(100, failing={0: "crash", 3: "nan", 7: "out_of_memory"})
    broken = [dict(ours.trials[number].values) for number in (0, 3, 7)]
    assert asked_by(ours.trials) == asked_for(plain(algorithm, broken))
    assert reason.endswith("3 without success")


def test_the_end_says_what_was_scored(tmp_path: Path) -> None:
    said = {algorithm: search(tmp_path / algorithm, algorithm).run(100) for algorithm in ("grid", "random", "halving")}
    assert said == {
        "grid": "all 30 configurations of the grid are scored",
        "random": "all 12 drawn configurations are scored",
        "halving": "all 30 configurations of the grid are scored, the best of them in 3 rounds of halving",
    }


def test_trials_that_run_are_not_proposed_again_and_a_round_waits_for_all_of_its_trials(tmp_path: Path) -> None:
    study = search(tmp_path / "s", "halving")
    study.run(27)
    last = [study.begin() for _ in range(3)]
    assert all(isinstance(each, Trainable) for each in last)
    assert isinstance(study.begin(), Idle)
    study.end(last[2])  # type: ignore[arg-type]
    study.end(last[0])  # type: ignore[arg-type]
    assert isinstance(study.begin(), Idle)
    study.end(last[1])  # type: ignore[arg-type]
    following = study.begin()
    assert isinstance(following, Trainable)
    assert study.trials[30].engine == {"iter": 1}
    assert len({str(trial.values) for trial in study.trials[:30]}) == 30


def test_halving_cut_off_anywhere_goes_through_the_same_rounds(tmp_path: Path) -> None:
    text = SPACE.replace("training:", "forbid: [dense.units == 24, training.batch_size == 32]\ntraining:")
    undisturbed = search(tmp_path / "u", "halving", text)
    undisturbed.run(100)
    resumed = search(tmp_path / "r", "halving", text)
    while not isinstance(resumed.begin(), Exhausted):
        resumed.restart()  # the trial that runs waits again, and goes on under its own number
        following = resumed.begin()
        assert isinstance(following, Trainable)
        resumed.end(following)
        resumed.restart()
    assert asked_by(resumed.trials) == asked_by(undisturbed.trials)
    assert [trial.engine["iter"] for trial in resumed.trials] == 10 * [0] + 4 * [1] + 2 * [2]


def test_more_trials_asked_for_keep_what_is_scored_and_fill_up_from_the_larger_draw(tmp_path: Path) -> None:
    first = search(tmp_path / "s", "random", n_trials=5)
    assert first.run(100) == "all 5 drawn configurations are scored"
    more = Driver(first.folder, "grid-search-cv", "random", SPACE, n_trials=N_DRAWN)
    more.run(N_DRAWN - 5)
    drawn = [values for values, *_ in asked_for(plain("random"))]
    before, after = first.values[:5], more.values[5:]
    assert more.values[:5] == before
    assert after == [values for values in drawn if values not in before][: N_DRAWN - 5]


def test_a_users_own_guess_is_scored_first_and_counts_as_the_candidate_that_it_is(tmp_path: Path) -> None:
    study = search(tmp_path / "s", "grid")
    guess = study.space.check_values({"dense.units": 24, "training.batch_size": 32})
    study.study.optuna.add_trial(new_row(study.space, guess, attributes(enqueued=True), waiting=True))
    assert study.run(100) == "all 30 configurations of the grid are scored"
    assert len(study.trials) == 30
    assert study.trials[0].enqueued
    assert dict(study.trials[0].values) == guess.values
    assert guess.values not in study.values[1:]


def test_of_equal_configurations_one_is_trained_and_both_are_scored(tmp_path: Path) -> None:
    text = SPACE.replace("units: {choice: [8, 16, 24]}", "units: $width // 2").replace(
        "layers:", "variables: {width: {choice: [16, 17, 32]}}\nlayers:"
    )
    study = search(tmp_path / "s", "halving", text)
    study.run(100)
    twin = next(trial for trial in study.trials if trial.values["variables.width"] == 17)
    first = study.trials[twin.repeats or 0]
    assert (twin.state, twin.reason, first.values["variables.width"]) == (TrialState.TURNED_DOWN, Reason.REPEAT, 16)
    assert {trial.engine["iter"] for trial in study.trials} == {0, 1, 2}


def test_candidates_over_the_limits_are_passed_over_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.proposing.MAX_TURNED_DOWN", 5)
    study = search(tmp_path / "s", "grid", SPACE.replace("[8, 16, 24]", "[24, 16, 8]") + "limits: {parameters: 600}\n")
    assert study.run(100) == "all 30 configurations of the grid are scored, 20 without success"
    assert {trial.values["dense.units"] for trial in study.trained} == {8}


class Remembered:
    """A history of a thousand trials, without a database."""

    def __init__(self, trials: list[Trial]) -> None:
        self.kept = trials
        self.optuna: Any = None

    def trials(self) -> list[Trial]:
        return self.kept


def test_the_last_of_a_thousand_proposals_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SPACE.replace("choice: [8, 16, 24]", "int: [1, 100]")
    space = SearchSpace.parse(text, "space.yaml")
    setting = Setting(space=space, plan=plan(space, "halving", folds=3), n_trials=2000, labels=LABELS)
    engine, history = GridSearchEngine(setting), Remembered([])
    runs: list[int] = []
    rounds = module.rounds
    monkeypatch.setattr(module, "rounds", lambda *words: runs.append(1) or rounds(*words))
    spent = 0.0
    for number in range(1000):
        began = time.process_time()
        answer = engine.propose(history)  # type: ignore[arg-type]
        spent = time.process_time() - began
        assert isinstance(answer, Proposal)
        scored = tuple(Fold(fold=fold, accuracy=number / 1000) for fold in range(3))
        history.kept.append(
            Trial(
                number=number,
                state=TrialState.COMPLETE,
                values=answer.configuration.values,
                stage=answer.stage,
                folds=scored,
            )
        )
    assert len(runs) == 1
    assert spent < 0.1
    following = engine.propose(history)  # type: ignore[arg-type]
    assert isinstance(following, Proposal)
    assert following.notes == {"iter": 1}
    assert len(runs) == 2


def plan(space: SearchSpace, algorithm: str = "grid", folds: int = 5) -> Plan:
    return plan_for(space, "grid-search-cv", algorithm, folds=folds)
