"""Guesses on their way into a study: in order, once, and nothing else with them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes.driving import FINITE, Driver, driver

from tuner.events import Enqueued, SetAside
from tuner.study import Study, inbox
from tuner.trial import TrialState

SHORT = FINITE.replace("epochs: 9", "epochs: 1")


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", text=SHORT)


def put(study: Driver, **values: Any) -> str:
    return inbox.put(study.study, {"hidden[0].dense.units": 24, **values})


def taken(study: Driver) -> list[Enqueued | SetAside]:
    return list(inbox.take_in(study.study, study.space))


def test_a_guess_becomes_a_trial_that_waits_with_defaults_for_what_it_does_not_say(study: Driver) -> None:
    guess = put(study)
    assert taken(study) == [Enqueued(number=0, guess=guess)]
    (trial,) = study.trials
    assert (trial.state, trial.enqueued, trial.values) == (
        TrialState.WAITING,
        True,
        dict(study.space.check_values({"hidden[0].dense.units": 24}).values),
    )
    assert not list(study.folder.inbox.glob("*.json"))


def test_guesses_are_taken_in_as_they_came(study: Driver) -> None:
    guesses = [put(study, **{"hidden[0].dense.units": units}) for units in (24, 8, 16)]
    assert [event.guess for event in taken(study) if isinstance(event, Enqueued)] == guesses
    assert [trial.values["hidden[0].dense.units"] for trial in study.trials] == [24, 8, 16]


def test_a_process_killed_between_the_row_and_the_file_does_not_try_it_twice(study: Driver) -> None:
    put(study)
    (file,) = study.folder.inbox.glob("*.json")
    content = file.read_bytes()
    assert len(taken(study)) == 1
    file.write_bytes(content)  # as the killed process leaves it
    study.restart()
    assert taken(study) == []
    assert len(study.trials) == 1
    assert not file.exists()


def test_guesses_are_tried_before_the_engine_is_asked(study: Driver) -> None:
    study.run(2)
    put(study)
    study.run(2)
    assert [trial.enqueued for trial in study.trials] == [False, False, True, False]
    assert study.trials[2].scored


def test_a_guess_for_what_was_tried_meanwhile_is_turned_down_and_costs_no_training(study: Driver) -> None:
    put(study)
    study.run(1)
    put(study)
    study.run(1)
    assert [trial.state for trial in study.trials] == [
        TrialState.COMPLETE,
        TrialState.TURNED_DOWN,
        TrialState.COMPLETE,
    ]
    assert study.trials[1].repeats == 0


@pytest.mark.parametrize(
    ("engine", "algorithm"),
    [
        ("optuna", "tpe"),
        ("optuna", "brute-force"),
        ("keras-tuner", "bayesian"),
        ("keras-tuner", "hyperband"),
        ("grid-search-cv", "grid"),
        ("grid-search-cv", "halving"),
    ],
)
def test_every_engine_goes_on_after_a_guess_and_does_not_propose_it_again(
    tmp_path: Path, engine: str, algorithm: str
) -> None:
    study = driver(tmp_path / "s", engine, algorithm, text=SHORT)
    study.run(3)
    put(study, **{"training.optimizer": "sgd"})
    study.run(1)
    study.restart()
    study.run(3)
    guess = study.trials[3]
    assert (guess.enqueued, guess.scored, guess.state) == (True, True, TrialState.COMPLETE)
    assert sum(trial.identity == guess.identity for trial in study.trained) == 1
    assert len(study.trained) >= 7


NAME = "0" * 20 + "-" + "a" * 32 + ".json"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is damaged"),
        (b"{", "it is damaged"),
        (b"\x00\xff", "it is damaged"),
        (b"[1]", "it is damaged"),
        (b'{"space": "SPACE"}', "it is damaged"),
        (b'{"space": "SPACE", "values": [1]}', "it is damaged"),
        (b"[" * 100_000, "it is damaged"),
        (b'{"space": "SPACE", "values": {}}' + b" " * 300_000, "it is damaged"),
        (b'{"space": "other", "values": {}}', "it is meant for another space"),
        (b'{"space": "SPACE", "values": {"units": 8}}', "no such parameter"),
        (b'{"space": "SPACE", "values": {"hidden[0].dense.units": NaN}}', "must be 8, 16 or 24. Got nan"),
        (b'{"space": "SPACE", "values": {"hidden[0].dense.units": {"a": [1]}}}', "must be 8, 16 or 24"),
        (b'{"space": "SPACE", "values": {"hidden.repeat": 1e999}}', "must be a whole number"),
        (b'{"space": "SPACE", "values": {"hidden[1].dense.units": 8}}', "has no effect here"),
    ],
)
def test_a_damaged_file_is_set_aside_with_one_word_and_is_never_fatal(study: Driver, content: bytes, why: str) -> None:
    study.folder.inbox.mkdir()
    fingerprint = study.study.plan.space_fingerprint.encode()
    (study.folder.inbox / NAME).write_bytes(content.replace(b"SPACE", fingerprint))
    good = put(study)
    first, second = taken(study)
    assert isinstance(first, SetAside)
    assert first.file == NAME
    assert why in first.why
    assert "\n" not in first.why
    assert second == Enqueued(number=0, guess=good)
    assert taken(study) == []
    assert (study.folder.inbox / "refused" / NAME).exists()


def test_files_folders_pipes_and_links_of_others_are_set_aside_unread(study: Driver, tmp_path: Path) -> None:
    folder = study.folder.inbox
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "guess.json").write_text("{}")
    (folder / "folder").mkdir()
    os.mkfifo(folder / ("1" + NAME[1:]))  # a reader would wait for its writer for ever
    (folder / ("2" + NAME[1:])).symlink_to("/dev/zero")
    (folder / ".hidden").write_text("a file manager's")
    (folder / f".unfinished-{NAME}-x.json").write_text("{")
    aside = taken(study)
    assert [type(event) for event in aside] == [SetAside] * 5
    assert {event.why for event in aside if isinstance(event, SetAside)} == {"it was not put there by tune enqueue"}
    assert taken(study) == []


def test_what_cannot_be_moved_aside_stops_nothing(study: Driver) -> None:
    study.folder.inbox.mkdir()
    (study.folder.inbox / "notes.txt").write_text("mine")
    (study.folder.inbox / "refused").write_text("a file where a folder should be")
    good = put(study)
    assert taken(study) == [Enqueued(number=0, guess=good)]


KILLED = """
import os, pathlib, sys, time
from search_spaces import SearchSpace
from tuner.study import Folder, Study, inbox

folder, text = Folder(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2]).read_text()
space = SearchSpace.parse(text, "space.yaml")

def n_left():
    return len(list(folder.inbox.glob("*.json")))

killed = 0
while before := n_left():
    child = os.fork()
    if not child:
        list(inbox.take_in(Study.open(folder, writable=True), space))
        os._exit(0)
    while n_left() == before:
        time.sleep(0.001)
    time.sleep(0.003 * killed)
    os.kill(child, 9)
    killed += os.waitpid(child, 0)[1] == 9
print(killed)
"""


def test_whatever_moment_a_taker_is_killed_at_each_guess_is_taken_in_once(study: Driver, tmp_path: Path) -> None:
    for _ in range(5):
        put(study)
    study.study.close()  # the takers are other processes
    text = tmp_path / "space.yaml"
    text.write_text(SHORT)
    words = [sys.executable, "-c", KILLED, str(study.folder.path), str(text)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) > 1
    study.restart()
    assert len(study.trials) == len(study.study.guesses()) == 5


def test_what_waits_in_the_inbox_can_be_read_by_anybody(study: Driver) -> None:
    put(study)
    study.folder.inbox.joinpath("notes.txt").write_text(json.dumps({}))
    (pending,) = inbox.pending(Study.open(study.folder), study.space)
    assert pending.values["hidden[0].dense.units"] == 24
