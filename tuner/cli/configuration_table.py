"""Trials side by side: how they did, and the parameters in which their configurations differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.cli.printing import count, printable, score, span, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from reports.page import Table
    from search_spaces import Value
    from tuner.trial import Trial

NOTHING = "-"
"""Stands for a parameter that a trial has not got."""


def print_side_by_side(headings: Sequence[str], trials: Sequence[Trial], out: Console) -> None:
    """A column each, and below what several of them have alike."""
    from tuner.cli.comparison_table import print_table

    values = [trial.values for trial in trials]
    print_table(side_by_side(headings, trials), out)
    if differing(values) and (alike := alike_text(values)):
        out.print(wrapped(printable(alike), out.width), markup=False)


def side_by_side(headings: Sequence[str], trials: Sequence[Trial]) -> Table:
    """A column each. Rows of parameters in the order of the space file; those that are alike in all are left out."""
    from reports.page import Column, Table

    facts = (
        ("state", [trial.state.value for trial in trials]),
        ("preset", [trial.preset or NOTHING for trial in trials]),
        ("mean of the folds" if trials[0].folds else "validation accuracy", [score(trial.score) for trial in trials]),
        ("best epoch", [_epoch(trial) for trial in trials]),
        ("weights", [count(trial.parameters) for trial in trials]),
        ("training time", [span(trial.seconds) for trial in trials]),
    )
    values = [trial.values for trial in trials]
    return Table(
        title="",
        named_rows=True,
        columns=(Column(title=""), *(Column(title=each) for each in headings)),
        rows=(
            *((name, *cells) for name, cells in facts if set(cells) != {NOTHING}),
            *((name, *(value_text(each, name) for each in values)) for name in differing(values)),
        ),
    )


def differing(values: Sequence[Mapping[str, Value]]) -> list[str]:
    """Names of the parameters that are not alike in all."""
    return [name for name in _names(values) if len({value_text(each, name) for each in values}) > 1]


def alike_text(values: Sequence[Mapping[str, Value]]) -> str:
    """`alike: training.batch_size 128, variables.act relu`; '' where nothing is."""
    apart = set(differing(values))
    same = [f"{name} {value_text(values[0], name)}" for name in _names(values) if name not in apart]
    return f"alike: {', '.join(same)}" if same else ""


def _names(values: Sequence[Mapping[str, Value]]) -> list[str]:
    return list(dict.fromkeys(name for each in values for name in each))


def value_text(values: Mapping[str, Value], name: str) -> str:
    from reports import text

    return text.plain(values[name]) if name in values else NOTHING


def _epoch(trial: Trial) -> str:
    return f"{trial.best.epoch}/{len(trial.curve)}" if trial.best else NOTHING
