"""The live view, drawn from a run's progress. A renderer: it reads no clock and no study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuner.cli.printing import printable, score, span
from tuner.cli.trial_lines import running_line
from tuner.cli.wording import multiples, plural, stopping_text
from tuner.trial import TrialState

if TYPE_CHECKING:
    from tuner.cli.progress import Progress, RunningTrial
    from tuner.events import Confirming


def view(progress: Progress, note: str, width: int) -> Group:
    """Bar, counts, best and what runs now, for a terminal of `width` columns."""
    rows: list[RenderableType] = [_bar(progress), _facts(progress)]
    if progress.retraining:
        rows.append(_retraining(progress))
    else:
        if progress.confirming:
            rows.append(_confirming(progress.confirming, progress.repeated))
        rows.extend(_running(each, width) for each in progress.running.values())
    if progress.stopping:
        rows.append(Text(stopping_text(progress.stopping) + " …", style="yellow"))
    elif note:
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
    left = "" if progress.left is None or progress.finishing else f"   about {span(progress.left)} left"
    facts = Text(f"elapsed {span(progress.elapsed)}{left}")
    if progress.best:
        best = progress.best
        at = f"mean of {len(best.folds)} folds" if best.folds else f"epoch {best.best.epoch if best.best else '-'}"
        facts.append(f"   best {score(best.score)}", style="bold")
        facts.append(f" (trial {best.number}, {at}, {multiples(best.parameters or 0)} params)")
    facts.no_wrap, facts.overflow = True, "ellipsis"
    return facts


def _running(running: RunningTrial, width: int) -> Text:
    line = Text("▸ " + printable(running_line(running, width - 2)), style="cyan")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _confirming(confirming: Confirming, repeated: int) -> Text:
    text = f"confirming the best trials  {repeated}/{plural(confirming.left, 'training')}"
    return Text(text, no_wrap=True, overflow="ellipsis")


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
