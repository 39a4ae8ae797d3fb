"""Optuna's samplers through our engine and study, held to plain `study.optimize`.

The plain study is Optuna's own throughout: its objective asks `suggest_*` under the names of the space, reports, asks
`should_prune`. One call of `optimize` makes all trials. Each has a fresh sampler of the stock class, put in place by a
callback after the trial before and seeded by our rule, (the plan's seed, the number of trials so far): a sampler that
lived on would remember what a resumed search cannot know.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from fakes.job import make
from optuna.samplers import BaseSampler

from search_spaces import SearchSpace, SpaceError
from tuner.distributions import new_row
from tuner.engines import Engine, Exhausted, Idle, Proposal, Setting, make_engine
from tuner.engines.checking import check_engine
from tuner.engines.optuna.samplers import ASTRAY, Situation, make_sampler
from tuner.errors import UsageError
from tuner.plan import Budget, Plan
from tuner.study import Folder, Study
from tuner.trial import Epoch, Reason, Trial, TrialState

pytestmark = [
    pytest.mark.usefixtures("unsynced"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]

SEED = 3

SPACE = """
name: conditional
layers:
  - flatten
  - repeat: {int: [1, 3], default: 2}
    name: hidden
    layers: [{dense: {units: {int: [8, 64], log: true}, activation: {choice: [relu, tanh]}}}]
  - dropout: {rate: {float: [0.0, 0.5], step: 0.05}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
      - sgd: {learning_rate: {float: [1e-3, 1e-1], log: true}, momentum: {float: [0.0, 0.99]}}
  batch_size: 32
  epochs: 13
"""


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
    "brute-force": lambda seed: optuna.samplers.BruteForceSampler(seed=seed),
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
        if name != "brute-force"
    ],
)
LONG_ENOUGH = {"gp": 14, "nsga2": 40}
"""Trials after which a sampler has shown what it does after its start-up; 24 for the others."""


def stock(algorithm: str, n_before: int) -> BaseSampler:
    return STOCK[algorithm](int(np.random.SeedSequence((SEED, n_before)).generate_state(1)[0]))


def score(values: dict[str, Any], epoch: int) -> float:
    """Made of the values; rises with the epochs at a pace of its own."""
    plain = {name: float(f"{value:.12g}") if isinstance(value, float) else value for name, value in values.items()}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()
    return round((0.5 + digest[0] / 512) * (1 - (0.3 + digest[1] / 512) ** epoch), 9)


def plan(algorithm: str, space: SearchSpace, **more: Any) -> Plan:
    return Plan(
        dataset="none", data_fingerprint="a", space=space.name, space_fingerprint=space.fingerprint,
        **{"algorithm": algorithm, "pruner": "none", "seed": SEED, **more},
    )  # fmt: skip


def made(path: Path, algorithm: str, text: str = SPACE, **more: Any) -> Study:
    path.mkdir()
    return Study.create(Folder(path), plan(algorithm, SearchSpace.parse(text, "space.yaml"), **more), text)


def engine_of(study: Study) -> Engine:
    space = SearchSpace.parse(study.space_text, "space.yaml")
    return make_engine(Setting(space=space, plan=study.plan, n_trials=50, labels=np.zeros(0, dtype=int)))


def search(study: Study, n: int, *, epochs: int = 1, engine: Engine | None = None) -> str:
    """Up to n trials, one after another; why it ended before."""
    engine = engine or engine_of(study)
    for _ in range(n):
        proposal = engine.propose(study)
        if isinstance(proposal, Exhausted):
            return proposal.reason
        assert isinstance(proposal, Proposal)
        train(study, engine, proposal, epochs)
    return ""


def train(study: Study, engine: Engine, proposal: Proposal, epochs: int) -> None:
    assert proposal.trial is not None
    study.begin(proposal.trial, configuration=proposal.configuration.hash, seed=0, parameters=1, measures={})
    curve: tuple[Epoch, ...] = ()
    for epoch in range(1, epochs + 1):
        value = score(dict(proposal.configuration.values), epoch)
        curve = (*curve, Epoch(epoch=epoch, accuracy=0.5, loss=1.0, val_accuracy=value, val_loss=1.0))
        study.record_epoch(proposal.trial, curve)
        if engine.judge(proposal.trial, curve) and epoch < epochs:
            study.finish(proposal.trial, TrialState.PRUNED)
            return
    study.finish(proposal.trial, TrialState.COMPLETE)


def optimized(
    algorithm: str, n: int | None, *, epochs: int = 1, pruner: Any = None, ask: Any = suggest
) -> optuna.Study:
    """What Optuna does by itself."""

    def objective(trial: optuna.Trial) -> float:
        values = ask(trial)
        for epoch in range(1, epochs + 1):
            value = score(values, epoch)
            trial.report(value, epoch)
            if trial.should_prune() and epoch < epochs:
                raise optuna.TrialPruned
        return value

    def reseed(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
        study.sampler = stock(algorithm, len(study.trials))

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name=str(SEED),
        direction="maximize",
        sampler=stock(algorithm, 0),
        pruner=pruner or optuna.pruners.NopPruner(),
    )
    study.optimize(objective, n_trials=n, callbacks=[reseed])
    return study


def told(study: optuna.Study) -> list[tuple[dict[str, Any], str, int, float | None]]:
    """Of each trial its values, its state, its epochs and its score."""
    return [(row.params, row.state.name, len(row.intermediate_values), row.value) for row in study.get_trials()]


@every_sampler
def test_proposals_are_those_of_plain_optimize(tmp_path: Path, algorithm: str) -> None:
    n = LONG_ENOUGH.get(algorithm, 24)
    study = made(tmp_path / "s", algorithm)
    assert search(study, n) == ""
    assert told(study.optuna) == told(optimized(algorithm, n))


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
    plain = told(optimized(algorithm, n, epochs=epochs, pruner=PRUNERS[pruner]()))
    assert told(study.optuna) == plain
    assert (pruner == "patient") == ({state for _, state, _, _ in plain} == {"COMPLETE"}), "these curves only rise"


SMALL = """
name: small
layers: [flatten, {dense: {units: {choice: [8, 16]}}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.6], step: 0.3}}}]}
  batch_size: {choice: [32, 64]}
  epochs: 2
"""


def suggest_small(trial: optuna.Trial) -> dict[str, Any]:
    trial.suggest_categorical("dense.units", [8, 16])
    if trial.suggest_categorical("training.optimizer", ["adam", "sgd"]) == "sgd":
        trial.suggest_float("training.optimizer.sgd.momentum", 0.0, 0.6, step=0.3)
    trial.suggest_categorical("training.batch_size", [32, 64])
    return trial.params


def test_brute_force_ends_where_optuna_stops_itself_and_says_so(tmp_path: Path) -> None:
    study = made(tmp_path / "s", "brute-force", SMALL)
    assert search(study, 100) == "all 16 configurations were tried"
    assert told(study.optuna) == told(optimized("brute-force", None, ask=suggest_small))
    assert len({json.dumps(dict(trial.values)) for trial in study.trials()}) == 16


def test_brute_force_counts_what_was_turned_down_or_failed_and_survives_each_tell(tmp_path: Path) -> None:
    study = made(tmp_path / "s", "brute-force", SMALL)
    engine = engine_of(study)
    for reason in [Reason.OVER_LIMIT, Reason.FORBIDDEN, Reason.CRASH, Reason.NAN] * 4:
        proposal = engine.propose(study)
        assert isinstance(proposal, Proposal)
        assert proposal.trial is not None
        turned_down = reason in {Reason.OVER_LIMIT, Reason.FORBIDDEN}
        state = TrialState.TURNED_DOWN if turned_down else TrialState.FAILED
        study.finish(proposal.trial, state, reason=reason)
    assert isinstance(engine.propose(study), Exhausted)
    assert [trial.reason for trial in study.trials()][:4] == ["over_limit", "forbidden", "crash", "nan"]


def test_brute_force_waits_for_what_runs_since_that_may_be_lost(tmp_path: Path) -> None:
    study = made(tmp_path / "s", "brute-force", SMALL)
    engine = engine_of(study)
    search(study, 15, engine=engine)
    last = engine.propose(study)
    assert isinstance(last, Proposal)
    assert isinstance(engine.propose(study), Idle)
    assert last.trial is not None
    study.finish(last.trial, TrialState.FAILED, reason=Reason.CRASH)
    assert isinstance(engine.propose(study), Exhausted)


def test_brute_force_goes_through_presets_and_pruned_trials_to_its_end_over_several_sessions(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SMALL.replace("epochs: 2", "epochs: 6\npresets: {wide: {values: {dense.units: 16}}}")
    job = make(home, monkeypatch, space=text)
    for trials in (3, 4, 40):
        outcome = job.run(algorithm="brute-force", pruner="asha", budget=Budget(trials=trials))
    assert outcome.report.search.stopped_by == "all 16 configurations were tried"
    assert len({trial.configuration for trial in job.trials}) == len(job.trials) == 16
    assert {trial.state.value for trial in job.trials} == {"complete", "pruned"}
    assert job.trials[0].preset == "wide"


def test_only_brute_force_knows_its_end(tmp_path: Path) -> None:
    assert engine_of(made(tmp_path / "b", "brute-force", SMALL)).knows_its_end
    assert not engine_of(made(tmp_path / "t", "tpe", SMALL)).knows_its_end


def test_brute_force_names_each_setting_that_cannot_be_listed_with_its_line_and_what_to_type() -> None:
    space = SearchSpace.parse(SPACE.replace("{int: [8, 64], log: true}", "{int: [1, 1000000]}"), "space.yaml")
    with pytest.raises(SpaceError) as error:
        check_engine(space, plan("brute-force", space))
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert lines[0] == (
        "space.yaml:7: hidden.dense.units: brute-force needs finite domains: give it a step or choices, "
        "e.g. --set 'hidden.dense.units={choice: [1, 500000, 1e+06]}'"
    )
    assert "training.optimizer.sgd.momentum: brute-force" in lines[3]


def test_cmaes_refuses_a_space_in_which_it_has_nothing_to_move() -> None:
    space = SearchSpace.parse(SMALL, "space.yaml")
    with pytest.raises(UsageError, match=r"cmaes moves numbers that all configurations have\. Space 'small' has none"):
        check_engine(space, plan("cmaes", space))
    check_engine(SearchSpace.parse(SPACE, "space.yaml"), plan("cmaes", space))


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
