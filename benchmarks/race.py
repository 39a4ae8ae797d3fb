"""How soon a good model is found, against KerasTuner and Optuna as their guides use them: a part of `make bench`.

Each contestant searches the same space on the same images for ten minutes in a process of its own; what it had after
150 and 300 seconds is read from the same run. The clock starts with the command. `python benchmarks/race.py` runs what
is missing, a line of benchmarks/race.jsonl each, and writes benchmarks/race.md (six hours);
`--budget 30 --spaces mlp_v1` is a try that is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tuner.machine import hardware, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROWS = HERE / "race.jsonl"
CHILD = HERE / "race_child.py"
OURS = "tune"
PEERS = ("kt-random", "kt-bayesian", "kt-hyperband", "optuna-median", "optuna-hyperband")
SPACES = ("mlp_v1", "cnn_v4")
BUDGETS = (150, 300, 600)
SHARE = 1 / 3
"""Of the budget within which the best peer's final score is to be reached."""

BEST_STORED = "SELECT MAX(intermediate_value) FROM trial_intermediate_values"

Course = list[tuple[float, float]]
"""(seconds since the command, best validation accuracy by then), rising."""

PAGE = """# How soon a good model is found

{when}; {machine}.

Fashion-MNIST, 51,000 images train and 9,000 validate, the same ones for all of a seed. Everybody searches the same
space for the same time; the clock starts with the command, so that loading TensorFlow counts. A contestant's score is
the best validation accuracy of any epoch so far. The peers train with `model.fit` over arrays, {epochs} epochs a trial:
KerasTuner's tuners with their defaults, Optuna's TPE with `MedianPruner()` and with
`HyperbandPruner(max_resource={epochs})`. `tune` has its own defaults, the space's preset first among them.
{seeds} seeds; medians, least to most. The contestants of a seed ran one after the other; a plain loop, timed before and
after each run, took {pace} s: that much the machine's own speed changed meanwhile.

{tables}
"""


def seconds_to(course: Course, score: float) -> float:
    return next((seconds for seconds, best in course if best >= score), float("inf"))


def best_by(course: Course, seconds: float) -> float:
    return max((best for at, best in course if at <= seconds), default=0.0)


# --- running ----------------------------------------------------------------------------------------------------------


def ran(contestant: str, space: str, seed: int, budget: float) -> Course:
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "TUNE_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3", "CI": "1"}
        words = [sys.executable, str(CHILD), contestant, space, str(seed)]
        if contestant == OURS:
            words = [sys.executable, "-m", "tuner", "fashion-mnist", "--space", space, "--seed", str(seed)]
            words += ["--trials", "10000", "--study", "race"]
        began = time.monotonic()
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ, start_new_session=True, cwd=home
        )
        told = stored(Path(home), process) if contestant == OURS else printed(process)
        course: Course = []
        try:
            for score in told:
                seconds = time.monotonic() - began
                if seconds > budget:
                    break
                if score > (course[-1][1] if course else 0.0):
                    course.append((round(seconds, 2), score))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return course


def printed(process: subprocess.Popen[bytes]) -> Iterator[float]:
    """Scores as a peer's process prints them, and 0 each second."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while process.poll() is None:
            if selector.select(timeout=1.0):
                line = process.stdout.readline().decode()
                yield float(line) if line.startswith("0.") else 0.0
            else:
                yield 0.0


def stored(home: Path, process: subprocess.Popen[bytes]) -> Iterator[float]:
    """The best score in the study's database, looked up twice a second."""
    while process.poll() is None:
        time.sleep(0.5)
        best = 0.0
        for database in home.glob("studies/*/study.db"):
            with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
                best = (
                    rows.execute("SELECT MAX(intermediate_value) FROM trial_intermediate_values").fetchone()[0] or 0.0
                )
        yield best


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def pace() -> float:
    """Seconds that a plain loop takes: machines that others use too are not always as fast."""
    began = time.perf_counter()
    for _ in range(5_000_000):
        pass
    return round(time.perf_counter() - began, 3)


def run_missing(spaces: list[str], seeds: int) -> None:
    """Contestants in turn, each time from another one on."""
    for seed in range(seeds):
        for space in spaces:
            contestants = (OURS, *PEERS)
            for contestant in contestants[seed:] + contestants[:seed]:
                key = {"contestant": contestant, "space": space, "seed": seed}
                if any(row.items() >= key.items() for row in rows()):
                    continue
                before = pace()
                course = ran(contestant, space, seed, BUDGETS[-1])
                with ROWS.open("a") as file:
                    file.write(json.dumps({**key, "pace": [before, pace()], "course": course}) + "\n")
                print(*key.values(), course[-1] if course else "nothing", flush=True)


# --- the page ---------------------------------------------------------------------------------------------------------


def table(space: str, found: list[dict[str, Any]]) -> str:
    courses = {
        name: {row["seed"]: row["course"] for row in found if row["contestant"] == name} for name in (OURS, *PEERS)
    }
    lines = [
        f"## {space}",
        "",
        "| contestant | " + " | ".join(f"best after {budget} s" for budget in BUDGETS) + " |",
        "| --- |" + " --- |" * len(BUDGETS),
    ]
    for name, own in courses.items():
        cells = []
        for budget in BUDGETS:
            scores = sorted(best_by(course, budget) for course in own.values())
            cells.append(f"{median(scores):.4f} ({scores[0]:.4f} to {scores[-1]:.4f})" if scores else "not run")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(reached(budget, courses) for budget in BUDGETS)])


def reached(budget: int, courses: dict[str, dict[int, Course]]) -> str:
    """Against the peer that was best in that time, seed by seed."""
    peers = {name: own for name, own in courses.items() if name != OURS and own}
    if not peers or not courses[OURS]:
        return ""
    best = max(peers, key=lambda name: median(best_by(course, budget) for course in peers[name].values()))
    score = median(best_by(course, budget) for course in peers[best].values())
    times = sorted(seconds_to(course, score) for course in courses[OURS].values())
    met = "within a third" if median(times) <= SHARE * budget else "not within a third"
    reached_after = ", ".join(f"{each:.0f}" if each < budget else "not" for each in times)
    return f"- In {budget} s the best peer is {best}: {score:.4f}; `tune` reached that after {reached_after} s: {met}."


def page(found: list[dict[str, Any]], epochs: int) -> str:
    machine = ", ".join([*hardware().values(), *(f"{name} {each}" for name, each in versions().items())])
    tables = "\n\n".join(table(space, [row for row in found if row["space"] == space]) for space in SPACES)
    seeds = len({row["seed"] for row in found})
    paces = [seconds for row in found for seconds in row["pace"]]
    return PAGE.format(
        when=datetime.now(UTC).date(),
        machine=machine,
        tables=tables,
        seeds=seeds,
        epochs=epochs,
        pace=f"{min(paces):.2f} to {max(paces):.2f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, help="seconds of a try that is not kept")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--spaces", nargs="+", default=list(SPACES))
    given = parser.parse_args()
    if given.budget:
        for space in given.spaces:
            for contestant in (OURS, *PEERS):
                print(contestant, space, ran(contestant, space, 0, given.budget), flush=True)
        return
    run_missing(given.spaces, given.seeds)
    (HERE / "race.md").write_text(page(rows(), epochs=20))


if __name__ == "__main__":
    main()
