"""Studies and a study's trials as tables on a terminal. Numbers and states are never cut: notes are folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tuner.cli.printing import count, printable, score, span
from tuner.cli.unfinished import NOT_OVER
from tuner.cli.wording import origin_text, plain_word
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.table import Table

    from tuner.trial import Trial

CUT_OFF = "cut off"
"""What a running trial is where no process holds its study."""

LEAST_NOTE = 12
"""Columns of a note below which other columns are left out for it."""

GAP, NARROW_GAP = 3, 1
"""Columns between two of a table's, and where they would not all fit."""

LEFT_OUT = ("time", "parameters", "epoch")
"""In this order, where a terminal is narrow. They are in --json."""


def print_studies(rows: Sequence[dict[str, Any]], out: Console) -> None:
    headings = ("study", "trials", "best", "begun", "")
    cells = [_study_cells(row) for row in rows]
    out.print(_table(headings, cells, out.width, left={"study", "begun"}, left_out=("begun",)))


def _study_cells(row: dict[str, Any]) -> tuple[str, ...]:
    if "problem" in row:
        return row["study"], "", "", "", row["problem"]
    best = score(row["best"]["val_accuracy"]) if row["best"] else "-"
    left = row["to_do"]["what"] if row["to_do"] else ""  # that it is not over says why it ended
    note = "; ".join(filter(None, [row["stopped_by"], left if left != NOT_OVER else ""]))
    return row["study"], f"{row['finished']}/{row['asked']}", best, row["created"][:16].replace("T", " "), note


def print_trials(trials: Sequence[Trial], out: Console, *, held: bool, epochs: Callable[[Trial], int]) -> None:
    """Those of a study that a process holds or does not. `epochs` are those that a trial is to train."""
    headings = ("trial", "state", "val acc.", "epoch", "parameters", "time", "")
    cells = [_trial_cells(trial, held=held, epochs=epochs) for trial in trials]
    out.print(_table(headings, cells, out.width, left={"state"}, left_out=LEFT_OUT))


def _trial_cells(trial: Trial, *, held: bool, epochs: Callable[[Trial], int]) -> tuple[str, ...]:
    return (
        str(trial.number),
        state_text(trial.state, held=held),
        score(trial.score),
        _epoch(trial, epochs),
        count(trial.parameters),
        span(trial.seconds),
        ", ".join(filter(None, [_why(trial), origin_text(trial)])),
    )


def state_text(state: TrialState, *, held: bool) -> str:
    return CUT_OFF if state is TrialState.RUNNING and not held else state.value


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """The best first. Those that were turned down are left out."""
    return sorted(
        (trial for trial in trials if trial.state is not TrialState.TURNED_DOWN),
        # Of the rounds of successive halving the last comes first: scores on few images are for choosing who gets more.
        key=lambda trial: (trial.state is TrialState.COMPLETE, trial.stage.samples or math.inf, trial.score or -1.0),
        reverse=True,
    )


def _epoch(trial: Trial, epochs: Callable[[Trial], int]) -> str:
    """Which was the best of how many; `at 7/20` before its end: how many are done, of how many. Folds where it has
    those.
    """
    if trial.folds:
        images = f" of {trial.stage.samples:,}" if trial.stage.samples else ""
        return f"{len(trial.folds)} folds{images}"
    if trial.best is None:
        return "-"
    if trial.state in (TrialState.RUNNING, TrialState.WAITING):
        return f"at {len(trial.curve)}/{epochs(trial)}"
    return f"{trial.best.epoch}/{len(trial.curve)}"


def _why(trial: Trial) -> str:
    """Why it ended early, in a word or two."""
    return f"after epoch {len(trial.curve)}" if trial.state is TrialState.PRUNED else plain_word(trial.reason)


def _table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    left: set[str],
    left_out: Sequence[str],
) -> Table:
    """The last column is a note: on as many lines as it needs."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    fits = sum(widths) + GAP * len(widths) <= width
    shown = list(range(len(headings))) if fits else _shown(headings, widths, width, left_out)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1 if fits else 0))
    for i in shown:
        justify = "left" if headings[i] in left or not headings[i] else "right"
        table.add_column(headings[i], justify=justify, no_wrap=bool(headings[i]), overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(printable(row[i])) for i in shown))
    return table


def _shown(headings: Sequence[str], widths: Sequence[int], width: int, left_out: Sequence[str]) -> list[int]:
    """Numbers of the columns that fit where they are set close."""
    shown = list(range(len(headings)))
    for name in left_out:
        note = min(widths[-1], LEAST_NOTE)
        if sum(widths[i] + NARROW_GAP for i in shown) - widths[-1] + note <= width:
            break
        shown.remove(headings.index(name))
    return shown
