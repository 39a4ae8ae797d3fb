"""Trials that did not complete, and proposals that were never trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Prose, Section, Table
from reports.standing import states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.report import Report, TrialRow

_ROWS = 30
_NUMBERS = 12


def section(report: Report) -> Section:
    blocks: list[Block] = [Prose(text=_summary(report))]
    groups = _grouped(trial for trial in report.trials if trial.state in {"pruned", "failed"})
    if groups:
        blocks.append(_table(groups))
    if len(groups) > _ROWS:
        blocks.append(Prose(text=f"{len(groups) - _ROWS} more reasons stand in leaderboard.csv."))
    if report.search.turned_down:
        blocks.append(_turned_down(report))
    return Section(anchor="unfinished", title="What did not finish", blocks=tuple(blocks))


def _summary(report: Report) -> str:
    counted, down = states(report), sum(report.search.turned_down.values())
    pruned, failed = counted.get("pruned", 0), counted.get("failed", 0)
    refused = f"{text.plural(down, 'proposal')} cost no training." if down else "No proposal was turned down."
    if not pruned and not failed:
        return f"No trial was pruned and none failed. {refused}"
    stopped = f"{text.plural(pruned, 'trial')} {'was' if pruned == 1 else 'were'} pruned, being behind the others"
    parts = [stopped] if pruned else []
    parts += [f"{text.plural(failed, 'trial')} failed"] if failed else []
    return f"{'; '.join(parts)}. {refused}"


def _grouped(trials: Iterable[TrialRow]) -> list[tuple[str, str, list[TrialRow]]]:
    """(state, reason, trials), the most frequent first, failures before pruned trials."""
    groups: dict[tuple[str, str], list[TrialRow]] = {}
    for trial in trials:
        groups.setdefault((trial.state, trial.reason or "no reason recorded"), []).append(trial)
    rows = [(state, reason, members) for (state, reason), members in groups.items()]
    return sorted(rows, key=lambda row: (row[0] != "failed", -len(row[2])))


def _table(groups: list[tuple[str, str, list[TrialRow]]]) -> Table:
    columns = (
        Column(title="State"),
        Column(title="Reason"),
        Column(title="Trials", look="number"),
        Column(title="Trained for", look="number"),
        Column(title="Which"),
    )
    rows = tuple(
        (state, _words(reason), str(len(of)), _trained(of), _which(of)) for state, reason, of in groups[:_ROWS]
    )
    return Table(title="Pruned and failed trials", columns=columns, rows=rows)


def _words(reason: str) -> str:
    """`out of memory: its process was killed` for `out_of_memory: its ...`."""
    kind, colon, detail = reason.partition(":")
    return kind.replace("_", " ") + colon + detail


def _trained(trials: list[TrialRow]) -> str:
    return text.span(sum(trial.seconds for trial in trials))


def _which(trials: list[TrialRow]) -> str:
    numbers = [str(trial.number) for trial in trials]
    more = f" and {len(numbers) - _NUMBERS} more" if len(numbers) > _NUMBERS else ""
    return ", ".join(numbers[:_NUMBERS]) + more


def _turned_down(report: Report) -> Table:
    rows = tuple((_words(reason), text.count(n)) for reason, n in report.search.turned_down.items())
    columns = (Column(title="Reason"), Column(title="Proposals", look="number"))
    return Table(title="Proposals turned down before training", columns=columns, rows=rows)
