"""Which trial is trained next, and how far."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.defaults.replay import Replay, Training

Step = tuple[int | None, int]
"""Number of the trial that goes on, None for a new one, and the epoch to which it is trained."""

SCREENED_KEEP = 4
"""Of so many that were screened one is trained to the end."""


def one_after_another(replay: Replay) -> Iterator[Step]:
    while True:
        yield None, replay.problem.epochs


def screened(replay: Replay, n: int, epochs: int) -> Iterator[Step]:
    """The first `n` for a few epochs only, the best of these to their end from where they stood; then all others."""
    yield from ((None, epochs) for _ in range(n))
    standing = [each for each in replay.memory.trainings if each.epochs == epochs]
    best = sorted(standing, key=lambda each: -each.scores[-1])[: max(n // SCREENED_KEEP, 1)]
    for each in best:
        yield each.number, replay.problem.epochs
    yield from one_after_another(replay)


def halving_with_promotion(replay: Replay, first: int, factor: int) -> Iterator[Step]:
    """Source: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, algorithm 2."""
    rungs = [first]
    while rungs[-1] * factor < replay.problem.epochs:
        rungs.append(rungs[-1] * factor)
    rungs.append(replay.problem.epochs)
    promoted: list[set[int]] = [set() for _ in rungs]
    while True:
        for level in reversed(range(len(rungs) - 1)):
            number = promotable(replay.memory.trainings, rungs[level], promoted[level], factor)
            if number is not None:
                promoted[level].add(number)
                yield number, rungs[level + 1]
                break
        else:
            yield None, rungs[0]


def promotable(trainings: Sequence[Training], rung: int, promoted: set[int], factor: int) -> int | None:
    """The best of the rung's best share that was not promoted from it yet."""
    reached = [each for each in trainings if each.epochs >= rung]
    ranked = sorted(reached, key=lambda each: -each.curve.scores[rung - 1])
    best = ranked[: len(ranked) // factor]
    fit = (each.number for each in best if each.number not in promoted and each.state is not TrialState.FAILED)
    return next(iter(islice(fit, 1)), None)
