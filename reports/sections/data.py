"""The data: where it came from and how it was split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Facts, Prose, Section, Table

if TYPE_CHECKING:
    from reports.report import Data, Report


def section(report: Report) -> Section:
    data = report.data
    blocks: list[Block] = [Prose(text=data.note, tone="note")] if data.note else []
    blocks += [
        Facts(title="Data set", items=_facts(data)),
        Facts(title="Fingerprint (SHA-256)", items=(("Images and labels", data.fingerprint),), code=True),
        _counts(data),
    ]
    return Section(anchor="data", title="The data", blocks=tuple(blocks))


def _facts(data: Data) -> tuple[tuple[str, str], ...]:
    height, width, channels = data.image_shape
    return (
        ("Name", data.name),
        ("Found in", data.source),
        ("Images", f"{height} by {width} pixels, {text.plural(channels, 'channel')}"),
        ("Classes", text.count(len(data.class_names))),
    )


def _counts(data: Data) -> Table:
    splits = tuple(data.counts)
    rows = tuple(
        (name, *(text.count(data.counts[split][index]) for split in splits))
        for index, name in enumerate(data.class_names)
    )
    total = ("All", *(text.count(sum(data.counts[split])) for split in splits))
    columns = (Column(title="Class"), *(Column(title=split.capitalize(), look="number") for split in splits))
    return Table(title="Images per class and split", columns=columns, rows=(*rows, total), total=True)
