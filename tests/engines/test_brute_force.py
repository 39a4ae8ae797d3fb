"""What brute force and CMA-ES ask of a space, and how brute force comes to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from fakes.job import make
from fakes.optuna_searches import SPACE, engine_of, made, optimized, plan, search, told

from search_spaces import SearchSpace, SpaceError
from tuner.engines import Exhausted, Idle, Proposal
from tuner.engines.checking import check_engine
from tuner.errors import UsageError
from tuner.plan import Budget
from tuner.trial import Reason, TrialState

pytestmark = [
    pytest.mark.usefixtures("unsynced"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]

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


def stock(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.BruteForceSampler(seed=seed)


def test_brute_force_ends_where_optuna_stops_itself_and_says_so(tmp_path: Path) -> None:
    study = made(tmp_path / "s", "brute-force", SMALL)
    assert search(study, 100) == "all 16 configurations were tried"
    assert told(study.optuna) == told(optimized(stock, suggest_small, None))
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
