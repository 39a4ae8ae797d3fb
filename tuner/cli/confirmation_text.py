"""How the best trials of a study fared under fresh seeds, as a line and as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tuner.cli.printing import score
from tuner.cli.wording import plural
from tuner.confirmation import confirmation_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.study import StudyView


def confirmation_lines(study: StudyView) -> Iterator[str]:
    """One, or none where nothing was confirmed."""
    found = confirmation_of(study)
    if found is None or not found.candidates:
        return
    done = sum(len(each.repeats) + len(each.failed) for each in found.candidates)
    if not found.is_whole:
        yield f"the best trials are trained again: {done} of {found.repeats * len(found.candidates)} trainings done"
    elif found.confirmed:
        winner = found.winner
        seeds = plural(len(winner.repeats), "fresh seed")
        yield (
            f"confirmed: trial {winner.trial} with {score(winner.mean)} under {seeds}, {score(winner.searched)} in the "
            f"search; of {plural(len(found.candidates), 'trial')} trained again"
        )
    else:
        yield "not confirmed: all attempts to train the best trials again failed"


def confirmation_document(study: StudyView) -> dict[str, Any] | None:
    """None where nothing was confirmed yet, or not all of it."""
    found = confirmation_of(study)
    if found is None or not found.is_whole or not found.confirmed:
        return None
    return {
        "winner": found.winner.trial,
        "mean": found.winner.mean,
        "optimism": found.optimism,
        "deviation": found.deviation,
        "candidates": [asdict(each) for each in found.candidates],
    }
