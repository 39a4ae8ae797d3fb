"""Several objectives: proposals, pruned trials among them, the front, and what the program prints of it."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner
from fakes.job import Job, make

from search_spaces import SearchSpace
from tuner.cli.app import tune
from tuner.engines import Proposal, Setting, make_engine
from tuner.engines.catalog import OPTUNA, PRUNERS
from tuner.engines.checking import check_engine
from tuner.errors import TuneError, UsageError
from tuner.importance import importance
from tuner.pareto import front
from tuner.plan import ACCURACY, Budget, Plan
from tuner.study import Folder, Study
from tuner.trial import Epoch, Trial, TrialState, winner

pytestmark = [
    pytest.mark.usefixtures("unsynced"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]

TWO = (ACCURACY, "parameters")

SPACE = """
name: two
layers:
  - flatten
  - repeat: {int: [1, 2], default: 1}
    name: hidden
    layers: [{dense: {units: {int: [8, 64], step: 8}}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.9], step: 0.3}}}]}
  batch_size: 32
  epochs: 13
"""


def missing(package: str) -> bool:
    return bool(package) and find_spec(package) is None


several = [
    pytest.param(each.name, marks=pytest.mark.skipif(missing(each.needs), reason=f"{each.needs} is not installed"))
    for each in OPTUNA.algorithms
    if each.several_objectives
]


def plan_of(space: SearchSpace, objectives: tuple[str, ...] = TWO, **more: Any) -> Plan:
    fingerprint = space.fingerprint
    return Plan(
        dataset="a", data_fingerprint="b", space="two", space_fingerprint=fingerprint, objectives=objectives, **more
    )


def search(folder: Path, n: int, objectives: tuple[str, ...] = TWO, **more: Any) -> Study:
    """Trials whose score and size depend on their units; those with one hidden layer learn slowly."""
    folder.mkdir()
    space = SearchSpace.parse(SPACE, "two.yaml")
    plan = plan_of(space, objectives, **more)
    check_engine(space, plan)
    study = Study.create(Folder(folder), plan, SPACE)
    engine = make_engine(Setting(space=space, plan=plan, n_trials=n, labels=None))  # type: ignore[arg-type]
    for _ in range(n):
        proposal = engine.propose(study)
        assert isinstance(proposal, Proposal)
        assert proposal.trial is not None
        values = proposal.configuration.values
        units = sum(value for name, value in values.items() if name.endswith("units"))  # type: ignore[misc]
        study.begin(
            proposal.trial, configuration=proposal.configuration.hash, measures={"parameters": 10 * units}, parameters=1
        )
        curve: tuple[Epoch, ...] = ()
        state = TrialState.COMPLETE
        for number in range(1, 14):
            score = round(0.5 + units / 400 - 0.3 / number, 6)
            curve = (*curve, Epoch(epoch=number, accuracy=0.1, loss=1.0, val_accuracy=score, val_loss=1.0))
            study.record_epoch(proposal.trial, curve)
            if number < 13 and engine.judge(proposal.trial, curve):
                state = TrialState.PRUNED
                break
        study.finish(proposal.trial, state, measures={"latency": units / 50})
    return study


@pytest.mark.parametrize("algorithm", several)
def test_every_algorithm_that_says_so_takes_several_objectives_and_pruned_trials(
    tmp_path: Path, algorithm: str
) -> None:
    study = search(tmp_path / "s", 20, algorithm=algorithm, pruner="asha")
    states = [trial.state for trial in study.trials()]
    assert states.count(TrialState.PRUNED) >= 4
    for row, trial in zip(study.optuna.get_trials(), study.trials(), strict=True):
        if trial.state is TrialState.COMPLETE:
            assert row.values == [trial.score, trial.measures["parameters"]]
    assert study.optuna.directions == [optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE]


@pytest.mark.parametrize("pruner", [name for name in PRUNERS if name != "none"])
def test_the_first_objectives_curve_prunes_the_same_trials_as_it_would_alone(tmp_path: Path, pruner: str) -> None:
    """Random draws do not depend on what came before, so both searches propose the same."""
    several, alone = (
        search(tmp_path / name, 14, objectives, algorithm="random", pruner=pruner)
        for name, objectives in (("several", TWO), ("alone", (ACCURACY,)))
    )
    ended = [[(trial.state, len(trial.curve)) for trial in study.trials()] for study in (several, alone)]
    assert ended[0] == ended[1]
    pruned = TrialState.PRUNED in {state for state, _ in ended[0]}
    assert pruned == (pruner != "patient"), "these curves only rise"


def test_curves_are_kept_from_tpe_until_a_trial_is_complete(tmp_path: Path) -> None:
    """Optuna's TPE asks for the one direction of a study where a pruned trial has a curve, and raises if it has two."""
    study = search(tmp_path / "s", 12, algorithm="tpe", pruner="asha")
    lengths = {row.state.name: len(row.intermediate_values) for row in study.optuna.get_trials()}
    assert lengths == {"COMPLETE": 13, "PRUNED": 0}
    pruned = next(row for row in study.optuna.get_trials() if row.state.name == "PRUNED")
    study.optuna._storage.create_new_trial(
        study.optuna._study_id,
        optuna.create_trial(
            state=optuna.trial.TrialState.PRUNED,
            params=pruned.params,
            distributions=pruned.distributions,
            intermediate_values={4: 0.5},
        ),
    )
    engine = make_engine(
        Setting(space=SearchSpace.parse(SPACE, "two.yaml"), plan=study.plan, n_trials=50, labels=None)  # type: ignore[arg-type]
    )
    with pytest.raises(RuntimeError, match="single direction cannot be retrieved"):
        engine.propose(study)


def test_pruned_trials_count_for_tpes_start_up_though_their_curves_are_kept_from_it(tmp_path: Path) -> None:
    from tuner.engines.optuna.samplers import Situation

    study = search(tmp_path / "s", 12, algorithm="tpe", pruner="asha")
    assert Situation(seed=0, trials=study.trials()).n_untrained == 0


def test_cmaes_refuses_several_objectives() -> None:
    pytest.importorskip("cmaes")
    space = SearchSpace.parse(SPACE, "two.yaml")
    with pytest.raises(UsageError, match=r"cmaes seeks one objective\. Got val_accuracy, parameters"):
        check_engine(space, plan_of(space, algorithm="cmaes", pruner="none"))


def test_importance_of_a_study_of_several_objectives_is_that_of_the_score(tmp_path: Path) -> None:
    study = search(tmp_path / "s", 14, algorithm="random", pruner="asha")
    found = importance(study.optuna, study.trials())
    assert max(found.shares, key=lambda name: found.shares[name]) in {"hidden[0].dense.units", "hidden.repeat"}
    assert sum(found.shares.values()) == pytest.approx(1)


def trial(number: int, score: float, parameters: float, state: TrialState = TrialState.COMPLETE) -> Trial:
    curve = (Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=score),)
    return Trial(number=number, state=state, curve=curve, measures={"parameters": parameters})


def numbers(trials: list[Trial], objectives: tuple[str, ...] = TWO) -> list[int]:
    return [trial.number for trial in front(trials, objectives)]


def test_the_front_is_what_no_other_dominates_best_score_first() -> None:
    trials = [trial(0, 0.7, 10), trial(1, 0.9, 50), trial(2, 0.8, 60), trial(3, 0.6, 10), trial(4, 0.75, 20)]
    assert numbers(trials) == [1, 4, 0]


def test_equal_trials_are_all_on_the_front_and_ties_in_one_objective_are_decided_by_the_other() -> None:
    assert numbers([trial(0, 0.8, 20), trial(1, 0.8, 20), trial(2, 0.8, 30), trial(3, 0.7, 20)]) == [0, 1]


def test_only_complete_trials_that_were_measured_are_on_the_front() -> None:
    trials = [
        trial(0, 0.8, 20),
        trial(1, 0.9, 10, TrialState.PRUNED),
        trial(2, 0.9, 10, TrialState.TURNED_DOWN),
        Trial(number=3, state=TrialState.COMPLETE, curve=trial(0, 0.95, 1).curve),
    ]
    assert numbers(trials) == [0]
    assert numbers([]) == []
    assert numbers(trials, (ACCURACY,)) == [3]


def test_the_front_of_three_objectives_is_that_of_optuna(tmp_path: Path) -> None:
    study = search(tmp_path / "s", 14, (ACCURACY, "parameters", "latency"), algorithm="random", pruner="none")
    ours = {trial.number for trial in front(study.trials(), study.plan.objectives)}
    assert ours == {row.number for row in study.optuna.best_trials}


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


LATENCY = (ACCURACY, "latency")


def test_a_run_of_several_objectives_retrains_the_best_score_and_reports_the_front(job: Job) -> None:
    outcome = job.run(objectives=LATENCY, pruner="none", budget=Budget(trials=6))
    trials = job.trials
    best = winner(trials)
    assert best is not None
    assert outcome.report.model is not None
    assert outcome.report.model.trial == best.number == outcome.report.front[0]
    assert [each.title for each in outcome.report.objectives] == ["validation accuracy", "latency"]
    assert all(trial.measures["latency"] > 1 for trial in trials if trial.state is TrialState.COMPLETE)
    assert any("alone chooses the winner" in line for line in outcome.report.provenance.protocol)
    assert any("Latency is measured" in line for line in outcome.report.provenance.protocol)


def test_a_resumed_study_of_several_objectives_proposes_what_an_undisturbed_one_would_have(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, halves = make(home, monkeypatch, "whole"), make(home, monkeypatch, "halves")
    whole.run(objectives=TWO, budget=Budget(trials=10))
    for trials in (5, 10):
        halves.run(objectives=TWO, budget=Budget(trials=trials))
    assert halves.rows == whole.rows


def test_a_trial_that_was_not_measured_fails_and_the_search_goes_on(job: Job) -> None:
    outcome = job.run({"unmeasured": [1]}, objectives=LATENCY, pruner="none", budget=Budget(trials=4))
    assert [(trial.state.value, trial.reason, trial.detail) for trial in job.trials[:3]] == [
        ("complete", "", ""),
        ("failed", "crash", "its latency was not measured"),
        ("complete", "", ""),
    ]
    assert 1 not in outcome.report.front


def test_where_nothing_can_be_measured_the_run_ends_with_a_word(job: Job) -> None:
    with pytest.raises(TuneError, match="3 failures in a row, the first: its latency was not measured"):
        job.run({"unmeasured": list(range(20))}, objectives=LATENCY, pruner="none")


def test_show_lists_the_front_and_json_has_it_with_every_trials_measures(job: Job) -> None:
    outcome = job.run(objectives=TWO, pruner="none", budget=Budget(trials=5))
    document = json.loads(CliRunner().invoke(tune, ["show", "s", "--json"]).output)
    assert document["objectives"] == list(TWO)
    assert [each["trial"] for each in document["front"]] == list(outcome.report.front)
    assert document["front"][0].keys() == {"trial", "preset", "val_accuracy", "parameters"}
    assert all(trial["measures"]["multiply_adds"] > 0 for trial in document["trials"])
    shown = CliRunner().invoke(tune, ["show", "s"]).output
    assert "Pareto front" in shown
    assert shown.index("Pareto front") < shown.rindex(str(outcome.report.front[0]))


def test_one_objective_has_no_front_to_show(job: Job) -> None:
    job.run(budget=Budget(trials=2))
    assert "Pareto front" not in CliRunner().invoke(tune, ["show", "s"]).output


def test_the_result_of_a_run_has_the_front(job: Job) -> None:
    from tuner.cli.session import summary

    outcome = job.run(objectives=TWO, pruner="none", budget=Budget(trials=5))
    found = summary(outcome)["front"]
    assert [each["trial"] for each in found] == list(outcome.report.front)
    assert found == sorted(found, key=lambda each: (-each["val_accuracy"], each["parameters"]))
