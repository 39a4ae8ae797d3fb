"""Trials a minute with the cores of the CPU divided in one way or another: whole searches, the same trials in each.

`python benchmarks/splits.py` takes about ten minutes and writes benchmarks/splits.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from overhead import spread

from tuner.machine import hardware, versions
from tuner.slots import Network, usual_split, workers_to_try

PAGE = Path(__file__).parent / "splits.md"
TUNE = (sys.executable, "-m", "tuner")
ROUNDS = 3
ALIKE = ("--algorithm", "random", "--pruner", "none", "--seed", "0")
"""Proposes by the number of the trial alone, whoever else trains meanwhile."""
SEARCHES = {
    "mlp_v1": (8, ("--epochs", "3")),
    "cnn_v4": (5, ("--epochs", "3", "--limit", "8000")),
}
"""How many trials of a space, and how long each is."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    searching: float
    """Seconds from the command to the end of the search."""
    first: float
    """Seconds from the command to the first training step."""
    between: float
    """Seconds that slots waited between trials, a second of training."""
    memory: float
    """GiB of all workers together at their peaks."""
    configurations: frozenset[str]
    """The values of each trial, JSON."""


def searched(space: str, workers: int) -> Searched:
    n_trials, words = SEARCHES[space]
    with tempfile.TemporaryDirectory(prefix="tune-splits-") as home:
        environ = {**os.environ, "TUNE_HOME": home, "CI": "1"}
        command = ("fashion-mnist", "--space", space, "--trials", str(n_trials), *words, *ALIKE)
        chosen = ("--gpus", "none", "--workers", str(workers), "--study", "s", "--quiet")
        subprocess.run([*TUNE, *command, *chosen], env=environ, stdout=subprocess.DEVNULL, check=True)
        shown = subprocess.run(
            [*TUNE, "show", "s", "--time", "--json"], env=environ, stdout=subprocess.PIPE, check=True
        )
    study: dict[str, Any] = json.loads(shown.stdout)
    time = study["time"]
    spent = {each["name"]: each["seconds"] for each in time["spent"]}
    return Searched(
        searching=time["seconds"] - spent["retraining"] - spent["reporting"],
        first=time["first_step_after"][0],
        between=time["between_trials"]["share_of_training"],
        memory=workers * max(trial["memory"] for trial in study["trials"]) / 2**30,
        configurations=frozenset(json.dumps(trial["values"]) for trial in study["trials"]),
    )


def line(space: str, workers: int, found: list[Searched], alone: list[Searched]) -> str:
    n_trials, _ = SEARCHES[space]
    rates = [60 * n_trials / each.searching for each in found]
    ratios = [one.searching / each.searching for one, each in zip(alone, found, strict=True)]
    cells = (
        f"`{space}`", f"{workers}", spread(rates), spread(ratios, digits=2), spread([each.first for each in found]),
        f"{max(each.between for each in found):.1%}", f"{max(each.memory for each in found):.1f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def page(found: dict[str, dict[int, list[Searched]]]) -> str:
    facts, machine = versions(), hardware()
    table = "\n".join(
        line(space, workers, runs, by_workers[1])
        for space, by_workers in found.items()
        for workers, runs in by_workers.items()
    )
    chosen = ", ".join(f"{usual_split(each, {'TUNE_HOME': '/nowhere'}).workers} for {each}" for each in Network)
    return f"""\
# How to divide the cores

Whole searches on Fashion-MNIST, start-up included, up to the end of the search: the same {SEARCHES["mlp_v1"][0]} trials
of `mlp_v1` (51,000 images, 3 epochs) and {SEARCHES["cnn_v4"][0]} of `cnn_v4` (6,800 images, 3 epochs) with each number
of workers, drawn at random and not pruned; {ROUNDS} rounds in turn; median, lowest and highest, ratios round by round.
"First" is the time from the command to the first training step; "between" what slots waited between trials, of the time
that they trained.

{datetime.now(UTC):%Y-%m-%d}. {machine["processor"]}, {machine["cores"]} cores, {machine["memory"]}, no GPU.
Python {facts["Python"]}, tensorflow {facts["tensorflow"]}. Again: `python benchmarks/splits.py`.
Chosen here without a measurement of `tune doctor --measure`: {chosen}.

| space | workers | trials a minute | times one worker | first, s | between | workers' memory, GiB |
| --- | ---: | --- | --- | --- | ---: | ---: |
{table}
"""


def main() -> None:
    found: dict[str, dict[int, list[Searched]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for space in SEARCHES:
            for workers in workers_to_try():
                run = searched(space, workers)
                found[space][workers].append(run)
                print(space, workers, f"{run.searching:.1f} s", flush=True)
    for space, by_workers in found.items():
        assert len({run.configurations for runs in by_workers.values() for run in runs}) == 1, f"{space}: not alike"
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
