"""When the test set was opened, and for which trial: a study remembers each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.study import Study

OPENINGS = "test_openings"
"""Under which a study keeps them."""


def is_noted(study: Study, manifest: Mapping[str, Any]) -> bool:
    """Whether the study remembers the opening of which the manifest of a retrained winner tells."""
    own = [each for each in study.fact(OPENINGS, []) if "study" not in each]  # the others are of one that it grew from
    return manifest.get("opened") in [None, *(each.get("opened") for each in own)]


def is_of(study: Study, trial: int) -> bool:
    """Whether the test set was opened for this trial of the study."""
    return any(each.get("trial") == trial for each in study.fact(OPENINGS, []) if "study" not in each)


def note(study: Study, manifest: Mapping[str, Any]) -> None:
    """To a study that can be written to."""
    new = {"opened": manifest["opened"], "trial": manifest["trial"]}
    study.remember(OPENINGS, [*study.fact(OPENINGS, []), new])
