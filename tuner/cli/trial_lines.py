"""A trial in one line: as it ended, and as it runs. The usual line fits a terminal of 80 columns."""

from __future__ import annotations

import re
from statistics import mean, pstdev
from typing import TYPE_CHECKING

from tuner.cli.printing import score, span
from tuner.cli.progress import again_text
from tuner.cli.wording import explained, multiples, origin_text, plain_word
from tuner.trial import Reason, Trial, TrialState

if TYPE_CHECKING:
    from tuner.cli.progress import RunningTrial
    from tuner.events import Again
    from tuner.trial import Epoch

WIDTH = 79
LEAST_CURVE = 3
"""Epochs below which bars show nothing."""


def trial_line(trial: Trial, *, is_best: bool, width: int = WIDTH) -> str:
    """`trial   7  complete  0.9243 epoch 18/20  118 k params   52 s  best`. No wider than `width` where that can be.

    Why it failed comes last, where it may be read on in a second line, and has the room of what else there is to say.
    """
    who = [f"trial {trial.number:3}", f"{trial.state.value:8}"]
    scored, parameters = _scored(trial), f"{_parameters(trial.parameters):>12}"
    rest = [
        f"{span(trial.seconds):>5}",
        f"on from {trial.stage.after}" if trial.stage.after is not None else "",
        "best" if is_best else "",
        origin_text(trial),
    ]
    failed = trial.state is TrialState.FAILED
    briefer = [[scored, *rest], rest] if failed else []
    why = failure_text(trial) if failed else ""
    ways = [_joined([*who, *words, why]) for words in ([scored, parameters, *rest], *briefer)]
    name = trial.preset
    lines = [line for way in ways for line in (way, *([way.replace(f"preset {name}", name, 1)] if name else []))]
    return next((line for line in lines if len(line) <= width), lines[-1])


def again_line(again: Again, trial: Trial) -> str:
    """`trial  12  again 1/2  0.9134 epoch 14/20   52 s`."""
    ended = failure_text(trial) if trial.state is TrialState.FAILED else _scored(trial)
    return _joined([f"trial {again.trial:3}", again_text(again), ended, f"{span(trial.seconds):>5}"])


def failure_text(trial: Trial) -> str:
    """`nan: the loss ran away`."""
    if trial.reason == Reason.TIMEOUT and trial.detail:  # `trained for longer than 3 s` says it all
        return trial.detail
    return f"{plain_word(trial.reason)}: {explained(trial.detail)}"


def _scored(trial: Trial) -> str:
    """`0.9243 epoch 18/20`: the best of the epochs, and how many there are; or what its folds came to."""
    if trial.folds:
        images = f" of {trial.stage.samples:,}" if trial.stage.samples else ""
        deviation = pstdev(fold.accuracy for fold in trial.folds)
        return f"{score(trial.score)} ± {deviation:.3f}  {len(trial.folds)} folds{images}"
    best = trial.best
    if best:
        return f"{score(trial.score)} epoch {f'{best.epoch}/{len(trial.curve)}':>5}"
    return "" if trial.state is TrialState.FAILED else f"{'-':18}"


def running_line(running: RunningTrial, width: int = WIDTH) -> str:
    """`trial   3  epoch  2/20  val 0.8500  2.5 s/epoch  97 k params  CPU  ▁█`, the curve as long as there is room."""
    whole = _running(running)
    line = whole if len(whole) <= width else _running(running, brief=True)
    room = width - len(line) - 2
    return _joined([line, sparkline(running.curve[-room:]) if running.curve and room >= LEAST_CURVE else ""])


def _running(running: RunningTrial, *, brief: bool = False) -> str:
    began = running.began
    words = [f"trial {began.number:3}", running.again, _how_far(running)]
    if running.folds:
        words.append(f"mean {score(mean(fold.accuracy for fold in running.folds))}")
    if running.curve:
        words += [f"val {score(running.curve[-1].val_accuracy)}", f"{running.curve[-1].seconds:.1f} s/epoch"]
    words += ["" if brief else _parameters(began.parameters), _short(began.device)]
    words += [f"preset {began.preset}"] if began.preset else []
    words += ["your guess"] if began.enqueued else []
    return _joined(words)


def _how_far(running: RunningTrial) -> str:
    """The fold that runs now, or the epochs that are done."""
    began = running.began
    if began.folds is None:
        return f"epoch {len(running.curve):>2}/{began.epochs}"
    return f"fold {min(len(running.folds) + 1, began.folds)}/{began.folds}"


def _parameters(n: int | None) -> str:
    return "-" if n is None else f"{multiples(n)} params"


def _short(device: str) -> str:
    """`CPU 1/2` for `CPU, share 1 of 2`, `GPU 0` for `GPU 0 (NVIDIA A100)`: what it is stands in the plan."""
    return re.sub(r", share (\d+) of (\d+)", r" \1/\2", re.sub(r" \([^)]*\)", "", device))


def _joined(words: list[str]) -> str:
    return "  ".join(filter(None, words)).rstrip()


def sparkline(curve: list[Epoch]) -> str:
    """The validation accuracies as bars, from the lowest of the curve to the highest."""
    values = [epoch.val_accuracy or 0.0 for epoch in curve]
    low, width = min(values), max(values) - min(values)
    return "".join("▁▂▃▄▅▆▇█"[round((value - low) / width * 7) if width else 0] for value in values)
