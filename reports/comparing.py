"""A comparison's files and its JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reports.best_so_far import best, best_score, reached, steps, target
from reports.comparability import barriers, comparable, differences
from reports.json_file import plain
from reports.page_files import page_files
from reports.paired import adjusted
from reports.sections.comparison import page_of

if TYPE_CHECKING:
    from reports.comparison import ComparedStudy, Comparison

SCHEMA = 1
"""Raised when a field is removed or changes its meaning; a new field does not raise it."""


def document(comparison: Comparison) -> dict[str, Any]:
    """Fields are those of `comparison.py`, with what follows from them. Scores are shares, times seconds."""
    score = target(comparison)
    return {
        "schema": SCHEMA,
        "made": comparison.made,
        "command": comparison.command,
        "comparable": comparable(comparison),
        "barriers": plain(barriers(comparison)),
        "differences": plain(differences(comparison)),
        "common_score": score,
        "paired_tests": [
            {
                **plain(pair),
                "difference": pair.difference,
                "interval": list(pair.interval),
                "p": pair.p,
                "p_adjusted": p,
            }
            for pair, p in zip(comparison.paired, adjusted(comparison.paired), strict=True)
        ],
        "studies": [_study(study, score) for study in comparison.studies],
    }


def _study(study: ComparedStudy, score: float | None) -> dict[str, Any]:
    first = best(study)
    return {
        **plain(study),
        "best": plain(first) and {**plain(first), "interval": plain(best_score(study))},
        "best_so_far": plain(steps(study)),
        "common_score_reached": None if score is None else plain(reached(study, score)),
    }


def comparison_files(comparison: Comparison) -> dict[str, bytes]:
    """All formats, by path relative to the comparison's folder."""
    text = json.dumps(document(comparison), indent=1, allow_nan=False) + "\n"
    return {**page_files(page_of(comparison)), "comparison.json": text.encode()}
