"""The evidence as a page, written from the searches that were kept: benchmarks/defaults.md."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.defaults.curves import noise_lines, start_lines
from benchmarks.defaults.lcbench import TASKS
from benchmarks.defaults.measures import BUDGETS, Cell, Results, as_many_draws, gather, interval
from benchmarks.defaults.record import file_of
from benchmarks.defaults.runs import CONTROL
from benchmarks.defaults.stopping import RULES, stopped
from benchmarks.defaults.tables import Table
from tuner.machine import hardware, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


Row = "Mapping[str, Any]"
SPACES = ("mlp_v1", "cnn_v4")
LEAST_SAVED = 0.005
"""Share of a search that a rule saves, below which it is not told."""
STOPPED = ("random + none", "tpe 8 + none", "tpe 8 + asha 4/3")
"""Searches that the rules for stopping are tried on."""


def page(rows: Sequence[Mapping[str, Any]], work: Path) -> str:
    lines = [*_head()]
    for kind in ("lcbench 20", "lcbench 51"):
        lines += _surrogate(kind, [row for row in rows if row["kind"] == kind], work)
    for space in SPACES:
        if file_of(space).exists():
            lines += _table(space, [row for row in rows if (row["kind"], row["which"]) == ("table", space)])
    lines += _stops(rows)
    return "\n".join(lines) + "\n"


def _head() -> list[str]:
    facts, machine = versions(), hardware()
    return [
        "# Defaults of the Optuna engine, by replay",
        "",
        "Our engine proposes and judges; a recorded or modelled learning curve takes the place of training, and each",
        "epoch costs what it took. One worker. A training's worth is the median cost of a whole training drawn at",
        "random. The control is random search without pruning. Again: `make defaults` (docs/decisions/0020).",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}. {machine['processor']}, {machine['cores']} cores, {machine['memory']}.",
        ", ".join(f"{name} {facts[name]}" for name in ("Python", "optuna", "numpy", "tensorflow", "keras")) + ".",
        "",
        "Names: `tpe 8` draws 8 trials at random first; `joint` is without `group`, `apart` without `multivariate`;",
        "`asha 4/3` lets one of three go on at epochs 4 and 12 by their best epoch so far, `last` by that epoch alone;",
        "`promotion 4/3` has every trial wait at epoch 4 and goes on with the best third from their checkpoints;",
        "`screen 20x1` has 20 trials wait after one epoch and goes on with the best quarter; `hopeless 90` ends what",
        "would stay behind the best even with the gain that 90 % of the complete trials still made from that epoch on;",
        "`quarter` keeps the better quarter where median keeps half; `preset` trains the space's preset first.",
        "Candidates that were tried in less than half as many searches as the control are left out.",
        "",
    ]


# --- LCBench ----------------------------------------------------------------------------------------------------------


def _surrogate(kind: str, rows: Sequence[Mapping[str, Any]], work: Path) -> list[str]:
    if not rows:
        return []
    found = gather(rows, BUDGETS, CONTROL.name)
    epochs = kind.split()[1]
    problems = sorted({row["which"] for row in rows})
    references = {task: np.load(work / f"lcbench-{task}-{epochs}.npz")["scores"] for task in problems}
    return [
        f"## LCBench, trainings of {epochs} epochs",
        "",
        f"{len(problems)} of {len(TASKS)} tasks. The surrogate has smooth curves and no noise: it shows how fast",
        "algorithms learn a landscape of 7 parameters, most of which trains badly.",
        "",
        "Speed: so many times the random trainings that the control's result is worth, after 5, 10, 20 and 50",
        "trainings' worth (geometric mean, 95 % interval over tasks and seeds), in as many searches as are named; then",
        "the mean rank among the candidates that have about as many as the control.",
        "",
        _header(
            "candidate", "searches", "trials", *(f"speed at {b}" for b in BUDGETS), *(f"rank at {b}" for b in BUDGETS)
        ),
        *_speeds(found, references),
        "",
        "Regret in points of accuracy against the best that any search or draw found: median (quartiles).",
        "",
        _header("candidate", *(f"at {b}" for b in BUDGETS)),
        *_regrets(found, references),
        "",
    ]


def _speeds(found: Results, references: Mapping[str, NDArray[np.float64]]) -> Iterable[str]:
    ranks = found.ranks()
    for name in _often(found):
        cells = found.cells(name)
        gained = _worth(found, name, cells, references) - _worth(found, CONTROL.name, cells, references)
        speeds = [_times(interval(column, cells)) for column in gained.T]
        places = [f"{each:.1f}" for each in ranks[name]] if name in ranks else ["" for _ in BUDGETS]
        yield _line(name, f"{len(cells)}", f"{found.n_trials(name):.0f}", *speeds, *places)


def _often(found: Results) -> list[str]:
    """Candidates that were tried about as often as the control: the others were given up early, or are too new."""
    least = len(found.cells(CONTROL.name)) / 2
    return [name for name in found.candidates() if len(found.cells(name)) >= least]


def _worth(
    found: Results, name: str, cells: Sequence[Cell], references: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(cells, budgets): logarithm of the random trainings that the result is worth."""
    scores = found.scores(name, cells)
    rows = zip(cells, scores, strict=True)
    return np.array([[np.log(as_many_draws(score, references[cell[0]])) for score in row] for cell, row in rows])


def _regrets(found: Results, references: Mapping[str, NDArray[np.float64]]) -> Iterable[str]:
    best = {which: reference[-1] for which, reference in references.items()}
    for name in found.candidates():
        for (which, _), score in zip(found.cells(name), found.scores(name, found.cells(name))[:, -1], strict=True):
            best[which] = max(best[which], score)
    for name in _often(found):
        cells = found.cells(name)
        regret = 100 * (np.array([best[which] for which, _ in cells])[:, None] - found.scores(name, cells))
        quartiles = np.quantile(regret, (0.5, 0.25, 0.75), axis=0).T
        yield _line(name, *(f"{middle:.1f} ({low:.1f} to {high:.1f})" for middle, low, high in quartiles))


# --- recorded trainings -----------------------------------------------------------------------------------------------


def _table(space: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    table = Table(file_of(space))
    facts = table.facts
    lines = [
        f"## Fashion-MNIST, {space}",
        "",
        f"{len(table.curves)} whole trainings of {table.epochs} epochs on {facts['images']['train']:,} images,",
        f"{facts['images']['validation']:,} validate; {facts['date']}, {facts['machine']}.",
        "",
        *noise_lines(table),
        "",
        *start_lines(table),
        "",
    ]
    if not rows:
        return lines
    budgets = [budget for budget in BUDGETS if budget <= len(table.curves) / 5]
    found = gather(rows, budgets, CONTROL.name)
    return [
        *lines,
        "Each seed is another order of the table. Regret in points against the best of the table: its mean on the",
        "validation images; by how much it is less than the control's (95 % interval over seeds: of this table, not of",
        "others); its mean on 10,000 other images that no trial saw, after the last epoch.",
        "",
        _header(
            "candidate", "searches", "trials",
            *(f"regret at {b}" for b in budgets),
            *(f"less than the control at {b}" for b in budgets),
            *(f"on other images at {b}" for b in budgets),
        ),
        *_table_lines(table, found),
        "",
    ]  # fmt: skip


def _table_lines(table: Table, found: Results) -> Iterable[str]:
    best = max(max(curve.scores, default=0.0) for curve in table.curves)
    held_out = np.array(table.held_out)
    for name in _often(found):
        cells = found.cells(name)
        scores, control = (found.scores(each, cells) for each in (name, CONTROL.name))
        gained = [interval(column, cells) for column in 100 * (scores - control).T]
        yield _line(
            name,
            f"{len(cells)}",
            f"{found.n_trials(name):.0f}",
            *(f"{each:.2f}" for each in 100 * (best - scores).mean(axis=0)),
            *(f"{mean:+.2f} ({low:+.2f} to {high:+.2f})" for mean, low, high in gained),
            *(f"{each:.2f}" for each in 100 * (held_out.max() - held_out[found.keys(name, cells)]).mean(axis=0)),
        )


# --- the end of a search ----------------------------------------------------------------------------------------------


def _stops(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "## Ending the whole search",
        "",
        "Rules tried on searches of 50 trainings' worth (of the tables: 20): how much of it each rule saves, and what",
        "the search would still have found, in points: mean, and in how many searches it was more than 0.3 points, the",
        "standard error of a score on 9,000 images. A rule that is not named saved nothing there.",
        "",
        _header("searches", "rule", "saved", "points lost", "lost more than 0.3"),
    ]
    for kind, which, budget in (("lcbench 20", "", 50.0), *(("table", space, 20.0) for space in SPACES)):
        for candidate in STOPPED:
            chosen = [row for row in rows if row["kind"] == kind and row["candidate"] == candidate]
            chosen = [row for row in chosen if which in {"", row["which"]}]
            for name, rule in RULES.items() if chosen else ():
                stops = [stopped(row, rule, budget) for row in chosen]
                if np.mean([each.saved for each in stops]) < LEAST_SAVED:
                    continue
                lines.append(
                    _line(
                        f"{which or kind}, {candidate}",
                        name,
                        f"{np.mean([each.saved for each in stops]):.0%}",
                        f"{np.mean([each.lost for each in stops]):.2f}",
                        f"{np.mean([each.lost > 0.3 for each in stops]):.0%}",  # noqa: PLR2004
                    )
                )
    return lines


# --- markdown ---------------------------------------------------------------------------------------------------------


def _header(*names: str) -> str:
    return _line(*names) + "\n" + _line(*("---" for _ in names))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _times(found: tuple[float, float, float]) -> str:
    mean, low, high = np.exp(found)
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"
