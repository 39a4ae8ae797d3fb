"""The keras-tuner engine's memory is the study: the same trials, the same proposal, whoever is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.driving import LABELS, TINY, Driver, driver

from search_spaces import SearchSpace, library
from tuner.distributions import new_row
from tuner.engines import Engine, Proposal, Setting, make_engine
from tuner.engines.keras_tuner import knobs
from tuner.engines.keras_tuner.activity import activities, explore
from tuner.engines.keras_tuner.oracles import make_oracle
from tuner.engines.keras_tuner.outcomes import Outcome, outcome
from tuner.engines.keras_tuner.translation import Translation
from tuner.proposing import Trainable
from tuner.study import attributes
from tuner.trial import Epoch, Reason, Trial, TrialState, plain

pytestmark = pytest.mark.usefixtures("unsynced")

every_algorithm = pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband", "grid"])

LIMITED = """
name: limited
layers: [flatten, {dense: {units: {int: [8, 40]}}}]
training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 3}
limits: {parameters: 2000}
forbid: ["dense.units == 10 and training.optimizer == sgd"]
"""
"""Two parameters, so that the Gaussian process sets in after six trials. Over 28 units are over the limit."""


def story(study: Driver) -> Iterator[None]:
    """All that can befall trials, two at a time, the later one ending first; a user's guess comes between."""
    failed = {2: "nan", 5: "crash", 6: "nan", 7: "out_of_memory"}
    for step in range(12):
        yield
        if step == 3:
            wait(study, {"dense.units": 20})
        while len(study.running) < 2:
            if not isinstance(study.begin(), Trainable):
                break
            yield
        if not study.running:
            return
        last = study.running[-1]
        if step == 8:
            _prune(study, last)
        else:
            study.end(last, failed.get(step, ""))


def wait(study: Driver, values: dict[str, Any]) -> None:
    """A user's guess in the queue."""
    guess = study.space.check_values(values)
    study.study.add(new_row(study.space, guess, attributes(enqueued=True), waiting=True))


def _prune(study: Driver, what: Trainable) -> None:
    study.running.remove(what)
    study._train(what)
    study.study.finish(what.trial, TrialState.PRUNED, finished_after=1.0)
    study.proposals.ended(study.trials[what.trial.number])


def fresh(study: Driver) -> Engine:
    """What a new process starts with."""
    return make_engine(Setting(space=study.space, plan=study.study.plan, n_trials=12, labels=LABELS))


def told(answer: Any) -> Any:
    match answer:
        case Proposal():
            return answer.configuration, answer.stage, json.loads(json.dumps(answer.notes))
        case _:
            return answer


@every_algorithm
def test_a_new_engine_and_one_that_was_there_all_along_propose_the_same(algorithm: str, tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "keras-tuner", algorithm, text=LIMITED)
    n_drawn = []
    for _ in story(study):
        new = fresh(study).propose(study.study)
        assert told(study.engine.propose(study.study)) == told(study.engine.propose(study.study)) == told(new)
        n_drawn.append(new.notes["state"].get("drawn", 0) if isinstance(new, Proposal) else 0)
    states = {trial.state for trial in study.trials}
    assert {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED} <= states
    assert TrialState.TURNED_DOWN in states
    assert bool(n_drawn[-1]) == (algorithm == "bayesian")


def test_an_engine_that_is_shown_another_history_follows_that_one(tmp_path: Path) -> None:
    one = driver(tmp_path / "one", "keras-tuner", "hyperband")
    other = driver(tmp_path / "other", "keras-tuner", "hyperband", more={"seed": 1})
    one.run(14)
    other.run(11)
    expected = told(fresh(one).propose(other.study))
    one.engine.propose(one.study)
    assert told(one.engine.propose(other.study)) == expected


def test_a_users_guess_counts_as_tried(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "keras-tuner", "random", text=TINY)
    wait(study, {"dense.units": 8})
    wait(study, {"training.optimizer": "sgd"})
    study.run(6)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 6


def test_a_gaussian_process_learns_from_guesses(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "keras-tuner", "bayesian", text=LIMITED)
    for units in range(20, 26):
        wait(study, {"dense.units": units})
    study.run(7)
    assert [bool(trial.engine) for trial in study.trials[:7]] == [False] * 6 + [True]
    assert study.trials[6].engine["state"]["drawn"] > 0


@pytest.mark.parametrize("algorithm", ["hyperband", "grid"])
def test_a_guess_does_not_disturb_the_order(algorithm: str, tmp_path: Path) -> None:
    undisturbed = driver(tmp_path / "u", "keras-tuner", algorithm)
    undisturbed.run(12)
    study = driver(tmp_path / "s", "keras-tuner", algorithm)
    study.run(3)
    wait(study, {"training.optimizer": "sgd"})
    study.run(12)
    own = [trial for trial in study.trials if not trial.enqueued][:12]
    assert [trial.values for trial in own] == undisturbed.values
    assert [trial.stage.epochs for trial in own] == [trial.stage.epochs for trial in undisturbed.trials]


EXTRAS = """
name: extras
variables: {act: {choice: [null, relu]}}
layers:
  - flatten
  - optional: {bool}
    name: first
    layers: [{dense: {units: {int: [1, 3], log: true}, activation: $act}}]
  - repeat: {int: [0, 2], default: 1}
    name: more
    layers: [{dense: {units: {choice: [2, 3, 4]}, activation: $act}}, {dropout: {rate: {float: [0, 0.3], step: 0.1}}}]
training: {optimizer: {adam: {learning_rate: {float: [1e-4, 0.1], log: true}}}, batch_size: 32, epochs: 1}
"""
"""`act` is always active for KerasTuner, and used by neither block in some configurations."""


@pytest.mark.parametrize("name", ["extras", *library()])
def test_an_oracles_values_come_back_from_the_trial_and_what_is_noted_of_it(name: str) -> None:
    space = SearchSpace.parse(EXTRAS, "extras.yaml") if name == "extras" else SearchSpace.load(name)
    oracle = make_oracle("random", knobs.declared(activities(space, explore(space))), seed=0, max_epochs=1)
    translation = Translation(space)
    extra = 0
    for _ in range(30):
        draft = oracle.draft()
        _, values = draft.ask("0000")
        assert values is not None
        oracle = draft
        configuration = translation.configuration(values)
        rest = json.loads(json.dumps(translation.remainder(values, configuration, oracle)))
        told = {each: plain(value) for each, value in configuration.values.items()}
        trial = Trial(number=0, state=TrialState.RUNNING, values=told, engine={"values": rest})
        assert translation.values(trial, oracle) == values
        extra += len(values.keys() - told.keys())
        assert all(isinstance(space_value, float) for each, space_value in rest.items() if each in told)
    assert bool(extra) == (name == "extras")


@pytest.mark.parametrize("name", ["cnn_v4", "mlp_topology"])
@every_algorithm
def test_notes_are_small(algorithm: str, name: str, tmp_path: Path) -> None:
    space = SearchSpace.load(name)
    study = driver(tmp_path / "s", "keras-tuner", algorithm, text=space.text, more={"epochs": 81})
    for _ in range(4):
        proposal = study.engine.propose(study.study)
        if isinstance(proposal, Proposal):
            row = new_row(space, proposal.configuration, attributes(proposal.stage, proposal.notes))
            study.study.add(row)
            assert len(json.dumps(proposal.notes)) < 700


def test_a_turned_down_trial_gives_its_place_in_a_round_to_another(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "keras-tuner", "hyperband", text=LIMITED)
    study.run(12)
    assert len(study.trials) > 14
    iteration = [(1, False), (1, False), (1, False), (3, True), (3, False), (3, False)]
    assert [(trial.stage.epochs, trial.stage.after is not None) for trial in study.trained] == iteration * 2


def test_a_gaussian_process_that_repeats_itself_is_helped_on(tmp_path: Path) -> None:
    study = driver(tmp_path / "s", "keras-tuner", "bayesian", text=TINY.replace("16], step: 8", "10]"))
    study.run(9)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.COMPLETE) == 9
    assert TrialState.TURNED_DOWN in states
    assert len(states) < 9 + 3 * 4


def test_so_is_one_that_sees_the_best_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakes.driving.made_up", lambda values, _epoch: values["dense.units"] / 100)
    study = driver(tmp_path / "s", "keras-tuner", "bayesian", text=LIMITED)
    study.run(6)
    at_random = len(study.trials)
    study.run(4)
    assert len(study.trials) - at_random < 4 * 4
    assert max(trial.values["dense.units"] for trial in study.trained) == 28


def ended(number: int, state: TrialState, score: float | None = None, **more: Any) -> Trial:
    curve = () if score is None else (Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=score, val_loss=1.0),)
    return Trial(number=number, state=state, curve=curve, **more)


def test_a_repeat_ends_with_the_trial_that_it_repeats_and_as_that_one_does() -> None:
    repeat = ended(1, TrialState.TURNED_DOWN, reason=Reason.REPEAT, repeats=0)
    assert outcome(repeat, [ended(0, TrialState.RUNNING, 0.7), repeat]) is None
    assert outcome(repeat, [ended(0, TrialState.PRUNED, 0.7), repeat]) == Outcome(score=0.7, trained=False)
    assert outcome(repeat, [ended(0, TrialState.FAILED, 0.7), repeat]) == Outcome(score=None, trained=False)


def test_what_was_turned_down_otherwise_has_failed_untrained() -> None:
    trial = ended(0, TrialState.TURNED_DOWN, reason=Reason.OVER_LIMIT)
    assert outcome(trial, [trial]) == Outcome(score=None, trained=False)


def test_running_trials_are_guessed_by_a_process_over_those_that_have_ended() -> None:
    space = SearchSpace.parse(LIMITED, "limited.yaml")
    oracle = make_oracle("bayesian", knobs.declared(activities(space, explore(space))), seed=0, max_epochs=1)
    for index, units in enumerate((8, 14, 20, 26, 32)):
        values = {"dense.units": units, "training.optimizer": "adam"}
        oracle.enter(str(index), values, {"seed_state": 1, "drawn": 0})
        if index < 4:
            oracle.leave(str(index), Outcome(score=units / 100))
    x, y = oracle.draft()._vectorize_trials()
    process = oracle._make_gpr().fit(x[:4], y[:4])
    mean, deviation = process.predict(x[4:], return_std=True)
    assert list(y[:4]) == [-0.08, -0.14, -0.2, -0.26]
    assert y[4] == pytest.approx(mean[0] + deviation[0])
