"""The sections of a comparison. To add one: write its file, add its line to SECTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Page, Section
from reports.sections.comparison import answer, belief, differences, paired, progress, reproduce, side_by_side
from reports.sections.comparison.words import called

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.comparison import Comparison

SECTIONS: tuple[Callable[[Comparison], Section], ...] = (
    answer.section,
    progress.section,
    side_by_side.section,
    paired.section,
    differences.section,
    belief.section,
    reproduce.section,
)
"""In the order of the page. Each says plainly what is not there yet: none is ever left out."""

_SHORT = 60
"""Characters of a title that names all studies."""


def page_of(comparison: Comparison) -> Page:
    names = text.listed([called(study) for study in comparison.studies])
    n = len(comparison.studies)
    return Page(
        kind="comparison",
        title=names if len(names) <= _SHORT else f"{n} studies",
        subtitle=f"{'' if len(names) <= _SHORT else f'{names}, '}on {text.listed(_datasets(comparison))}",
        made=f"Comparison of {n} studies, {text.moment(comparison.made)}",
        notice=" ".join(filter(None, (answer.barrier(comparison), answer.unfinished(comparison)))),
        sections=tuple(section(comparison) for section in SECTIONS),
    )


def _datasets(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(study.dataset for study in comparison.studies))
