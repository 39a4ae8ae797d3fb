"""The live view, drawn from a run's progress. A renderer: it reads no clock and no study."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuner.cli.printing import count, score, span
from tuner.trial import Epoch, TrialState

if TYPE_CHECKING:
    from tuner.cli.progress import Progress, RunningTrial


def view(progress: Progress, note: str) -> Group:
    """Bar, counts, best and what runs now."""
    rows: list[RenderableType] = [_bar(progress), _facts(progress)]
    if progress.retraining:
        rows.append(_retraining(progress))
    else:
        rows.extend(_running(each) for each in progress.running.values())
    if note:
        rows.append(Text(note + " …", style="dim"))
    return Group(*rows)


def _bar(progress: Progress) -> Table:
    done, asked = progress.n_finished, progress.budget.trials
    counts = Text.assemble(
        (f"{done}/{asked} trials", "bold"),
        (f"  {progress.states[TrialState.COMPLETE]} complete", "green"),
        (f"  {progress.states[TrialState.PRUNED]} pruned", "yellow"),
        (f"  {progress.states[TrialState.FAILED]} failed", "red" if progress.states[TrialState.FAILED] else "dim"),
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_row(ProgressBar(total=asked, completed=min(done, asked), width=30), counts)
    return grid


def _facts(progress: Progress) -> Text:
    left = "" if progress.left is None or progress.retraining else f"   about {span(progress.left)} left"
    facts = Text(f"elapsed {span(progress.elapsed)}{left}")
    if progress.best:
        best = progress.best
        at = f"mean of {len(best.folds)} folds" if best.folds else f"epoch {best.best.epoch if best.best else '-'}"
        facts.append(f"   best {score(best.score)}", style="bold")
        facts.append(f" (trial {best.number}, {at}, {count(best.parameters)} parameters)")
    facts.no_wrap, facts.overflow = True, "ellipsis"
    return facts


def _running(running: RunningTrial) -> Text:
    began = running.began
    words = [f"trial {began.number:3}", _how_far(running)]
    if running.folds:
        words.append(f"mean {score(mean(fold.accuracy for fold in running.folds))}")
    if running.curve:
        last = running.curve[-1]
        words.append(f"val {score(last.val_accuracy)}  {sparkline(running.curve)}")
        words.append(f"{last.seconds:.1f} s/epoch")
    words += [f"{count(began.parameters)} parameters", began.device]
    if began.preset:
        words.append(f"preset '{began.preset}'")
    if began.enqueued:
        words.append("your guess")
    line = Text("▸ " + "  ".join(words), style="cyan")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _how_far(running: RunningTrial) -> str:
    """The fold that runs now, or the epochs that are done."""
    began = running.began
    if began.folds is None:
        return f"epoch {len(running.curve):>2}/{began.epochs}"
    return f"fold {min(len(running.folds) + 1, began.folds)}/{began.folds}"


def _retraining(progress: Progress) -> Text:
    retraining = progress.retraining
    assert retraining is not None
    done = len(progress.retrained)
    images = "all training images" if retraining.trial.folds else "training + validation"
    what = f"▸ retraining trial {retraining.trial.number} on {images}  epoch {done}/{retraining.epochs}"
    if done >= retraining.epochs:
        what = "▸ testing it on the test set and writing the report"
    line = Text(what, style="cyan")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def sparkline(curve: list[Epoch]) -> str:
    """The validation accuracies as bars, from the lowest of the curve to the highest."""
    values = [epoch.val_accuracy or 0.0 for epoch in curve]
    low, width = min(values), max(values) - min(values)
    return "".join("▁▂▃▄▅▆▇█"[round((value - low) / width * 7) if width else 0] for value in values)
