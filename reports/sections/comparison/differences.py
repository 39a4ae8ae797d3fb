"""In what the studies differ: in what keeps their scores apart, and in what one compares them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.comparability import Difference, barriers, common, differences
from reports.page import Block, Column, Facts, Prose, Section, Table
from reports.sections.comparison.words import called

if TYPE_CHECKING:
    from reports.comparison import Comparison


def section(comparison: Comparison) -> Section:
    apart, other = barriers(comparison), differences(comparison)
    blocks: list[Block] = []
    if apart:
        blocks.append(Prose(text="These differences keep their scores from being compared."))
        blocks.append(_table("What keeps scores apart", comparison, apart))
    else:
        blocks.append(Prose(text="Their scores compare: all were scored on the same data and by the same rule."))
    if other:
        blocks.append(_table("What else differs", comparison, other))
    else:
        blocks.append(Prose(text="Nothing else that is recorded of them differs."))
    if shared := common(comparison):
        blocks.append(Facts(title="What they have in common", items=tuple(shared.items())))
    return Section(anchor="differences", title="What differs between them", blocks=tuple(blocks))


def _table(title: str, comparison: Comparison, rows: tuple[Difference, ...]) -> Table:
    return Table(
        title=title,
        named_rows=True,
        columns=(Column(title=""), *(Column(title=called(study)) for study in comparison.studies)),
        rows=tuple((row.what, *row.values) for row in rows),
    )
