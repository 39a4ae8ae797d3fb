"""The best trials, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Prose, Section, Table
from reports.scoring import judges, score_title
from reports.standing import leader, ranking, rivals, score_of, telling_parameters

if TYPE_CHECKING:
    from reports.report import Report, TrialRow

_ROWS = 20
_PARAMETERS = 8


def section(report: Report) -> Section:
    return Section(anchor="leaderboard", title="The best trials", blocks=_blocks(report))


def _blocks(report: Report) -> tuple[Block, ...]:
    ranked = ranking(report)[:_ROWS]
    if not ranked:
        return (Prose(text="No trial has completed yet. leaderboard.csv lists every trial that was started."),)
    return (Prose(text=_who_is_level(report)), _table(report, ranked), Prose(text=_rest(report, len(ranked))))


def _who_is_level(report: Report) -> str:
    level, first = len(rivals(report)), leader(report)
    if first is None or len(ranking(report)) == 1:
        return "Only one trial has completed: there is nothing to compare it with."
    if not level:
        return f"No other complete trial's 95 % interval reaches that of trial {first.number}."
    noun = "trial has a 95 % interval" if level == 1 else "trials have 95 % intervals"
    return (
        f"{level} other complete {noun} overlapping that of trial {first.number}: on these {judges(report)} "
        "they cannot be told apart from it, and their order here is partly luck."
    )


def _table(report: Report, ranked: tuple[TrialRow, ...]) -> Table:
    names = telling_parameters(report)[:_PARAMETERS]
    presets = any(trial.preset for trial in ranked)
    first = leader(report)
    numbers = [trial.number for trial in ranked]
    return Table(
        title="Leaderboard",
        columns=(
            Column(title="Rank", look="number"),
            Column(title="Trial", look="number"),
            *([Column(title="Preset")] if presets else []),
            Column(title=score_title(report), look="number"),
            Column(title="95 % interval", look="number"),
            Column(title="Images" if report.cross_validation else "Best epoch", look="number"),
            Column(title="Parameters", look="number"),
            Column(title="Training time", look="number"),
            *(Column(title=name, look="code") for name in names),
        ),
        rows=tuple(_row(report, rank, trial, names, presets=presets) for rank, trial in enumerate(ranked, 1)),
        marked=numbers.index(first.number) if first and first.number in numbers else None,
    )


def _row(report: Report, rank: int, trial: TrialRow, names: tuple[str, ...], *, presets: bool) -> tuple[str, ...]:
    score = score_of(report, trial)
    return (
        str(rank),
        str(trial.number),
        *([trial.preset] if presets else []),
        text.percent(score.value, 2),
        text.interval(score) if score.n else "",
        _epoch_or_images(report, trial),
        "" if trial.parameters is None else text.count(trial.parameters),
        text.span(trial.seconds),
        *(text.plain(trial.values[name]) if name in trial.values else "" for name in names),
    )


def _epoch_or_images(report: Report, trial: TrialRow) -> str:
    number = trial.scored_on if report.cross_validation else trial.best_epoch
    return "" if number is None else text.count(number)


def _rest(report: Report, shown: int) -> str:
    total, varied = len(ranking(report)), len(telling_parameters(report))
    parts = [f"the best {shown} of {total} complete trials"] if shown < total else []
    parts += [f"{_PARAMETERS} of the {varied} parameters that varied"] if varied > _PARAMETERS else []
    left_out = f"Shown: {text.listed(parts)}; leaderboard.csv holds all. " if parts else ""
    if len({trial.scored_on for trial in ranking(report)}) > 1:
        left_out += "Trials that were scored on more images come first. "
    return f"{left_out}An empty cell is a parameter that the trial did not have."
