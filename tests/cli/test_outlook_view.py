"""`tune show STUDY --outlook`: what it says, what it hands on, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial

from tuner.cli import outlook_view
from tuner.cli.boundary import run_program
from tuner.outlook import Cost, Gain, Outlook
from tuner.plan import Plan
from tuner.study import Folder, Study, records
from tuner.trial import Epoch, Trial, TrialState

SPACE = """
name: tiny
layers: [flatten, dropout: {rate: {float: [0.0, 0.5]}}]
training: {optimizer: adam, batch_size: 32, epochs: 2}
"""
PLAN = Plan(dataset="digits", data_fingerprint="a", space="tiny", space_fingerprint="b")

BEST = Trial(
    number=31,
    state=TrialState.COMPLETE,
    curve=(Epoch(epoch=1, accuracy=0.9, loss=0.1, val_accuracy=0.9243),),
)
GAIN = Gain(
    median=0.9249,
    low=0.9243,
    high=0.9268,
    chance=0.54,
    chance_beyond_error=0.04,
    standard_error=0.0054,
    n_images=2_400,
    n_top=10,
    n_improvements=3,
)
COST = Cost(seconds=2_040, low=1_680, high=2_460, n_trials=20, n_pruned=9, n_failed=1, n_devices=1)
OUTLOOK = Outlook(
    asked=20,
    more=20,
    n_finished=50,
    n_draws=48,
    left=None,
    best=BEST,
    gain=GAIN,
    unknown="",
    cost=COST,
)


PAGE = """
Best so far 0.9243 (trial 31; 50 trials finished).

20 more trials: a better score is about as likely as not (54 %); the best is then most likely between 0.9243 and 0.9268
(80 %), 0.9249 in the middle.

A gain beyond the score's own standard error (±0.0054 on 2,400 images) is very unlikely (4 %): more trials will hardly
give a better model.

20 more trials: about 34 min (28 to 41, 80 %), told from the last 20, 9 pruned and 1 failed among them.

Scores are told from 48 proposals of the engine, the 10 best of them and 3 improvements in the later half, as if the
search went on like that.
"""


def test_an_outlook_reads_as_a_page() -> None:
    assert said(OUTLOOK).split("\n") == [" ".join(part.split()) for part in PAGE.split("\n\n")]


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.0, "very unlikely (below 1 %)"),
        (0.2, "unlikely (20 %)"),
        (0.5, "about as likely as not (50 %)"),
        (0.8, "likely (80 %)"),
        (0.999, "very likely (above 99 %)"),
    ],
)
def test_a_chance_has_a_word_and_is_never_certain(chance: float, words: str) -> None:
    assert f"a better score is {words}" in said(replace(OUTLOOK, gain=replace(GAIN, chance=chance)))


@pytest.mark.parametrize(
    ("chance", "verdict"),
    [
        (0.09, "more trials will hardly give a better model."),
        (0.2, "more trials may give a better model, but probably will not."),
        (0.5, "more trials may well give a better model."),
    ],
)
def test_the_verdict_is_of_the_gain_that_matters(chance: float, verdict: str) -> None:
    assert verdict in said(replace(OUTLOOK, gain=replace(GAIN, chance_beyond_error=chance)))


def test_where_nothing_is_likely_to_change_no_interval_is_drawn() -> None:
    still = replace(GAIN, low=0.9243, median=0.9243, high=0.9243, chance=0.05)
    assert "very unlikely (5 %); most likely the best stays at 0.9243." in said(replace(OUTLOOK, gain=still))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (40.0, "about 40 s (20 to 80, 80 %)"),
        (300.0, "about 5.0 min (2.5 to 10, 80 %)"),
        (20_000.0, "about 5.6 h (2.8 to 11, 80 %)"),
    ],
)
def test_one_unit_suits_the_whole_span(seconds: float, text: str) -> None:
    span = replace(COST, seconds=seconds, low=seconds / 2, high=seconds * 2)
    assert text in said(replace(OUTLOOK, cost=span))


def test_several_devices_and_no_losses_are_told_as_such() -> None:
    cost = replace(COST, n_pruned=0, n_failed=0, n_devices=2)
    assert "told from the last 20 on 2 devices." in said(replace(OUTLOOK, cost=cost))


def test_fewer_than_asked_is_said() -> None:
    assert "1 more trial (the space holds no more that were not tried): a better" in said(replace(OUTLOOK, more=1))


def test_what_cannot_be_told_leaves_the_rest_standing() -> None:
    young = replace(OUTLOOK, gain=None, unknown="Too early.", remarks=("Mind this.",))
    assert list(outlook_view.lines(young))[1:] == [
        "Too early.",
        "20 more trials: about 34 min (28 to 41, 80 %), told from the last 20, 9 pruned and 1 failed among them.",
        "Mind this.",
    ]
    empty = replace(young, best=None, n_finished=0, cost=None, remarks=())
    assert list(outlook_view.lines(empty)) == ["No score so far; 0 trials finished.", "Too early."]


def said(outlook: Outlook) -> str:
    return "\n".join(outlook_view.lines(outlook))


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def running(home: Path) -> Study:
    """A study of 12 finished trials, one of them pruned, in the middle of its thirteenth."""
    folder = Folder(home / "studies" / "young")
    folder.path.mkdir(parents=True)
    facts = {"data": {"counts": {"train": [40] * 10, "validation": [20] * 10}}, "run": {"trials": 50}}
    rows = [finished(number, round(0.8 + 0.01 * (number % 5), 2), pruned=number == 4) for number in range(12)]
    study = Study.create(folder, PLAN, SPACE, rows, facts)
    study.optuna.ask().suggest_float("dropout.rate", 0.0, 0.5)
    return study


def finished(number: int, score: float, *, pruned: bool) -> FrozenTrial:
    state = TrialState.PRUNED if pruned else TrialState.COMPLETE
    return optuna.create_trial(
        state=records.row_of(state, ""),
        value=None if pruned else score,
        params={"dropout.rate": number / 100},
        distributions={"dropout.rate": optuna.distributions.FloatDistribution(0.0, 0.5)},
        user_attrs={
            records.SETUP: {"configuration": f"{number}", "device": "CPU"},
            records.CURVE: {"epochs": [[1, 0.5, 1.0, score]]},
            records.OUTCOME: {"state": state.value, "seconds": 5.0, "finished_after": 6.0 * (number + 1)},
        },
    )


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run_program(["show", "young", *words]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_a_running_study_has_an_outlook(running: Study, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(told(capsys, "--outlook").split())
    assert "Best so far 0.8400 (trial 9; 12 trials finished)." in text
    assert "on 200 images" in text
    assert "20 more trials: about 2.0 min" in text
    assert "told from the last 12, 1 pruned among them." in text


def test_without_being_asked_for_there_is_none(running: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Best so far" not in told(capsys)
    assert "outlook" not in json.loads(told(capsys, "--json"))


def test_json_carries_every_figure(running: Study, capsys: pytest.CaptureFixture[str]) -> None:
    outlook: dict[str, Any] = json.loads(told(capsys, "--outlook", "--more", "30", "--json"))["outlook"]
    assert (outlook["trials_asked"], outlook["trials_to_come"], outlook["configurations_left"]) == (30, 30, None)
    assert outlook["best"] == {"trial": 9, "val_accuracy": 0.84}
    score, cost = outlook["score"], outlook["cost"]
    assert 0.84 <= score["val_accuracy_low"] <= score["val_accuracy_median"] <= score["val_accuracy_high"] <= 1
    assert (score["proposals"], score["scored_images"]) == (12, 200)
    assert cost["seconds_low"] < 180 < cost["seconds_high"]
    assert (cost["trials"], cost["trials_pruned"], cost["trials_failed"], cost["devices"]) == (12, 1, 0, 1)


def test_folds_are_cut_from_all_images(running: Study, capsys: pytest.CaptureFixture[str]) -> None:
    running.remember("plan", replace(PLAN, engine="grid-search-cv", algorithm="random", folds=5).to_json())
    outlook = json.loads(told(capsys, "--outlook", "--json"))["outlook"]
    assert outlook["score"]["scored_images"] == 600


def test_an_engine_that_gave_up_is_quoted(running: Study, capsys: pytest.CaptureFixture[str]) -> None:
    running.remember("run", {"trials": 50, "stopped_by": "all 4 brackets are done", "exhausted": True})
    assert "There are no more trials to come: all 4 brackets are done." in told(capsys, "--outlook")


@pytest.mark.parametrize("why", ["its time was up", "it was interrupted", "all 50 trials are done", ""])
def test_a_run_that_ended_otherwise_may_go_on(running: Study, capsys: pytest.CaptureFixture[str], why: str) -> None:
    running.remember("run", {"trials": 50, "stopped_by": why})
    text = told(capsys, "--outlook", "--more", "30")
    assert "no more trials to come" not in text
    assert ("To train them: tune resume young --trials 42" in text) == bool(why)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--outlook", "--more", "0"), "0 is not in the range"),
        (("--outlook", "--more", "many"), "'many' is not a valid whole number"),
        (("--outlook", "--more", "1000000"), "1000000 is not in the range"),
        (("--more", "5"), "--more 5 says how far --outlook looks ahead: it needs --outlook too."),
    ],
)
def test_misuse_ends_with_one_line(
    running: Study, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    assert line in told(capsys, *words, code=2)
