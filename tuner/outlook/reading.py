"""The outlook of a study as it stands on the disk, at any time, also while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import SearchSpace
from tuner.outlook.ahead import Circumstances, Outlook, look_ahead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuner.study import StudyView


def outlook_of(study: StudyView, *, more: int) -> Outlook:
    """What `more` finished trials may bring to the study, and what they will cost."""
    size = SearchSpace.parse(study.space_text, f"{study.plan.space}.yaml").size()
    circumstances = Circumstances(
        plan=study.plan,
        n_images=_scored_images(study),
        configurations=size.configurations,
        finite=size.finite,
        ended=_ended(study),
    )
    return look_ahead(study.trials(), circumstances, more=more)


def _scored_images(study: StudyView) -> int:
    counts: Mapping[str, Sequence[int]] = study.fact("data")["counts"]
    n_validation = sum(counts["validation"])
    return n_validation if study.plan.folds is None else n_validation + sum(counts["train"])


def _ended(study: StudyView) -> str:
    """What the engine said when it had nothing more to propose; '' where the last run ended otherwise, or goes on."""
    run = study.fact("run", {})
    return str(run["stopped_by"]) if run.get("exhausted") else ""
