"""Optuna's samplers through our engine and study, held to plain `study.optimize`.

The plain study is Optuna's own throughout: its objective asks `suggest_*` under the names of the space, reports, asks
`should_prune`. One call of `optimize` makes all trials. Each has a fresh sampler of the stock class, put in place by a
callback after the trial before and seeded by our rule, (the plan's seed, the number of trials so far): a sampler that
lived on would remember what a resumed search cannot know.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from fakes.optuna_searches import SEED, SPACE, engine_of, made, optimized, search, told, train
from optuna.samplers import BaseSampler

from search_spaces import SearchSpace
from tuner.distributions import new_row
from tuner.engines import Proposal
from tuner.engines.optuna.samplers import ASTRAY, Situation, make_sampler
from tuner.study import Folder, Study
from tuner.trial import Epoch, Reason, Trial, TrialState

pytestmark = [
    pytest.mark.usefixtures("unsynced"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """The space above as somebody would write it for Optuna."""
    for i in range(trial.suggest_int("hidden.repeat", 1, 3)):
        trial.suggest_int(f"hidden[{i}].dense.units", 8, 64, log=True)
        trial.suggest_categorical(f"hidden[{i}].dense.activation", ["relu", "tanh"])
    trial.suggest_float("dropout.rate", 0.0, 0.5, step=0.05)
    if trial.suggest_categorical("training.optimizer", ["adam", "sgd"]) == "adam":
        trial.suggest_float("training.optimizer.adam.learning_rate", 1e-4, 1e-2, log=True)
    else:
        trial.suggest_float("training.optimizer.sgd.learning_rate", 1e-3, 1e-1, log=True)
        trial.suggest_float("training.optimizer.sgd.momentum", 0.0, 0.99)
    return trial.params


STOCK: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=8, multivariate=True, group=True, constant_liar=True
    ),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed, n_startup_trials=8),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=8, with_margin=True),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "qmc": lambda seed: optuna.samplers.QMCSampler(
        scramble=True, seed=SEED, independent_sampler=optuna.samplers.RandomSampler(seed=seed)
    ),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=16),
}
NEEDS = {"gp": "torch", "cmaes": "cmaes"}
every_sampler = pytest.mark.parametrize(
    "algorithm",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                name in NEEDS and find_spec(NEEDS[name]) is None, reason=f"needs {NEEDS.get(name)}"
            ),
        )
        for name in STOCK
    ],
)
LONG_ENOUGH = {"gp": 14, "nsga2": 40}
"""Trials after which a sampler has shown what it does after its start-up; 24 for the others."""


@every_sampler
def test_proposals_are_those_of_plain_optimize(tmp_path: Path, algorithm: str) -> None:
    n = LONG_ENOUGH.get(algorithm, 24)
    study = made(tmp_path / "s", algorithm)
    assert search(study, n) == ""
    assert told(study.optuna) == told(optimized(STOCK[algorithm], suggest, n))


@every_sampler
def test_a_new_process_proposes_what_the_old_one_would_have(tmp_path: Path, algorithm: str) -> None:
    n = LONG_ENOUGH.get(algorithm, 24)
    study = made(tmp_path / "s", algorithm)
    engine = engine_of(study)
    for n_before in range(n):
        if n_before in {0, 3, 9, n - 2}:
            shutil.copytree(study.folder.path, tmp_path / f"after {n_before}")
        search(study, 1, engine=engine)
    for n_before in (0, 3, 9, n - 2):
        resumed = Study.open(Folder(tmp_path / f"after {n_before}"), writable=True)
        search(resumed, 2)
        assert resumed.trials()[n_before:] == study.trials()[n_before : n_before + 2]


@pytest.mark.parametrize(
    ("algorithm", "mark", "first"),
    [("tpe", "tpe:relative_params:0", 8), ("gp", "gp:relative_params:0", 8), ("cmaes", "cmawm:generation", 8)],
)
def test_a_model_is_asked_from_the_ninth_trial_on(tmp_path: Path, algorithm: str, mark: str, first: int) -> None:
    pytest.importorskip(NEEDS.get(algorithm, "optuna"))
    study = made(tmp_path / "s", algorithm)
    search(study, first + 2)
    assert [row.number for row in study.optuna.get_trials() if mark in row.system_attrs] == [first, first + 1]


def test_cmaes_goes_on_where_a_parameter_that_all_trials_had_is_missing_in_one(tmp_path: Path) -> None:
    """With `optuna.samplers.CmaEsSampler(with_margin=True)` it ends in a ValueError."""
    pytest.importorskip("cmaes")
    text = SPACE.replace("{int: [1, 3], default: 2}", "{int: [0, 1], default: 1}")
    study = made(tmp_path / "s", "cmaes", text)
    engine = engine_of(study)
    space = SearchSpace.parse(text, "space.yaml")
    for number in range(10):  # all have a hidden layer but the last
        layer = {} if number == 9 else {"hidden[0].dense.units": 8 + number}
        row = new_row(space, space.check_values({"hidden.repeat": len(layer), **layer}), {})
        train(study, engine, Proposal(configuration=space.default(), trial=study.add(row)), 1)
    search(study, 20, engine=engine)
    generations = [row.system_attrs["cmawm:generation"] for row in study.optuna.get_trials()[10:]]
    assert generations[-1] >= 2


def test_generations_of_nsga2_have_sixteen_trials(tmp_path: Path) -> None:
    study = made(tmp_path / "s", "nsga2")
    search(study, 34)
    generations = [row.system_attrs["NSGAIISampler:generation"] for row in study.optuna.get_trials()]
    assert generations == [0] * 16 + [1] * 16 + [2] * 2


PRUNERS = {
    "asha": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=4, reduction_factor=3),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(min_resource=4, max_resource=13, reduction_factor=3),
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=4),
    "patient": lambda: optuna.pruners.PatientPruner(
        optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=4), patience=3
    ),
}


@pytest.mark.parametrize(
    ("algorithm", "pruner"), [("tpe", "asha"), *(("random", pruner) for pruner in PRUNERS if pruner != "asha")]
)
def test_the_same_trials_are_pruned_at_the_same_epoch(tmp_path: Path, algorithm: str, pruner: str) -> None:
    """Under Hyperband with TPE proposals would differ: Optuna shows TPE the trials of one bracket, we show it all."""
    n, epochs = 18, 13
    study = made(tmp_path / "s", algorithm, pruner=pruner)
    search(study, n, epochs=epochs)
    plain = told(optimized(STOCK[algorithm], suggest, n, epochs=epochs, pruner=PRUNERS[pruner]()))
    assert told(study.optuna) == plain
    assert (pruner == "patient") == ({state for _, state, _, _ in plain} == {"COMPLETE"}), "these curves only rise"


def turned_down(number: int, reason: Reason = Reason.OVER_LIMIT) -> Trial:
    return Trial(number=number, state=TrialState.TURNED_DOWN, reason=reason)


def test_start_up_is_counted_in_trials_that_were_trained() -> None:
    scored = (Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=0.2),)
    trials = [
        turned_down(0),
        turned_down(1, Reason.REPEAT),
        Trial(number=2, state=TrialState.FAILED, reason=Reason.OUT_OF_MEMORY),
        Trial(number=3, state=TrialState.FAILED, reason=Reason.NAN, curve=scored),
        Trial(number=4, state=TrialState.FAILED, reason=Reason.CRASH),  # Optuna does not count it either
        Trial(number=5, state=TrialState.PRUNED, curve=scored),
    ]
    assert Situation(seed=0, trials=trials).n_untrained == 2


@pytest.mark.parametrize("algorithm", ASTRAY)
def test_a_sampler_that_does_not_learn_what_is_turned_down_is_led_away_by_a_random_draw(algorithm: str) -> None:
    pytest.importorskip(NEEDS[algorithm])
    complete = [Trial(number=number, state=TrialState.COMPLETE) for number in range(9)]
    down = [turned_down(9 + number) for number in range(ASTRAY[algorithm])]
    kinds = [
        type(make_sampler(algorithm, Situation(seed=0, trials=[*complete, *rows])))
        for rows in (down[:-1], down, [*down, *complete])
    ]
    assert [kind is optuna.samplers.RandomSampler for kind in kinds] == [False, True, False]


def test_the_points_of_qmc_are_one_sequence_without_repeats(tmp_path: Path) -> None:
    numbers = SPACE.replace("{int: [1, 3], default: 2}", "1").replace("{choice: [relu, tanh]}", "relu")
    study = made(tmp_path / "s", "qmc", numbers)
    search(study, 17)
    rates = np.array([trial.values["dropout.rate"] for trial in study.trials()[1:]])
    counts = np.histogram(rates, bins=4, range=(-0.025, 0.525))[0]
    assert counts.max() - counts.min() <= 2, "16 points of a Sobol sequence have about 4 in each quarter of any axis"


def test_optuna_warns_of_nothing(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    for algorithm in ("tpe", "qmc", "nsga2"):
        search(made(tmp_path / algorithm, algorithm), 10)
    assert [str(warning.message) for warning in recwarn] == []
    assert capfd.readouterr().err == ""
