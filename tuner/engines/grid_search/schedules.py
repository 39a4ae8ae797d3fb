"""scikit-learn's own schedules: which candidates are scored on how many samples, and who goes on.

Its searches run as they are but for one thing: what they would fit is looked up. The hook for that is `_run_search`,
which scikit-learn documents for searches of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - brings the next line's HalvingGridSearchCV
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
    StratifiedKFold,
)

from tuner.engines.grid_search.grids import PREFIX
from tuner.trial import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search_spaces import Value
    from tuner.engines import Setting

Key = tuple[frozenset[tuple[str, "Value"]], int | None]
"""Values and samples: what a candidate is known by in a study."""


def key_of(values: Mapping[str, Value], samples: int | None) -> Key:
    return frozenset((name, plain(value)) for name, value in values.items()), samples


@dataclass(frozen=True, kw_only=True)
class Round:
    """Candidates that are scored alike, before anybody can say what comes next."""

    candidates: Sequence[Mapping[str, Value]]
    """Values by parameter name, in scikit-learn's order."""
    iteration: int | None = None
    """Of successive halving, from 0; None where there is but one round."""
    samples: int | None = None
    """Images that the folds are cut from; None is all of them."""

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """Of the candidates."""
        return tuple(key_of(values, self.samples) for values in self.candidates)


Scores = Callable[[Round], "NDArray[np.float64] | None"]
"""(candidates, folds) accuracies, NaN where there are none to be had; None while some are still to come."""


def rounds(setting: Setting, products: list[dict[str, list[Value]]], scores: Scores) -> tuple[list[Round], bool]:
    """The rounds that can be told from the scores so far, and whether the last of them is scored and ends the search.

    `products` are the space's, as `grids.grid` makes them.
    """
    search = _search(setting, products)
    search.scores, search.rounds = scores, []
    try:
        search.fit(np.arange(len(setting.labels)), setting.labels)
    except _Unscored:
        return search.rounds, False
    except _Finished:
        return search.rounds, True
    raise AssertionError  # a search ends with one of them


def _search(setting: Setting, products: list[dict[str, list[Value]]]) -> _Grid | _Random | _Halving:
    seed = setting.plan.seed
    # Neither cuts nor fits anything here. Halving asks for at least so many samples of each class in each fold.
    cv = StratifiedKFold(setting.plan.folds, shuffle=True, random_state=seed)
    match setting.plan.algorithm:
        case "grid":
            return _Grid(DummyClassifier(), products, cv=cv)
        case "random":
            n = min(setting.n_trials, len(ParameterGrid(products)))
            return _Random(DummyClassifier(), products, n_iter=n, cv=cv, random_state=seed)
        case "halving":
            return _Halving(DummyClassifier(), products, cv=cv, random_state=seed)
    raise AssertionError(setting.plan.algorithm)


class _Unscored(Exception):
    """The search has come to candidates whose scores are still to come."""


class _Finished(Exception):
    """The search has nothing left to ask for. scikit-learn would go on to the results of its own fits."""


class _LookedUp:
    """Mixed into one of scikit-learn's searches: each round is noted, and its scores are looked up."""

    scores: Scores
    rounds: list[Round]

    def _run_search(self, _theirs: Any, *, callback_ctx: Any = None) -> None:
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}  # new in scikit-learn 1.9
        super()._run_search(self._evaluate, **context)  # type: ignore[misc]
        raise _Finished

    def _evaluate(
        self,
        candidate_params: Iterable[Mapping[str, Value]],
        cv: object = None,
        more_results: Mapping[str, Sequence[int]] | None = None,
        **_: object,
    ) -> Mapping[str, Any]:
        """What halving reads of the results that scikit-learn's own function returns: those of this round."""
        params, more = list(candidate_params), more_results or {}
        following = Round(
            candidates=[{name.removeprefix(PREFIX): value for name, value in each.items()} for each in params],
            iteration=int(more["iter"][0]) if more else None,
            samples=int(more["n_resources"][0]) if more else None,
        )
        self.rounds.append(following)
        scores = self.scores(following)
        if scores is None:
            raise _Unscored
        return {"params": params, "mean_test_score": np.average(scores, axis=1), **more}


class _Grid(_LookedUp, GridSearchCV):  # type: ignore[misc]
    pass


class _Random(_LookedUp, RandomizedSearchCV):  # type: ignore[misc]
    pass


class _Halving(_LookedUp, HalvingGridSearchCV):  # type: ignore[misc]
    pass
