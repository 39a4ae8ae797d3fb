"""A forecast on the terminal: configurations, what they differ in, layers, draws, the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.cli.printing import count, printable
from tuner.cli.space_tables import GAP, plain_table
from tuner.cli.wording import broken, memory_text, multiples, span_text, value_text
from tuner.planning.cases import Hindrance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from search_spaces import LayerSummary
    from tuner.planning import Case, Forecast
    from tuner.planning.disk import Need

ABSENT = "-"
WIDE = 76
"""Columns of a terminal from which on all estimates of a configuration stand side by side."""


def print_heading(text: str, out: Console) -> None:
    from rich.text import Text

    out.print()
    out.print(Text(printable(text), "bold"))


def print_cases(cases: Sequence[Case], out: Console) -> None:
    """A row for each configuration; below them why some cannot be trained."""
    from rich.text import Text

    wide = out.width >= WIDE
    costs = ("memory", "an epoch", "a trial") if wide else ("memory", "a trial")
    table = plain_table("", "parameters", "multiply-\nadds", *costs, right=2 + len(costs))
    for case in cases:
        cells = _costs(case)
        table.add_row(Text(printable(case.name)), *_sizes(case), *(cells if wide else cells[::2]))
    out.print(table)
    out.print()
    for case in cases:
        if case.problem:
            out.print(Text(printable(f"{case.name}: {case.problem}")))


def _sizes(case: Case) -> tuple[str, str]:
    if case.summary is None:
        return ABSENT, ABSENT
    return count(case.summary.parameters), multiples(case.summary.multiply_adds)


def _costs(case: Case) -> tuple[str, str, str]:
    if case.cost is None:
        return ABSENT, ABSENT, str(case.hindrance or ABSENT)
    return memory_text(case.cost.memory), span_text(case.cost.epoch), span_text(case.cost.trial)


def print_differences(cases: Sequence[Case], names: Sequence[str], out: Console) -> None:
    """The values in which the configurations differ, a column each, as many side by side as fit."""
    from rich.text import Text

    rows = _differences(cases, names)
    first = min(max(map(len, rows), default=0), out.width // 2)
    for columns in _side_by_side(cases, rows, out.width - first - GAP) if rows else ():
        table = plain_table("parameter", *(printable(cases[column].name) for column in columns))
        for each in table.columns:
            each.no_wrap = True
        for name, values in rows.items():
            table.add_row(Text(broken(name, first)), *(Text(values[column]) for column in columns))
        out.print()
        out.print(table)


def _differences(cases: Sequence[Case], names: Sequence[str]) -> dict[str, list[str]]:
    """Parameter -> its value in each of the cases, where they are not all alike."""
    drawn = [{name: value_text(value) for name, value in case.configuration.values.items()} for case in cases]
    rows = {name: [values.get(name, ABSENT) for values in drawn] for name in names}
    return {name: values for name, values in rows.items() if len(set(values)) > 1}


def _side_by_side(cases: Sequence[Case], rows: Mapping[str, list[str]], width: int) -> Iterator[list[int]]:
    """Numbers of the cases in groups that fit the width, one at least in each."""
    group: list[int] = []
    taken = 0
    for column, case in enumerate(cases):
        needed = GAP + max(len(case.name), *(len(values[column]) for values in rows.values()))
        if group and taken + needed > width:
            yield group
            group, taken = [], 0
        group.append(column)
        taken += needed
    yield group


def print_layers(layers: Sequence[LayerSummary], out: Console) -> None:
    """A row for each layer, in the order in which they are built, below the name of the block that it stands in."""
    from rich.text import Text

    fed = _fed_by(layers)
    forked, narrow = any(fed), out.width < WIDE
    headings = [*(["fed by"] if forked and not narrow else []), "output", "parameters", "multiply-\nadds"]
    table = plain_table("", "layer", *headings, right=3)
    table.columns[0].justify = "right"
    block = ""
    for number, (layer, source) in enumerate(zip(layers, fed, strict=True), start=1):
        parent, _, own = layer.path.rpartition(".")
        if parent and parent != block:
            table.add_row("", Text(parent, "dim"))
        block = parent
        label = Text(f"{'  ' if parent else ''}{_label(layer.kind, own)}")
        if source and narrow:
            label.append(f" from {source}")
        cells = [source] if forked and not narrow else []
        table.add_row(str(number), label, *cells, *_layer_cells(layer, "x" if narrow else " x "))
    out.print(table)


def _layer_cells(layer: LayerSummary, by: str) -> tuple[str, str, str]:
    adds = multiples(layer.multiply_adds) if layer.multiply_adds else ABSENT
    parameters = count(layer.parameters) if layer.parameters else ABSENT
    return by.join(map(str, layer.output_shape)), parameters, adds


def _label(kind: str, own: str) -> str:
    """What it is called, and its kind where that is another word."""
    return own if own.startswith(kind) else f"{own} ({kind})"


def _fed_by(layers: Sequence[LayerSummary]) -> list[str]:
    """Numbers of the layers that feed each; '' where it is the one before."""
    numbers = {"pixels": "pixels"} | {layer.name: str(number) for number, layer in enumerate(layers, start=1)}
    before = ["pixels", *(layer.name for layer in layers)]
    return [
        "" if layer.inputs == (previous,) else ", ".join(numbers[name] for name in layer.inputs)
        for previous, layer in zip(before, layers, strict=False)
    ]


def print_draws(forecast: Forecast, out: Console) -> None:
    """How many random configurations can be trained, and what keeps the others from it."""
    from rich.text import Text

    draws, told = forecast.draws, {case.problem for case in forecast.cases}
    out.print(Text(f"{draws.n_trainable} of {draws.n} random draws can be trained."))
    for each in draws.hindered:
        example = "" if each.example in told else f", such as: {each.example}"
        verb = "" if each.hindrance is Hindrance.UNBUILDABLE else "are "
        out.print(Text(printable(f"{each.n} {verb}{each.hindrance}{example}.")))


def disk_text(need: Need, free: int) -> str:
    """What a new study would write, and whether it fits."""
    from tuner.planning.disk import bytes_text

    fits = "free" if need.total <= free else "free: too little"
    parts = {"what runs": need.running, "kept weights": need.kept, "study and backups": need.database}
    told = ", ".join(f"{bytes_text(size)} {name}" for name, size in parts.items() if size)
    return f"about {bytes_text(need.total)} ({told}, {bytes_text(need.result)} result); {bytes_text(free)} {fits}"


def print_search(forecast: Forecast, notes: Sequence[tuple[str, str]], out: Console) -> None:
    """What the search would take, and the notes."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    for what, text in (*_search(forecast), *notes):
        grid.add_row(Text(what, "bold"), Text(printable(text)))
    out.print(grid)


def _search(forecast: Forecast) -> Iterator[tuple[str, str]]:
    draws = forecast.draws
    if forecast.search is None or draws.trial is None or draws.memory is None:
        return
    each = f"{span_text(draws.trial)} each, the average of random draws"
    trials = f"{forecast.trials} trial{'' if forecast.trials == 1 else 's'}"
    yield trials, f"{span_text(forecast.search)}: {each}; pruning and early stopping not counted"
    yield "memory", f"up to {memory_text(draws.memory)} for a training; after many a worker holds up to a third more"
