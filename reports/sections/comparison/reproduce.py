"""The commands that make the studies and this page again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.page import Block, Listing, Section
from reports.sections.comparison.words import called

if TYPE_CHECKING:
    from reports.comparison import Comparison


def section(comparison: Comparison) -> Section:
    blocks: list[Block] = [
        Listing(title=called(study), text=study.command, language="sh") for study in comparison.studies if study.command
    ]
    blocks.append(Listing(title="This page", text=comparison.command, language="sh"))
    return Section(anchor="reproduce", title="How to reproduce it", blocks=tuple(blocks))
