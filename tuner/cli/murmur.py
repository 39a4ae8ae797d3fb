"""What runs, in a line a minute where nothing else is said: a run that writes to a file must not look hung."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from tuner.cli.printing import score
from tuner.cli.trial_lines import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuner.cli.progress import Progress, RunningTrial

SILENCE = 60.0
"""Seconds without a line after which one is due."""


class Murmur:
    """Says lines, and knows when the last was said. `clock` reads seconds."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._last = clock()

    def say(self, line: str) -> None:
        self._last = self._clock()
        self._say(line)

    def murmur(self, line: Callable[[], str]) -> None:
        """Says it where one is due, and there is something to say."""
        if self._clock() - self._last >= SILENCE and (said := line()):
            self.say(said)


def what_runs(progress: Progress) -> str:
    """`trial 0 epoch 7/20 val 0.9100; trial 1 epoch 2/20 val 0.8000`; '' where nothing does."""
    if progress.retraining:
        return f"retraining epoch {len(progress.retrained)}/{progress.retraining.epochs}"
    return _joined([_running(each) for each in progress.running.values()])


def _running(running: RunningTrial) -> str:
    began, again = running.began, running.again and f" {running.again}"
    if began.folds is not None:
        so_far = f" mean {score(mean(fold.accuracy for fold in running.folds))}" if running.folds else ""
        return f"trial {began.number} fold {min(len(running.folds) + 1, began.folds)}/{began.folds}{so_far}"
    so_far = f" val {score(running.curve[-1].val_accuracy)}" if running.curve else ""
    return f"trial {began.number}{again} epoch {len(running.curve)}/{began.epochs}{so_far}"


def _joined(words: Sequence[str]) -> str:
    """All of them, or as many as fit in a line and how many there are beside."""
    line = ""
    for n, word in enumerate(words):
        longer = f"{line}; {word}" if line else word
        more = len(words) - n - 1
        if line and len(longer) + len(f"; {more} more") > WIDTH:
            return f"{line}; {more + 1} more"
        line = longer
    return line
