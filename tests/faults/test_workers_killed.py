"""Fault test 2: workers killed at random. Each trial goes on under its number, from its last epoch."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from evidence import Measured
from fakes.ledger import shortfalls
from fakes.starting import Nursery, Started, Tune

STUDIES, KILLS = 5, 10
TRIALS = 36
EPOCHS = 10
SEARCH = ("digits", "--space", "small.yaml", "--trials", str(TRIALS), "--study", "s")
COMMAND = (*SEARCH, "--epochs", str(EPOCHS), "--workers", "2")
TARGET = "50 kills: the study ends, each killed trial goes on under its number, <= 2 retries, 0 orphans after 2 s"


def workers(of: Started) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(of.pid).children()
    return []


@pytest.mark.timeout(180)
def test_trials_of_killed_workers_go_on_under_their_numbers(
    nursery: Nursery, tmp_path: Path, chance: random.Random, measured: Measured
) -> None:
    """Five studies at a time, each with a kill every half to two seconds."""
    tunes = [Tune(nursery, tmp_path / str(n)) for n in range(STUDIES)]
    started = [tune.start(*COMMAND, orders={"seconds": 0.1}) for tune in tunes]
    kills = Counter(dict.fromkeys(range(STUDIES), 0))
    due = [time.monotonic() + chance.uniform(1.0, 2.0) for _ in tunes]
    while any(kills[n] < KILLS and each.runs for n, each in enumerate(started)):
        for n, each in enumerate(started):
            if kills[n] < KILLS and time.monotonic() > due[n] and (found := workers(each)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    chance.choice(found).kill()
                    kills[n] += 1
                due[n] = time.monotonic() + chance.uniform(0.5, 2.0)
        time.sleep(0.02)
    codes = [each.wait(90) for each in started]
    orphans = sum(len(tune.orphans()) for tune in tunes)
    retries = sum(each.said.count("(retry ") for each in started)
    again = [each for tune in tunes for each in begun_again(tune.log)]
    fruitless, repeated = max(each.fruitless for each in again), max(each.repeated for each in again)
    wrong = [fault for tune in tunes for fault in shortfalls(tune.study("s"), TRIALS)]
    measured(
        2,
        target=TARGET,
        figure=f"{kills.total()} kills, {retries} of them in a trial: exit codes {set(codes)}, {len(wrong)} "
        f"shortfalls, at most {fruitless} retries without an epoch between, at most {repeated} epoch again for a kill, "
        f"{orphans} orphans",
    )
    assert kills.total() >= STUDIES * KILLS
    assert set(codes) == {0}
    assert wrong == []
    assert fruitless <= 2
    assert repeated <= 1
    assert orphans == 0


@dataclass(frozen=True)
class Again:
    """One time that a trial was begun again."""

    fruitless: int
    """Times in a row, this one included, that it was without another epoch in between."""
    repeated: int
    """Epochs that were trained before."""


def begun_again(log: Path) -> Iterator[Again]:
    reached: dict[str, int] = {}
    fruitless: Counter[str] = Counter()
    fresh: set[str] = set()
    for line in log.read_text(encoding="utf-8").splitlines():
        what, trial, *rest = line.split()
        if reached.get(trial) == EPOCHS:
            continue  # the winner is trained once more
        if what == "begun":
            fruitless[trial] += trial in reached
            reached.setdefault(trial, 0)
            fresh.add(trial)
        elif what == "epoch":
            epoch = int(rest[0])
            if trial in fresh:
                yield Again(fruitless=fruitless[trial], repeated=max(0, reached[trial] + 1 - epoch))
                fresh.discard(trial)
            if epoch > reached[trial]:
                reached[trial], fruitless[trial] = epoch, 0
