"""How much a search will write to the disk, told without training.

Measured with Optuna 5.0.0's tables (2026-11-27): a new study takes 115 kB, a trial 4.0 kB with one epoch and 20
parameters, 8.4 kB with 20 epochs, 14.2 kB with 60. Reports on six studies of digits and Fashion-MNIST took 0.8 to
1.1 MB.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, fields
from statistics import fmean
from typing import TYPE_CHECKING

from tuner.planning.cases import Setting, look_at
from tuner.planning.memory import FLOAT
from tuner.planning.work import Images, slots_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from search_spaces import SearchSpace
    from tuner.data import ImageData
    from tuner.plan import Keep
    from tuner.planning.cases import Case

DRAWS = 100
"""Random configurations, from which the sizes of checkpoints are told."""

UNITS = ("B", "kB", "MB", "GB", "TB")
THOUSAND = 1000
WHOLE = 9.95
"""From here on sizes are told without decimals."""

KILOBYTE = 1000
MEGABYTE = 1000 * KILOBYTE

CHECKPOINT = 16 * KILOBYTE
"""What a checkpoint takes beside its numbers: the archive's entries, the manifest, the blocks that are not full."""
AT_ONCE = 3
"""Checkpoints of a trial that runs: two are kept, and the next is written before the older goes."""

STUDY = 115 * KILOBYTE
TRIAL = 4.5 * KILOBYTE
EPOCH = 0.24 * KILOBYTE
COPIES = 4
"""Of the database: three backups, and the next that is written before the oldest goes."""

REPORT = 3 * MEGABYTE
"""A report, and the one that takes its place."""
LOGS = 0.1 * MEGABYTE
PREDICTION = 8
"""Bytes for each test image and class."""

CONTINUED = 1 / 3
"""Of Hyperband's trials go on to the next round; the others keep their weights in case that they do."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Bytes, over configurations that can be trained."""

    mean: int
    """Of a checkpoint: weights and what the optimizer and averaging keep for each."""
    largest: int
    model: int
    """Of the largest model's weights alone."""


@dataclass(frozen=True, kw_only=True)
class There:
    """What the study's folder holds already. Bytes, but for `kept`."""

    database: int = 0
    backups: int = 0
    kept: int = 0
    """Finished trials that have weights."""
    cut_off: int = 0
    """Checkpoints that trials will go on from."""
    has_result: bool = False


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What is to come."""

    trials: int
    """That the study lacks."""
    carried: int = 0
    """That it takes over from another: they are written, and have no weights."""
    at_once: int
    epochs: int
    """Of a full trial."""
    keep: Keep
    in_rounds: bool = False
    """Whether trials go on from others, as in Hyperband."""
    predictions: int = 0
    """Test images times classes."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """Bytes that will be written beyond what is there, and stay or stand there for a while."""

    running: int
    kept: int
    database: int
    result: int
    """The retrained winner and the report."""

    @property
    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))


def weights_of(cases: Sequence[Case]) -> Weights | None:
    """None where none of the cases can be trained."""
    found = [
        (FLOAT * case.summary.parameters, slots_of(case.configuration.training))
        for case in cases
        if case.hindrance is None and case.summary is not None
    ]
    if not found:
        return None
    checkpoints = [CHECKPOINT + model * (1 + slots) for model, slots in found]
    return Weights(mean=round(fmean(checkpoints)), largest=max(checkpoints), model=max(model for model, _ in found))


def disk_need(weights: Weights, ahead: Ahead, there: There) -> Need:
    """What the rest of a search needs: nothing but a report where it has ended."""
    if ahead.trials <= 0 and there.has_result:
        return Need(running=0, kept=0, database=0, result=REPORT)
    at_once = max(min(ahead.at_once, ahead.trials), 1)  # at the end the winner's retraining
    running = at_once * AT_ONCE * weights.largest
    return Need(
        running=max(running - there.cut_off, 0),
        kept=_n_kept(ahead, there) * weights.mean,
        database=_database(ahead, there),
        result=round(REPORT + LOGS + weights.model + PREDICTION * ahead.predictions),
    )


def _database(ahead: Ahead, there: There) -> int:
    """What it will grow by, and its copies."""
    grown = max(there.database, STUDY) + (TRIAL + EPOCH * ahead.epochs) * (max(ahead.trials, 0) + ahead.carried)
    return round(grown - there.database + max(COPIES * grown - there.backups, 0))


def _n_kept(ahead: Ahead, there: There) -> int:
    """Finished trials whose weights will stay, beyond those whose weights are there."""
    most = ahead.trials if ahead.keep.most is None else max(ahead.keep.most - there.kept, 0)
    if ahead.in_rounds:
        most = max(most, round(ahead.trials * (1 - CONTINUED)))
    return max(min(most, ahead.trials), 0)


def estimate(space: SearchSpace, data: ImageData, ahead: Ahead, there: There) -> Need | None:
    """What will be written; None where nothing of the space can be trained on the data."""
    images = Images(shape=data.image_shape, n_classes=data.n_classes, n_train=data.n_train, n_validation=0)
    setting = Setting(space=space, images=images, epochs=ahead.epochs, speed=None)
    rng = random.Random(0)
    configurations = [
        space.default(),
        *(space.preset(name) for name in space.presets),
        *(space.configure(lambda parameter: parameter.domain.sample(rng)) for _ in range(DRAWS)),
    ]
    weights = weights_of([look_at("", each, setting) for each in configurations])
    return None if weights is None else disk_need(weights, ahead, there)


@dataclass(frozen=True, kw_only=True)
class Disk:
    device: int
    """By which the system tells it from others."""
    free: int
    """Bytes, for this user."""


def disk_at(path: Path) -> Disk:
    """The one on which `path` is, or will be; of a link, where it leads to."""
    there = next(each for each in (path, *path.parents) if each.exists())
    return Disk(device=there.stat().st_dev, free=shutil.disk_usage(there).free)


def free_bytes(path: Path) -> int:
    """Free for this user where `path` is, or will be."""
    return disk_at(path).free


def bytes_text(n_bytes: float) -> str:
    """`812 B`, `3.4 kB`, `120 MB`, `1.2 GB`."""
    power = 0
    while power < len(UNITS) - 1 and n_bytes >= THOUSAND:
        n_bytes, power = n_bytes / THOUSAND, power + 1
    decimals = 1 if power and n_bytes < WHOLE else 0
    return f"{n_bytes:.{decimals}f} {UNITS[power]}"
