"""How to reproduce it: command, protocol, versions, hardware, seeds, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Bullets, Facts, Listing, Section

if TYPE_CHECKING:
    from reports.report import Provenance, Report


def section(report: Report) -> Section:
    ran = report.provenance
    blocks: tuple[Block, ...] = (
        Listing(title="Command", text=ran.command, language="sh"),
        Bullets(title="Protocol", items=ran.protocol),
        Facts(title="Seeds", items=tuple((name, str(seed)) for name, seed in ran.seeds.items())),
        Facts(title="Hardware", items=(*ran.hardware.items(), *_precision(ran))),
        Facts(title="Versions", items=tuple(ran.versions.items())),
        Facts(title="Peak memory", items=tuple((role, text.memory(n)) for role, n in ran.peak_memory.items())),
        Facts(title="Test set", items=_test_set(report)),
    )
    shown = tuple(block for block in blocks if isinstance(block, Listing) or _items(block))
    return Section(anchor="reproduce", title="How to reproduce it", blocks=shown)


def _precision(ran: Provenance) -> tuple[tuple[str, str], ...]:
    why = f" ({ran.precision_reason})" if ran.precision_reason else ""
    return (("precision", f"{ran.precision}{why}"),)


def _items(block: Block) -> bool:
    return isinstance(block, Facts | Bullets) and bool(block.items)


def _test_set(report: Report) -> tuple[tuple[str, str], ...]:
    if report.evaluation is None:
        return (("Opened", "not yet"),)
    times = text.plural(report.evaluation.times_opened, "time")
    return (("Opened", f"{text.moment(report.evaluation.opened)}, {times}"),)
