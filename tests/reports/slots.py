"""Trials laid out on slots, one after another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.report import Report, Stay, TrialRow

if TYPE_CHECKING:
    from collections.abc import Sequence


def on_slots(report: Report, names: Sequence[str]) -> Report:
    """The same, trained on these slots: each trial on the next that is free, where a worker starts for 4 s at first.
    Trial 5 was cut off half-way, and went on after another had its slot.
    """
    free, workers, rows = dict.fromkeys(names, 0.0), set[str](), list[TrialRow]()
    halves: list[tuple[TrialRow, float]] = []
    for trial in report.trials:
        cut_off = trial.number == 5
        halves.append((trial, trial.seconds / 2 if cut_off else trial.seconds))
        if trial.number == 7:
            halves.append((report.trials[5], report.trials[5].seconds / 2))
    stays: dict[int, list[Stay]] = {}
    waited: dict[int, float] = {}
    for trial, seconds in halves:
        slot = min(names, key=lambda name: free[name])
        wait = 0.2 if slot in workers else 4.0
        workers.add(slot)
        began = free[slot]
        free[slot] = began + wait + seconds
        stays.setdefault(trial.number, []).append(Stay(slot=slot, began=began, ended=free[slot], waited=wait))
        waited[trial.number] = waited.get(trial.number, 0.0) + wait
    for trial in report.trials:
        own = stays[trial.number]
        rows.append(
            replace(
                trial,
                stays=tuple(own),
                device=own[-1].slot,
                finished_after=None if trial.finished_after is None else own[-1].ended,
                waited=waited[trial.number],
                retries=len(own) - 1,
                memory=1_100_000_000 + 3_000_000 * trial.number,
                device_memory=2_400_000_000 + 20_000_000 * trial.number if "GPU" in own[-1].slot else 0,
            )
        )
    return replace(report, trials=tuple(rows), search=replace(report.search, seconds=max(free.values()) + 1.0))
