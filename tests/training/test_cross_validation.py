"""Candidates and folds trained by the worker's own code give what one plain fit of scikit-learn's searches gives."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV

import tuner.data
from search_spaces import Changes, SearchSpace
from tuner.bridges import classifier_and_grid
from tuner.data import ImageData
from tuner.engines import Setting, make_engine
from tuner.engines.grid_search.grids import PREFIX
from tuner.jobs import TrainingJobs
from tuner.messages import CrossValidate, Failed, FromWorker, Job
from tuner.opening import Request, open_study, plan_of
from tuner.plan import Budget
from tuner.search import Search
from tuner.slots import Slot
from tuner.study import study_folder
from tuner.training import fit
from tuner.training.cross_validation import cross_validate
from tuner.trial import WHOLE, Fold, Trial, winner
from tuner.worker import _run

DROPOUTS = Changes(
    set={"training.epochs": 4, "training.batch_size": 16},
    fix={"training.optimizer": "adam", "variables.hidden_units": 64},
)
SPACE = SearchSpace.load("mlp_grid", DROPOUTS)
"""Three candidates: dropout 0.0, 0.2 or 0.4."""

SEED, FOLDS, IMAGES = 3, 2, 240


class InProcess:
    """An executor that runs each job here and now, by the worker's own code."""

    def __init__(self) -> None:
        self.messages: deque[FromWorker] = deque()
        self.send = self.messages.append

    @property
    def slots(self) -> dict[str, Slot]:
        return {"CPU": Slot(name="CPU")}

    def room(self, slot: str) -> int | None:
        return None

    def free(self) -> list[str]:
        return ["CPU"]

    def clear(self, slot: str) -> None:
        raise AssertionError

    def submit(self, slot: str, job: Job, *, alone: bool = False) -> None:
        self.send(_run(job, self, lambda: False))  # type: ignore[arg-type]

    def next(self, timeout: float) -> FromWorker | None:
        return self.messages.popleft() if self.messages else None

    def stop(self, job: int) -> None:
        raise AssertionError

    def kill(self, job: int) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError


class Case:
    """A study of digits, and scikit-learn's own search over the same images."""

    def __init__(self, algorithm: str) -> None:
        self.digits: ImageData = tuner.data.find("digits")
        asked = Request(
            dataset="digits",
            space=SPACE,
            folder=study_folder("s"),
            budget=Budget(trials=100),
            command="",
            seed=SEED,
            limit=IMAGES,
            engine="grid-search-cv",
            algorithm=algorithm,
            folds=FOLDS,
        )
        asked.folder.path.mkdir(parents=True)
        self.plan = plan_of(asked, self.digits)
        self.study = open_study(asked, self.plan, self.digits)
        self.jobs = TrainingJobs(folder=asked.folder, plan=self.plan, data=self.digits, space=SPACE)
        rows = tuner.data.load_split(asked.folder.split, self.digits.fingerprint).rows
        images, labels = self.digits.train()
        self.images, self.labels = images[rows], labels[rows]

    def searched(self) -> list[Trial]:
        setting = Setting(space=SPACE, plan=self.plan, n_trials=100, labels=self.labels)
        Search(
            study=self.study,
            space=SPACE,
            engine=make_engine(setting),
            executor=InProcess(),
            jobs=self.jobs,
            budget=Budget(trials=100),
            observe=lambda _: None,
        ).run()
        return self.study.trials()

    def plain(self, kind: type, points: Any = None, epochs: int | None = None, **arguments: Any) -> Any:
        """Fitted with the classifier and the grid that anybody may have, and with folds that anybody would cut."""
        classifier, grid = classifier_and_grid(SPACE, (8, 8, 1), 10)
        classifier.set_params(random_state=SEED, epochs=epochs)
        cv = tuner.data.splitter(FOLDS, SEED)
        return kind(classifier, points or grid, cv=cv, refit=False, **arguments).fit(self.images, self.labels)


def of_sklearn(search: Any) -> list[tuple[dict[str, Any], list[float]]]:
    """Values and scores by fold of each candidate, in order."""
    folds = [search.cv_results_[f"split{fold}_test_score"] for fold in range(FOLDS)]
    points = search.cv_results_["params"]
    values = [{name.removeprefix(PREFIX): value for name, value in each.items()} for each in points]
    return list(zip(values, np.stack(folds, axis=1).tolist(), strict=True))


def of_ours(trials: list[Trial]) -> list[tuple[dict[str, Any], list[float]]]:
    return [(dict(trial.values), [fold.accuracy for fold in trial.folds]) for trial in trials]


@pytest.mark.usefixtures("home")
def test_the_grid_has_the_scores_and_the_winner_of_one_plain_grid_search() -> None:
    case = Case("grid")
    trials, search = case.searched(), case.plain(GridSearchCV)
    best = winner(trials)
    assert of_ours(trials) == of_sklearn(search)
    assert len({trial.score for trial in trials}) == 3
    assert best is not None
    assert best.score == search.best_score_
    assert dict(best.values) == of_sklearn(search)[search.best_index_][0]
    for trial in trials:  # each fold builds and traces a network of its own, and is scored outside of Keras's fit
        (stay,) = trial.stays
        assert {"building", "tracing", "training", "validating"} <= set(stay.phases)


@pytest.mark.usefixtures("home")
def test_halving_has_the_rounds_the_scores_and_the_winner_of_one_plain_halving_search() -> None:
    case = Case("halving")
    trials, search = case.searched(), case.plain(HalvingGridSearchCV, random_state=SEED)
    best = winner(trials)
    assert of_ours(trials) == of_sklearn(search)
    assert [trial.engine["iter"] for trial in trials] == list(search.cv_results_["iter"]) == [0, 0, 0, 1]
    assert [trial.stage.samples for trial in trials] == list(search.cv_results_["n_resources"]) == [80, 80, 80, 240]
    assert best is not None
    assert best.score == search.best_score_
    assert best.number == search.best_index_


@pytest.mark.usefixtures("home")
def test_a_fold_that_was_cut_off_goes_on_from_its_last_epoch() -> None:
    case = Case("grid")
    values = {"variables.dropout_rate": 0.4}
    job = replace(case.jobs.cross_validate(0, SPACE.check_values(values), WHOLE, 0), epochs=3)
    batches: list[int] = []
    folds: list[Fold] = []

    def third_epoch() -> bool:
        batches.append(1)
        return len(batches) == 3

    with pytest.raises(fit.Stopped):
        cross_validate(job, folds.append, third_epoch)
    assert folds == []
    cross_validate(job, folds.append, third_epoch)
    assert len(batches) == 3 + 1 + 3  # one call an epoch: the rest of the first fold, and the second
    cross_validate(replace(job, skip=1), folds.append, lambda: False)
    points = {f"{PREFIX}{name}": [value] for name, value in values.items()}
    ((_, scores),) = of_sklearn(case.plain(GridSearchCV, points, epochs=3))
    assert [(fold.fold, fold.accuracy) for fold in folds] == [(0, scores[0]), (1, scores[1]), (1, scores[1])]


@pytest.mark.usefixtures("home")
def test_what_goes_wrong_in_a_fold_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def runs_away(*_: object, **__: object) -> None:
        raise fit.NotFinite("the loss was no longer finite in epoch 1.")

    monkeypatch.setattr("tuner.training.classifier.train", runs_away)
    case = Case("grid")
    job = case.jobs.cross_validate(7, SPACE.default(), WHOLE, 0)
    ending = _run(job, InProcess(), lambda: False)  # type: ignore[arg-type]
    assert isinstance(job, CrossValidate)
    assert isinstance(ending, Failed)
    assert (ending.job, ending.reason, ending.detail) == (7, "nan", "the loss was no longer finite in epoch 1.")
