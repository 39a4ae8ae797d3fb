"""The studies side by side: a column each. The terminal shows the same table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from reports import text
from reports.best_so_far import best, best_score, n_own, reached, steps, target
from reports.page import Column, Section, Table
from reports.sections.comparison.words import after, called

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reports.comparison import ComparedStudy, Comparison
    from reports.report import Proportion

Row: TypeAlias = "tuple[str, Callable[[ComparedStudy], str]]"

NOTHING = "-"


def section(comparison: Comparison) -> Section:
    return Section(anchor="table", title="Side by side", blocks=(table(comparison),))


def table(comparison: Comparison) -> Table:
    """Rows of facts; those that would be empty for every study are left out."""
    studies = comparison.studies
    rows = [(name, *(cell(study) for study in studies)) for name, cell in _rows(comparison)]
    return Table(
        title="Results and cost",
        named_rows=True,
        columns=(Column(title=""), *(Column(title=called(study)) for study in studies)),
        rows=tuple(row for row in rows if set(row[1:]) != {NOTHING}),
    )


def _rows(comparison: Comparison) -> Sequence[Row]:
    score = target(comparison)
    return (
        ("engine", lambda study: study.engine),
        ("algorithm", lambda study: study.algorithm),
        ("pruner", lambda study: study.pruner),
        ("trials finished", lambda study: text.count(n_own(study))),
        ("complete, pruned, failed", _states),
        ("carried over", _carried),
        ("best validation score", lambda study: _percent(best_score(study))),
        ("95 % interval", lambda study: _interval(best_score(study))),
        ("found by", _found_by),
        ("found after", lambda study: after(steps(study)[-1]) if steps(study) else NOTHING),
        *([(f"{text.percent(score, 2)} reached after", lambda study: _reached(study, score))] if score else []),
        ("training time in all", lambda study: text.span(_training(study))),
        ("search time", lambda study: text.span(study.seconds)),
        ("parameters of the best", _parameters),
        ("test accuracy", lambda study: _percent(study.test.accuracy if study.test else None)),
        ("95 % interval", lambda study: _interval(study.test.accuracy if study.test else None)),
    )


def _states(study: ComparedStudy) -> str:
    counted = Counter(trial.state for trial in study.trials if not trial.carried)
    return ", ".join(text.count(counted[state]) for state in ("complete", "pruned", "failed"))


def _carried(study: ComparedStudy) -> str:
    """`5 from fashion-mnist`."""
    origins = Counter(trial.carried for trial in study.trials if trial.carried)
    return ", ".join(f"{n} from {text.shorten(origin, 30)}" for origin, n in origins.items()) or NOTHING


def _percent(score: Proportion | None) -> str:
    return NOTHING if score is None else text.percent(score.value, 2)


def _interval(score: Proportion | None) -> str:
    return text.interval(score) if score is not None and score.n else NOTHING


def _found_by(study: ComparedStudy) -> str:
    first = best(study)
    if first is None:
        return NOTHING
    return f"trial {first.number}{', carried over' if first.carried else ''}"


def _reached(study: ComparedStudy, score: float) -> str:
    step = reached(study, score)
    return NOTHING if step is None else after(step)


def _training(study: ComparedStudy) -> float:
    """Of its own trials: what was carried over was paid for elsewhere."""
    return sum(trial.seconds for trial in study.trials if not trial.carried)


def _parameters(study: ComparedStudy) -> str:
    first = best(study)
    return NOTHING if first is None or first.parameters is None else text.count(first.parameters)
