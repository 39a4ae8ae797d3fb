"""All searches that are compared, each kept as a line of a file: who is cut off goes on where it was."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from importlib.util import find_spec
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.defaults.candidates import FACTORS, FIRST_RUNGS, ORDERS, PRUNERS, Candidate
from benchmarks.defaults.lcbench import TASKS, LCBenchTask
from benchmarks.defaults.record import file_of
from benchmarks.defaults.replay import Replay
from benchmarks.defaults.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.defaults.problem import Problem

BUDGET = 50.0
"""Trainings' worth of each search."""
SEEDS = 10
TABLE_SEEDS = 60
"""Of searches in a table: they take no time, and a table has but one best."""

SHORT_EPOCHS, LONG_EPOCHS = 20, 51
"""Of LCBench's trainings: as many as those of the library's spaces, and all that it has. The latter in half the seeds.
"""

CONTROL = Candidate()

MODELS = ("tpe 5", "tpe 8", "tpe 10", "tpe 16", "tpe 8 joint", "tpe 8 apart", "cmaes 8", "gp 8")
CONDITIONAL = "tpe 8 joint"
"""Differs from `tpe 8` where parameters are not always there alone: compared in the tables."""
NEEDS = {"gp 8": "torch", "cmaes 8": "cmaes"}

PRUNED = tuple(Candidate(pruner=pruner) for pruner in PRUNERS)
ORDERED = tuple(Candidate(order=order) for order in ORDERS if order != CONTROL.order)
MODELLED = (
    *(
        Candidate(sampler=sampler, pruner=pruner)
        for pruner, sampler in product(("none", "asha 2/3"), MODELS)
        if (sampler not in NEEDS or find_spec(NEEDS[sampler])) and sampler != CONDITIONAL
    ),
    *(
        Candidate(sampler="tpe 8", pruner=pruner)
        for pruner in ("asha 1/3", "asha 3/3", "asha 4/3", "hopeless 90", "median 3")
    ),
)
BOTH = tuple(Candidate(sampler="tpe 8", order=order) for order in ("promotion 1/3", "promotion 2/3", "promotion 4/3"))
WITH_PRESETS = tuple(
    Candidate(sampler=sampler, pruner=pruner, presets_first=True)
    for sampler, pruner in product(("random", "tpe 8"), ("none", "asha 2/3", "asha 4/3"))
)
SHORT = (*PRUNED, *ORDERED, *MODELLED, *BOTH, *WITH_PRESETS)
LONG = (
    *(
        Candidate(pruner=each)
        for each in ("none", "median 3", "asha 1/3", "asha 2/3", "asha 4/3", "asha 5/4", "hopeless 90")
    ),
    *(Candidate(order=each) for each in ("promotion 1/3", "promotion 4/3")),
    *(Candidate(sampler="tpe 8", pruner=each) for each in ("none", "asha 1/3", "asha 2/3", "asha 4/3", "hopeless 90")),
)
"""Of those the ones that are compared on whole trainings of 51 epochs too."""
IN_TABLES = (
    *PRUNED,
    *ORDERED,
    *WITH_PRESETS,
    *(Candidate(sampler=each) for each in ("tpe 5", "tpe 8", "tpe 16", "tpe 8 joint", "tpe 8 apart")),
    *(Candidate(sampler="tpe 8", pruner=each) for each in ("asha 2/3", "asha 4/3")),
)

assert len(FIRST_RUNGS) * len(FACTORS) < len(PRUNERS)


Job = tuple[str, str, Candidate, int]
"""Kind, which of the kind, candidate, seed."""


def jobs(lcbench: Path | None, n_seeds: int) -> Iterator[Job]:
    """What draws at random first: it takes a tenth of the time. All searches of a seed come before the next seed's."""
    lengths = ((SHORT_EPOCHS, SHORT), (LONG_EPOCHS, LONG)) if lcbench else ()
    for (epochs, candidates), at_random, seed in product(lengths, (True, False), range(n_seeds)):
        chosen = [each for each in candidates if (each.sampler == "random") is at_random]
        tasks = TASKS if epochs == SHORT_EPOCHS or seed % 2 else ()
        yield from ((f"lcbench {epochs}", str(task), each, seed) for task in tasks for each in chosen)


def table_jobs(n_seeds: int) -> Iterator[Job]:
    for space in ("mlp_v1", "cnn_v4"):
        if file_of(space).exists():
            yield from (("table", space, each, seed) for seed in range(n_seeds) for each in IN_TABLES)


def problem_of(kind: str, which: str, lcbench: Path | None, work: Path) -> Problem:
    if kind == "table":
        return Table(file_of(which))
    assert lcbench is not None
    return LCBenchTask(lcbench, int(which), int(kind.split()[1]), work)


def key_of(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return row["kind"], row["which"], row["candidate"], row["seed"]


def read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def run_missing(path: Path, wanted: Iterable[Job], lcbench: Path | None, n: int) -> None:
    """By problem and seed, whose searches have their random draws in common."""
    done = {key_of(row) for row in read(path)}
    groups: dict[tuple[str, str, int], list[Job]] = {}
    for kind, which, candidate, seed in wanted:
        if (kind, which, candidate.name, seed) not in done:
            groups.setdefault((kind, which, seed), []).append((kind, which, candidate, seed))
    print(f"{len(done)} searches are there, {sum(map(len, groups.values()))} to come", flush=True)
    with get_context("spawn").Pool(n, _begin, (lcbench, path.parent)) as pool, path.open("a", encoding="utf-8") as out:
        for rows in pool.imap(_run, groups.values()):
            out.writelines(json.dumps(row) + "\n" for row in rows)
            out.flush()


_problems: dict[tuple[str, str], Problem] = {}
_places: list[Any] = []


def _begin(*places: Any) -> None:
    warnings.simplefilter("ignore")
    _places.extend(places)


def _run(group: Sequence[Job]) -> list[dict[str, Any]]:
    kind, which, _, _ = group[0]
    if (kind, which) not in _problems:
        _problems[kind, which] = problem_of(kind, which, *_places)
    return [_row(job, _problems[kind, which]) for job in group]


def _row(job: Job, problem: Problem) -> dict[str, Any]:
    kind, which, candidate, seed = job
    trace = asdict(Replay(problem, candidate, seed, BUDGET).run())
    rounded = {name: np.round(rows, 5).tolist() for name, rows in trace.items()}
    return {"kind": kind, "which": which, "candidate": candidate.name, "seed": seed, **rounded}
