"""scikit-learn's `cv_results_` of a cross-validated search: its columns, under its names, by its definitions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from reports.report import Candidate, CrossValidation

Numbers: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row. NaN where a fold or a mean has no number."""

    candidate: Candidate
    rank: int
    """`rank_test_score`, over all rounds: 1 is best, equals share the best of their ranks, rows without a mean come
    last."""
    mean: float
    std: float
    """`mean_test_score` and `std_test_score`: that of the population, n in the denominator."""
    mean_fit_time: float
    std_fit_time: float
    mean_score_time: float
    std_score_time: float
    """In seconds."""


def results(cross_validation: CrossValidation) -> tuple[Result, ...]:
    """Rows in the order of the candidates. Source: scikit-learn 1.9, BaseSearchCV._format_results."""
    candidates = cross_validation.candidates
    if not candidates:
        return ()
    scores = _mean_and_std([each.accuracies for each in candidates])
    fits = _mean_and_std([each.fit_seconds for each in candidates])
    scorings = _mean_and_std([each.score_seconds for each in candidates])
    rows = zip(candidates, _ranks(scores[0]), *scores, *fits, *scorings, strict=True)
    return tuple(
        Result(
            candidate=candidate,
            rank=int(rank),
            mean=float(mean),
            std=float(std),
            mean_fit_time=float(fit),
            std_fit_time=float(fit_std),
            mean_score_time=float(scoring),
            std_score_time=float(scoring_std),
        )
        for candidate, rank, mean, std, fit, fit_std, scoring, scoring_std in rows
    )


def last_round(cross_validation: CrossValidation) -> tuple[Result, ...]:
    """Of the round with the most images, the best first, without those that have no mean: the winner is one of them."""
    rows = [row for row in results(cross_validation) if math.isfinite(row.mean)]
    most = max((row.candidate.samples or math.inf for row in rows), default=0)
    last = [row for row in rows if (row.candidate.samples or math.inf) >= most]
    return tuple(sorted(last, key=lambda row: (row.rank, row.candidate.trial)))


def columns(result: Result) -> Mapping[str, float | int | str | bool | None]:
    """The row by scikit-learn's names; None for NaN."""
    candidate = result.candidate
    rounds = {} if candidate.iteration is None else {"iter": candidate.iteration, "n_resources": candidate.samples}
    row = {
        **rounds,
        "mean_fit_time": result.mean_fit_time,
        "std_fit_time": result.std_fit_time,
        "mean_score_time": result.mean_score_time,
        "std_score_time": result.std_score_time,
        **{f"param_{name}": value for name, value in candidate.values.items()},
        **{f"split{fold}_test_score": score for fold, score in enumerate(candidate.accuracies)},
        "mean_test_score": result.mean,
        "std_test_score": result.std,
        "rank_test_score": result.rank,
    }
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _mean_and_std(rows: list[tuple[float, ...]]) -> tuple[Numbers, Numbers]:
    table = np.array(rows, dtype=np.float64)
    means = np.average(table, axis=1)
    return means, np.sqrt(np.average((table - means[:, np.newaxis]) ** 2, axis=1))


def _ranks(means: Numbers) -> NDArray[np.integer]:
    from scipy.stats import rankdata

    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int64)
    known = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    return np.asarray(rankdata(-known, method="min"), dtype=np.int64)
