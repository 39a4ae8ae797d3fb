"""How fast this machine trains with its cores divided in one way or another: real workers, made-up images."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import psutil

from search_spaces import SearchSpace
from tuner.data import ImageData, Split, save_split
from tuner.errors import BusyError, TuneError
from tuner.executors.local import COMMAND, Local
from tuner.jobs import TrainingJobs
from tuner.messages import Died, EpochDone, Failed, Stopped, Unfit
from tuner.plan import Plan
from tuner.slots import Measured, Network, SplitOfCores, slots, this_machine, workers_to_try
from tuner.study import Folder
from tuner.trial import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tuner.executors import Executor
    from tuner.messages import FromWorker, Train

ROUNDS = 2
"""Times that each split is measured, in turn. The better figure counts: what disturbs only slows."""

SECONDS = 6.0
"""That the epochs of one split on one model are counted for, once all its workers have trained one."""

START = 8.0
"""Seconds that starting and stopping a split's workers takes on top, about."""

PATIENCE = 120.0
"""Seconds within which a worker must have trained an epoch."""

SIDE, N_CLASSES, N_VALIDATION = 28, 10, 1000

N_TRAIN: Mapping[Network, int] = {Network.PERCEPTRON: 50_000, Network.CONVOLUTIONS: 6_000}
"""Images an epoch: as in real searches, or as many as take about a second."""

SPACES: Mapping[Network, str] = {
    Network.PERCEPTRON: """
name: perceptron
layers: [flatten, dense: {units: 128, activation: relu}, dense: {units: 64, activation: relu}]
training: {optimizer: adam, batch_size: 128, epochs: 10_000}
""",
    Network.CONVOLUTIONS: """
name: convolutions
layers:
  - conv2d: {filters: 32, kernel_size: 3, activation: relu}
  - max_pooling2d: {pool_size: 2}
  - conv2d: {filters: 64, kernel_size: 3, activation: relu}
  - max_pooling2d: {pool_size: 2}
  - flatten
  - dense: {units: 64, activation: relu}
training: {optimizer: adam, batch_size: 128, epochs: 10_000}
""",
}


BUSY = 0.2
"""Share of the processors' time that others may use: beyond it, more workers only get more of what is left."""


def others_use(seconds: float = 1.0) -> float:
    """Share of the time of the processors that this process may use, in use while it does nothing itself."""
    percents = psutil.cpu_percent(interval=seconds, percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(percents))
    return fmean(percents[i] for i in mine if i < len(percents)) / 100


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to measure; tests are quicker."""

    command: Sequence[str] = COMMAND
    """What starts a worker."""
    seconds: float = SECONDS
    rounds: int = ROUNDS
    clock: Callable[[], float] = time.monotonic
    busy: Callable[[], float] = others_use


def expected_seconds(workers: Sequence[int], way: Way | None = None) -> float:
    """That `measure` will take for these splits, about."""
    way = way or Way()
    return way.rounds * len(workers) * (START + len(SPACES) * 1.5 * way.seconds)


def measure(tell: Callable[[str], None], way: Way | None = None) -> Measured:
    """Trains with each split of the cores, in turn, and returns the figures. `tell` gets a line on each as it comes.

    Raises BusyError where the machine does much else, TuneError where a worker cannot train.
    """
    way = way or Way()
    best: defaultdict[int, dict[Network, float]] = defaultdict(dict)
    with tempfile.TemporaryDirectory(prefix="tune-measure-") as name:
        jobs = {network: _jobs(Path(name), network) for network in SPACES}
        for number in range(1, way.rounds + 1):
            for workers in workers_to_try():
                _check_idle(way.busy())
                rates = _rates(workers, jobs, Path(name) / "logs", way)
                for network, figure in rates.items():
                    best[workers][network] = max(figure, best[workers].get(network, 0.0))
                tell(f"round {number} of {way.rounds}, {line_of(workers, rates)}")
    return Measured(
        machine=this_machine(),
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        splits=tuple(SplitOfCores(workers=workers, rates=rates) for workers, rates in sorted(best.items())),
    )


def line_of(workers: int, rates: Mapping[Network, float]) -> str:
    """`2 workers: perceptron 101,000 images/s, convolutions 5,200 images/s`."""
    figures = ", ".join(f"{network} {figure:,.0f} images/s" for network, figure in rates.items())
    return f"{workers} worker{'' if workers == 1 else 's'}: {figures}"


def _rates(workers: int, jobs: Mapping[Network, Callable[[], Train]], logs: Path, way: Way) -> dict[Network, float]:
    """Images a second, of so many workers at once."""
    with closing(Local(slots("none", workers=workers), logs, way.command)) as executor:
        executor.start()
        return {network: rate(executor, job, N_TRAIN[network], way) for network, job in jobs.items()}


def rate(executor: Executor, job: Callable[[], Train], n_images: int, way: Way) -> float:
    """Images a second that all slots train on together, each on a job of its own of `n_images` an epoch."""
    numbers = []
    for slot in executor.free():
        following = job()
        executor.submit(slot, following)
        numbers.append(following.job)
    ends = _epoch_ends(executor, numbers, way)
    for number in numbers:
        executor.stop(number)
    _until_stopped(executor, numbers, way.clock)
    return sum(n_images * (len(each) - 1) / _elapsed(each) for each in ends)


def _elapsed(ends: Sequence[tuple[float, float]]) -> float:
    """Seconds from the end of the first epoch to that of the last, as they were heard of.

    What is heard late may be heard in a burst: no epoch was shorter than its worker says.
    """
    return max(ends[-1][0] - ends[0][0], sum(seconds for _, seconds in ends[1:]))


def _epoch_ends(executor: Executor, numbers: Sequence[int], way: Way) -> list[list[tuple[float, float]]]:
    """When each job's epochs ended, and how long each took by its worker's clock.

    From the time on when all have trained one: building a model is not counted.
    """
    ends: dict[int, list[tuple[float, float]]] = {number: [] for number in numbers}
    warm: set[int] = set()
    began = since = way.clock()
    while way.clock() - since < way.seconds or min(len(each) for each in ends.values()) < 2:  # noqa: PLR2004 - a span
        message = executor.next(timeout=0.2)
        _check(message)
        now = way.clock()
        if isinstance(message, EpochDone):
            if len(warm) == len(numbers):
                ends[message.job].append((now, message.epoch.seconds))
            elif (warm := warm | {message.job}) == set(numbers):
                since = now
        if now - began > PATIENCE + way.seconds:
            raise TuneError(f"measuring: a worker trained no two epochs within {PATIENCE:.0f} s.")
    return list(ends.values())


def _until_stopped(executor: Executor, numbers: Sequence[int], clock: Callable[[], float]) -> None:
    left, began = set(numbers), clock()
    while left:
        message = executor.next(timeout=0.2)
        _check(message)
        if isinstance(message, Stopped):
            left.discard(message.job)
        if clock() - began > PATIENCE:
            raise TuneError(f"measuring: a worker did not stop within {PATIENCE:.0f} s.")


def _check_idle(busy: float) -> None:
    if busy > BUSY:
        raise BusyError(
            f"other programs use {busy:.0%} of the processors: what was measured now would not hold. "
            f"Try again when they have ended."
        )


def _check(message: FromWorker | None) -> None:
    if isinstance(message, Died | Failed | Unfit):
        raise TuneError(f"measuring: a worker cannot train here: {message.detail}.")


def _jobs(folder: Path, network: Network) -> Callable[[], Train]:
    """What makes a training of the network, each under a new number: one that was begun before would go on."""
    place = folder / network
    place.mkdir()
    n_train = N_TRAIN[network]
    random = np.random.default_rng(0)
    shape = (n_train + N_VALIDATION, SIDE, SIDE, 1)
    np.save(place / "train_images.npy", random.integers(0, 256, shape, dtype=np.uint8))
    np.save(place / "train_labels.npy", random.integers(0, N_CLASSES, shape[0], dtype=np.uint8))
    rows = np.arange(shape[0])
    study = Folder(place)
    save_split(Split(train=rows[:n_train], validation=rows[n_train:]), study.split, "made up")
    space = SearchSpace.parse(SPACES[network], f"{network}.yaml")
    plan = Plan(dataset="made up", data_fingerprint="made up", space=network, space_fingerprint=space.fingerprint)
    jobs = TrainingJobs(folder=study, plan=plan, data=_data(place, n_train), space=space)
    numbers = count()
    return lambda: jobs.train(next(numbers), space.default(), WHOLE)


def _data(folder: Path, n_train: int) -> ImageData:
    return ImageData(
        name="made up",
        title="Made-up images",
        folder=folder,
        image_shape=(SIDE, SIDE, 1),
        class_names=tuple(map(str, range(N_CLASSES))),
        n_train=n_train + N_VALIDATION,
        n_test=0,
        fingerprint="made up",
        test_counts=(),
        source="made up",
    )
