"""`tune top` and `tune diff`: configurations side by side."""

import json
from pathlib import Path

import pytest
from fakes.job import Job, make

from tuner.cli.boundary import run_program
from tuner.cli.configuration_table import alike_text, differing
from tuner.plan import Budget
from tuner.trial import TrialState

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    made = make(home, monkeypatch)
    made.run(budget=Budget(trials=8))
    return made


def said(capsys: Captured, *words: str, code: int = 0) -> str:
    assert run_program(list(words)) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def test_the_best_are_side_by_side_the_complete_ones_first(job: Job, capsys: Captured) -> None:
    out = said(capsys, "top", "s", "4")
    lines = out.splitlines()
    numbers = [int(word) for word in lines[0].replace("trial", "").split()]
    assert len(numbers) == 4
    rows = {line.split("  ")[0]: line.split() for line in lines[2:] if line}
    states = rows["state"][1:]
    assert states == sorted(states)  # complete, then pruned
    scores = [job.trials[number].score for number in numbers]
    assert [float(word) for word in rows["validation accuracy"][2:]] == pytest.approx(scores, abs=5e-5)
    assert "hidden[0].dense.units" in out
    assert "training.batch_size" not in out  # nothing is searched there


def test_json_has_the_trials_whole(job: Job, capsys: Captured) -> None:
    trials = json.loads(said(capsys, "top", "s", "2", "--json"))
    assert len(trials) == 2
    assert trials[0]["val_accuracy"] >= trials[1]["val_accuracy"]
    assert trials[0]["values"] == dict(job.trials[trials[0]["number"]].values)
    assert len(json.loads(said(capsys, "top", "s", "--json"))) == 5


def test_a_study_without_a_score_says_so(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    job = make(home, monkeypatch)
    with pytest.raises(Exception, match="failures in a row"):
        job.run({"fail": {str(number): "nan" for number in range(9)}})
    assert said(capsys, "top", "s", code=4) == "tune: no trial of study 's' has a score yet.\n"
    assert said(capsys, "diff", "s", "s", code=4) == "tune: no trial of study 's' has a score yet.\n"


def test_two_trials_differ_in_what_is_told_and_in_nothing_else(job: Job, capsys: Captured) -> None:
    first, second = (dict(job.trials[number].values) for number in (0, 1))
    read = json.loads(said(capsys, "diff", "s:0", "s:1", "--json"))
    assert (read["a"]["number"], read["b"]["number"]) == (0, 1)
    told = {row["name"]: (row["a"], row["b"]) for row in read["differences"]}
    names = {*first, *second}
    assert told == {n: (first.get(n), second.get(n)) for n in names if first.get(n) != second.get(n)}
    out = said(capsys, "diff", "s:0", "s:1")
    assert out.splitlines()[0].split() == ["s:0", "s:1"]
    assert all(name in out for name in told)


def test_a_study_stands_for_its_winner(job: Job, capsys: Captured) -> None:
    best = max((t for t in job.trials if t.state is TrialState.COMPLETE), key=lambda trial: trial.score or 0)
    read = json.loads(said(capsys, "diff", "s", f"s:{best.number}", "--json"))
    assert read["a"]["number"] == best.number
    assert read["differences"] == []
    assert "They have the same configuration." in said(capsys, "diff", "s", f"s:{best.number}")


def test_two_spaces_differ_as_one_who_goes_on_in_another_is_told(home: Path, capsys: Captured) -> None:
    assert said(capsys, "diff", "cnn_v4", "cnn_v4") == "They make the same configurations.\n"
    out = said(capsys, "diff", "mlp_v1", "mlp_grid")
    assert {line[0] for line in out.splitlines()} <= {"+", "-", "~"}
    assert {row["sign"] for row in json.loads(said(capsys, "diff", "mlp_v1", "mlp_grid", "--json"))} <= {"+", "-", "~"}


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("s", "mlp_v1"), 2, "mlp_v1 is a space and s is not. Name two spaces, or two trials as STUDY:NUMBER."),
        (("s:x", "s"), 2, "a trial is named as STUDY:NUMBER. Got 's:x'."),
        (("s:8", "s"), 4, "study 's' has no trial 8: its last is 7."),
        (("s:99999999999999999999", "s"), 4, "study 's' has no trial 99999999999999999999: its last is 7."),
        (("nosuch", "s"), 4, "no study 'nosuch' in "),
        (("nosuch.yaml", "mlp_v1"), 2, "nosuch.yaml"),
    ],
)
def test_what_cannot_be_set_side_by_side_gets_one_line(
    job: Job, capsys: Captured, words: tuple[str, str], code: int, line: str
) -> None:
    err = said(capsys, "diff", *words, code=code)
    assert line in err
    assert err.count("\n") == 1


def test_what_one_has_and_the_other_has_not_is_a_difference() -> None:
    one, other = {"a": 1, "b": 0.1, "c": "x"}, {"a": 1, "c": "y"}
    assert differing([one, other]) == ["b", "c"]
    assert alike_text([one, other]) == "alike: a 1"
    assert alike_text([one, {"z": True}]) == ""
