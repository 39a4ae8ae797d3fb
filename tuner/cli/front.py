"""The Pareto front of a study of several objectives: as a table, and as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tuner.cli.printing import console, count, printable, score
from tuner.plan import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEADINGS: Mapping[str, str] = {
    ACCURACY: "val acc.",
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "latency": "latency, ms",
}


class Placed(Protocol):
    """A trial with a value in each objective: a study's or a report's."""

    @property
    def number(self) -> int: ...
    @property
    def preset(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def measures(self) -> Mapping[str, float]: ...


def front_document(front: Iterable[Placed], objectives: Sequence[str]) -> list[dict[str, Any]]:
    """Of each trial its number, its preset, and its value in each objective under the objective's name."""
    return [
        {"trial": trial.number, "preset": trial.preset, ACCURACY: trial.score}
        | {name: trial.measures[name] for name in objectives[1:]}
        for trial in front
    ]


def print_front(front: Sequence[Placed], objectives: Sequence[str]) -> None:
    """The table, the best score first; nothing while no trial is complete."""
    from rich import box
    from rich.table import Table

    if not front:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Pareto front", title_justify="left", title_style="bold")
    for heading in ("trial", *(HEADINGS[name] for name in objectives), ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for trial in front:
        costs = (_cost(name, trial.measures[name]) for name in objectives[1:])
        note = f"preset {trial.preset}" if trial.preset else ""
        table.add_row(str(trial.number), score(trial.score), *costs, printable(note))
    console().print(table)


def _cost(name: str, value: float) -> str:
    return f"{value:.3g}" if name == "latency" else count(round(value))
