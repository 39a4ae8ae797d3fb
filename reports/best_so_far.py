"""When a study had found how much. The only module that says which of several studies was there first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.comparability import comparable
from reports.standing import wilson

if TYPE_CHECKING:
    from reports.comparison import ComparedStudy, Comparison, EndedTrial
    from reports.report import Proportion


@dataclass(frozen=True, kw_only=True)
class Step:
    """A trial that was better than all before it, when it ended."""

    number: int
    finished: int
    """Trials that the study itself had finished by then, this one included; 0 for one that it took over."""
    after: float | None
    """Seconds of search time by then; None where that is not known."""
    score: float


def steps(study: ComparedStudy) -> tuple[Step, ...]:
    """Ever better ones, among the trials that may be the best. Of those carried over only the best is one."""
    found: list[Step] = []
    finished = 0
    for trial in study.trials:
        finished += not trial.carried
        if trial.eligible and trial.score is not None and (not found or trial.score > found[-1].score):
            after = 0.0 if trial.carried else trial.after
            step = Step(number=trial.number, finished=finished, after=after, score=trial.score)
            found = [step] if trial.carried else [*found, step]
    return tuple(found)


def n_own(study: ComparedStudy) -> int:
    """Trials that it finished itself."""
    return sum(not trial.carried for trial in study.trials)


def best(study: ComparedStudy) -> EndedTrial | None:
    """The trial in the lead; of equals the one that ended first."""
    rises = steps(study)
    return next((trial for trial in study.trials if rises and trial.number == rises[-1].number), None)


def best_score(study: ComparedStudy) -> Proportion | None:
    """The best score with its interval."""
    rises = steps(study)
    return wilson(rises[-1].score, study.n_scored_on) if rises else None


def scored(comparison: Comparison) -> tuple[ComparedStudy, ...]:
    """Studies that have a score."""
    return tuple(study for study in comparison.studies if steps(study))


def target(comparison: Comparison) -> float | None:
    """The score that all studies with a score have reached: the best of the worst of them. None where there are fewer
    than two, or their scores do not compare.
    """
    found = [steps(study)[-1].score for study in scored(comparison)]
    return min(found) if len(found) > 1 and comparable(comparison) else None


def reached(study: ComparedStudy, score: float) -> Step | None:
    """The first trial that was as good as that."""
    return next((step for step in steps(study) if step.score >= score), None)
