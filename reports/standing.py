"""Who leads, and whether the numbers carry it. The only module that ranks trials and computes intervals."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, get_args

from reports.report import Proportion, Report, TrialRow, TrialState, Value

if TYPE_CHECKING:
    from reports.confirmed import ConfirmedTrial


def wilson(value: float, n: int) -> Proportion:
    """The share with its 95 % score interval. Source: Wilson 1927, J. Am. Stat. Assoc. 22, 209-212."""
    if n < 1:
        return Proportion(value=value, low=0.0, high=1.0, n=0)
    from scipy.stats import binomtest

    interval = binomtest(round(value * n), n).proportion_ci(confidence_level=0.95, method="wilson")
    return Proportion(value=value, low=float(interval.low), high=float(interval.high), n=n)


def overlap(a: Proportion, b: Proportion) -> bool:
    return a.low <= b.high and b.low <= a.high


def ranking(report: Report) -> tuple[TrialRow, ...]:
    """Complete trials, best first; of equal ones the cheaper by the other objectives, then the earlier. Those that were
    scored on more images come before all that were scored on fewer: successive halving compares within a round.
    """
    done = [trial for trial in report.trials if trial.state == "complete" and _score(trial) > -math.inf]
    costs = [objective.name for objective in report.objectives[1:]]

    def standing(trial: TrialRow) -> tuple[float, ...]:
        cost = (trial.measures.get(name, math.inf) for name in costs)
        return (-(trial.scored_on or 0), -_score(trial), *cost, trial.number)

    return tuple(sorted(done, key=standing))


def _score(trial: TrialRow) -> float:
    score = trial.score
    return score if score is not None and math.isfinite(score) else -math.inf


def leader(report: Report) -> TrialRow | None:
    """The trial that won, or leads so far."""
    if report.model is not None:
        return next((trial for trial in report.trials if trial.number == report.model.trial), None)
    return next(iter(ranking(report)), None)


def winner_again(report: Report) -> ConfirmedTrial | None:
    """How the retrained winner fared under fresh seeds; None where it was not trained again."""
    if report.confirmation is None or report.model is None:
        return None
    return report.confirmation.of(report.model.trial)


def validation_images(report: Report) -> int:
    if report.evaluation is not None:
        return report.evaluation.validation.n
    return sum(report.data.counts.get("validation", ()))


def score_of(report: Report, trial: TrialRow) -> Proportion:
    """The trial's validation accuracy with its interval."""
    return wilson(max(_score(trial), 0.0), _images(report, trial))


def _images(report: Report, trial: TrialRow) -> int:
    return validation_images(report) if trial.scored_on is None else trial.scored_on


def rivals(report: Report) -> tuple[TrialRow, ...]:
    """Complete trials other than the leader whose interval overlaps the leader's: the search cannot tell them apart."""
    first = leader(report)
    if first is None or _images(report, first) < 1:
        return ()
    best, alike = score_of(report, first), [t for t in ranking(report) if t.scored_on == first.scored_on]
    return tuple(t for t in alike if t.number != first.number and overlap(best, score_of(report, t)))


def states(report: Report) -> dict[TrialState, int]:
    """Trials by state, in the order of a trial's life's ends; states without a trial left out."""
    counted = Counter(trial.state for trial in report.trials)
    return {state: counted[state] for state in get_args(TrialState) if counted[state]}


def telling_parameters(report: Report) -> tuple[str, ...]:
    """Parameters that took several values, the important first, then in file order."""
    seen: dict[str, set[Value]] = {}
    for trial in report.trials:
        for name, value in trial.values.items():
            seen.setdefault(name, set()).add(value)
    varying = [name for name, values in seen.items() if len(values) > 1]
    return tuple(sorted(varying, key=lambda name: -report.importance.shares.get(name, 0.0)))
