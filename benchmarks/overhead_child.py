"""What overhead.py measures, each in a process of its own: `overhead_child.py WHAT ...` prints a line of JSON."""

from __future__ import annotations

import copy
import json
import resource
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def ours(folder: str, n: str, slots: str) -> dict[str, float]:
    """The search goes on to n trials over real processes that train nothing."""
    from fakes.eight import Run

    run = Run(Path(folder), int(n), seconds=0.0, n_slots=int(slots))
    run.search().study.close()
    last = run.spent[max(0, len(run.spent) - 1001) :]
    return {
        "trials": len(run.spent) - 1,
        "wall": run.wall,
        "cost": run.spent[-1] - run.spent[0],
        "last": 1000 * (last[-1] - last[0]) / (len(last) - 1),
    }


def peer(database: str, n: str, threads: str) -> dict[str, float]:
    """Optuna's `optimize` of as many parameters, reports and prunings a trial, its storage on the same disk."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{database}"
    study = optuna.create_study(
        storage=storage,
        study_name="s",
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=4, reduction_factor=3),
    )
    ends: list[tuple[float, float]] = []
    study.optimize(
        objective,
        n_trials=int(n),
        n_jobs=int(threads),
        callbacks=[lambda *_: ends.append((time.perf_counter(), time.process_time()))],
    )
    wall, cost = (last - first for first, last in zip(ends[0], ends[-1], strict=True))
    return {"trials": len(ends) - 1, "wall": wall, "cost": cost}


def objective(trial: Any) -> float:
    """The parameters of the space in tests/fakes/eight.py, and as many epochs."""
    trial.suggest_int("dense.units", 8, 256)
    trial.suggest_categorical("dense.activation", ("relu", "elu", "tanh", "sigmoid"))
    trial.suggest_float("dropout.rate", 0.0, 0.5)
    trial.suggest_float("training.optimizer.adam.learning_rate", 1e-5, 1e-1, log=True)
    for epoch in range(1, 4):
        trial.report(1 / (2 + trial.number % 7 + 1 / epoch), epoch)
        trial.should_prune()
    return 1 / (2 + trial.number % 7)


def ask(folder: str, algorithm: str) -> dict[str, float]:
    """Seconds of one proposal alone, by the sampler over the study in memory."""
    from fakes.driving import LABELS, driver
    from fakes.eight import SPACE

    from tuner.engines import Setting, make_engine

    made = driver(Path(folder), "optuna", algorithm, text=SPACE)
    plan = replace(made.study.plan, algorithm=algorithm)
    engine = make_engine(Setting(space=made.space, plan=plan, n_trials=0, labels=LABELS))
    seconds = []
    for _ in range(6):
        began = time.process_time()
        with made.study.together():
            engine.propose(made.study)
        seconds.append(time.process_time() - began)
    made.study.close()
    return {"ask": sorted(seconds[1:])[2]}


def fill(folder: str, n: str) -> dict[str, float]:
    """The study has n finished trials afterwards: those that it has, again and again, as other configurations."""
    from tuner.study import Folder, Study
    from tuner.study.records import SETUP

    study = Study.open(Folder(Path(folder)), writable=True)
    rows = [row for row in study.optuna.get_trials(deepcopy=False) if row.state.is_finished()]
    with study.together():
        for number in range(int(n) - len(rows)):
            row = copy.copy(rows[number % len(rows)])
            row.user_attrs = copy.deepcopy(row.user_attrs)
            row.user_attrs[SETUP]["configuration"] = f"{number:064x}"
            study.add(row)
    study.close()
    return {"trials": float(n)}


def peer_show(database: str) -> dict[str, float]:
    """All trials read and the best ten told, as a script with Optuna would."""
    import optuna

    study = optuna.load_study(study_name=None, storage=f"sqlite:///{database}")
    for trial in sorted(study.trials, key=lambda trial: trial.value or -1.0)[-10:]:
        sys.stderr.write(f"{trial.number} {trial.value} {trial.params}\n")
    return {}


def peer_resume(database: str, marker: str) -> dict[str, float]:
    """The study loaded, and one trial more by the sampler that `tune` uses; `marker` is made when it begins."""
    import optuna

    warnings.simplefilter("ignore")
    sampler = optuna.samplers.TPESampler(seed=0, multivariate=True, group=True, constant_liar=True)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{database}", sampler=sampler)
    distributions = study.best_trial.distributions

    def begins(trial: Any) -> float:
        for name, distribution in distributions.items():
            trial._suggest(name, distribution)  # noqa: SLF001 - whatever they are
        Path(marker).touch()
        return 0.0

    study.optimize(begins, n_trials=1)
    return {}


WHAT = {each.__name__: each for each in (ours, peer, ask, fill, peer_show, peer_resume)}

if __name__ == "__main__":
    found: dict[str, float] = WHAT[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({**found, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
