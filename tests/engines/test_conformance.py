"""What every engine promises, over the table of engines: an engine joins by its line in the catalogue."""

from __future__ import annotations

import shutil
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from fakes.driving import FINITE, TINY, Driver, driver

from tuner.engines import Exhausted, Idle
from tuner.engines.catalog import CARDS
from tuner.proposing import Trainable
from tuner.study import Folder
from tuner.trial import FINISHED, TrialState

TABLE = [
    pytest.param(
        card.name,
        each.name,
        id=f"{card.name} {each.name}",
        marks=pytest.mark.skipif(
            bool(each.needs) and find_spec(each.needs or "sys") is None, reason=f"{each.needs} is not installed"
        ),
    )
    for card in CARDS.values()
    for each in card.algorithms
]
pytestmark = pytest.mark.usefixtures("unsynced")

every_engine = pytest.mark.parametrize(("engine", "algorithm"), TABLE)

CONTINUOUS = FINITE.replace("{choice: [0.001, 0.01]}", "{float: [1e-4, 1e-2], log: true}").replace(
    "{choice: [8, 16, 24]}", "{int: [8, 64], log: true}"
)


def reopened(of: Driver, path: Path) -> Driver:
    """A new process over a copy of the study as it is on the disk now."""
    shutil.copytree(of.folder.path, path)
    return Driver(Folder(path), of.engine_name, of.algorithm, of.text, of.more, of.n_trials)


@every_engine
def test_proposals_lie_in_the_space_and_have_active_parameters_only(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    finite = next(each for each in CARDS[engine].algorithms if each.name == algorithm).finite
    study = driver(tmp_path / "s", engine, algorithm, text=FINITE if finite else CONTINUOUS)
    assert study.run(10) == ""
    for trial in study.trials:
        configuration = study.space.check_values(trial.values)  # refuses what is outside, unknown or inactive
        assert configuration.values == trial.values
        assert configuration.hash == trial.configuration or trial.state is TrialState.TURNED_DOWN


@every_engine
def test_the_same_history_gives_the_same_proposal_to_an_engine_new_or_old(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    old = driver(tmp_path / "s", engine, algorithm)
    old.run(9, failing={2: "crash", 3: "out_of_memory"})
    new = reopened(old, tmp_path / "copy")
    for each in (old, new):
        each.begin()
    assert old.values == new.values
    assert [trial.stage for trial in old.trials] == [trial.stage for trial in new.trials]


@every_engine
def test_resumed_after_any_trial_it_goes_on_as_if_undisturbed(tmp_path: Path, engine: str, algorithm: str) -> None:
    undisturbed = driver(tmp_path / "s", engine, algorithm)
    undisturbed.run(8)
    resumed = driver(tmp_path / "r", engine, algorithm)
    for _ in range(8):
        resumed.run(1)
        resumed.restart()
    assert resumed.values == undisturbed.values
    assert [trial.stage for trial in resumed.trials] == [trial.stage for trial in undisturbed.trials]


@every_engine
def test_trials_that_run_side_by_side_differ_and_may_end_in_any_order(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    study = driver(tmp_path / "s", engine, algorithm)
    for _ in range(6):
        while len(study.running) < 3:
            if not isinstance(study.begin(), Trainable):
                break
        study.end(study.running[-1])
    identities = Counter(trial.identity for trial in study.trials if trial.configuration)
    assert max(identities.values()) == 1
    assert len(study.trained) == 6


@every_engine
def test_a_trial_that_a_killed_run_left_goes_on_under_its_own_number(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    study = driver(tmp_path / "s", engine, algorithm)
    study.run(3)
    left = study.begin()
    assert isinstance(left, Trainable)
    resumed = reopened(study, tmp_path / "copy")
    again = resumed.begin()
    assert isinstance(again, Trainable)
    assert (again.trial.number, again.configuration, again.stage) == (
        left.trial.number, left.configuration, left.stage,
    )  # fmt: skip
    resumed.end(again)
    study.end(left)
    for each in (study, resumed):
        each.run(3)
    assert resumed.values == study.values


@every_engine
def test_a_small_space_is_trained_once_and_then_the_search_ends_with_a_word(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    study = driver(tmp_path / "s", engine, algorithm, text=TINY, more={"pruner": "none"}, n_trials=40)
    word = study.run(40)
    assert len(word) > 20, "a sentence that says why"
    counted = Counter(trial.identity for trial in study.trained)
    assert max(counted.values()) == 1
    assert len({trial.configuration for trial in study.trained}) == 6
    assert isinstance(study.begin(), Exhausted | Idle)
    assert not [trial for trial in study.trials if trial.state not in {*FINISHED, TrialState.TURNED_DOWN}]


@every_engine
def test_failures_of_every_kind_are_survived(tmp_path: Path, engine: str, algorithm: str) -> None:
    study = driver(tmp_path / "s", engine, algorithm)
    kinds = ("crash", "nan", "out_of_memory")
    study.run(9, failing={number: kinds[number % 3] for number in range(1, 7)})
    states = Counter(trial.state for trial in study.trials)
    assert states[TrialState.FAILED] >= 4
    assert sum(states[state] for state in FINISHED) == 9
    study.restart()
    assert isinstance(study.begin(), Trainable)
