"""Whose weights stay on the disk: after each trial, after a kill in between, and after another policy."""

import random
from pathlib import Path

import pytest
from fakes.studies import checkpoint, made, on_disk, trained

from tuner.errors import UsageError
from tuner.keeping import Keeper, ranked, weights
from tuner.plan import BEST, Keep
from tuner.study import Study
from tuner.trial import Epoch, Fold, Stage, Trial, TrialState, winner

pytestmark = pytest.mark.usefixtures("unsynced")


def keeper(study: Study, policy: str = "best") -> Keeper:
    return Keeper(study, Keep.parse(policy))


def ended(study: Study, held: Keeper, score: float, state: TrialState = TrialState.COMPLETE, **stage: int) -> int:
    number = trained(study, score, state, Stage(**stage))
    held.ended(study.trials()[number])
    return number


@pytest.mark.parametrize("text", ["best", "all", "none", "top:2", "top:50"])
def test_a_policy_is_written_as_it_is_read(text: str) -> None:
    assert str(Keep.parse(text)) == text


def test_the_first_one_is_the_best() -> None:
    assert Keep.parse("top:1") == BEST
    assert Keep.parse(" BEST ") == BEST


@pytest.mark.parametrize(
    "text", ["", "top", "top:", "top:0", "top:-1", "top:x", "top:1.5", "top:²", "some", "best,all"]
)
def test_another_word_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"best, top:K with K from 1 \(as in top:5\), all or none"):
        Keep.parse(text)


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("best", ["00001/epoch-0003"]),
        ("top:2", ["00001/epoch-0003", "00002/epoch-0003"]),
        ("all", [f"0000{i}/epoch-0003" for i in range(4)]),
        ("none", []),
    ],
)
def test_what_the_policy_names_keeps_its_newest_checkpoint(tmp_path: Path, policy: str, left: list[str]) -> None:
    study = made(tmp_path / "s")
    held = keeper(study, policy)
    held.sweep()
    for score in (0.5, 0.9, 0.7, 0.6):
        ended(study, held, score)
    assert on_disk(study) == left
    assert sorted(weights(study)) == [int(each[:5]) for each in left]


@pytest.mark.parametrize("policy", ["best", "top:2", "all", "none"])
def test_after_a_kill_the_next_start_leaves_what_an_undisturbed_run_would_have(tmp_path: Path, policy: str) -> None:
    undisturbed, killed = made(tmp_path / "a"), made(tmp_path / "b")
    held = keeper(undisturbed, policy)
    held.sweep()
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE, TrialState.FAILED, TrialState.COMPLETE]
    for score, state in zip((0.5, 0.95, 0.7, 0.8, 0.6), states, strict=True):
        ended(undisturbed, held, score, state)
        trained(killed, score, state)  # and killed before anybody looked at its checkpoints
    keeper(killed, policy).sweep()
    assert on_disk(killed) == on_disk(undisturbed)


def test_what_runs_or_waits_to_go_on_keeps_all_that_it_has(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.5, TrialState.RUNNING)
    trained(study, 0.5, TrialState.WAITING)
    held = keeper(study, "none")
    held.sweep()
    ended(study, held, 0.9)
    both = ["epoch-0002", "epoch-0003"]
    assert on_disk(study) == [f"0000{i}/{epoch}" for i in (0, 1) for epoch in both]


def test_what_nobody_knows_of_is_swept_away_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    checkpoint(study, 7, 1)
    unfinished = study.folder.checkpoints(0) / ".unfinished-epoch-0004-abc"
    unfinished.mkdir()
    (study.folder.path / ".unfinished-best-abc").mkdir()
    notes = study.folder.all_checkpoints / "notes"
    notes.mkdir()
    keeper(study).sweep()
    assert on_disk(study) == ["00000/epoch-0003"]
    assert notes.exists()
    assert not list(study.folder.path.glob(".unfinished-*"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "epoch-0001").mkdir(parents=True)
    (study.folder.all_checkpoints / "00009").symlink_to(elsewhere)
    keeper(study, "none").sweep()
    assert (elsewhere / "epoch-0001").exists()
    assert on_disk(study) == ["00009/epoch-0001"]


def test_a_trial_that_another_may_go_on_with_keeps_its_weights_until_one_has(tmp_path: Path) -> None:
    study = made(tmp_path / "s", engine="keras-tuner", algorithm="hyperband")
    held = keeper(study, "none")
    held.sweep()
    for score in (0.5, 0.7):
        ended(study, held, score, epochs=3)
    ended(study, held, 0.4, TrialState.FAILED, epochs=3)  # nobody goes on with it
    assert on_disk(study) == ["00000/epoch-0003", "00001/epoch-0003"]
    ended(study, held, 0.8, epochs=9, after=1)
    assert on_disk(study) == ["00000/epoch-0003"]
    trained(study, 0.6, TrialState.RUNNING, Stage(epochs=9, after=0))
    keeper(study, "none").sweep()
    assert "00000/epoch-0003" in on_disk(study)


def test_a_cross_validated_trial_leaves_nothing(tmp_path: Path) -> None:
    study = made(tmp_path / "s", folds=3)
    number = trained(study, 0.9, TrialState.RUNNING)
    (study.folder.checkpoints(number) / "fold-1").mkdir()
    held = keeper(study, "all")
    held.sweep()
    fold = Fold(fold=0, accuracy=0.5)
    held.ended(Trial(number=number, state=TrialState.COMPLETE, folds=(fold,)))
    assert on_disk(study) == []


def test_the_first_in_rank_is_the_winner() -> None:
    chance = random.Random(3)
    for _ in range(200):
        trials = [
            Trial(
                number=i,
                state=chance.choice([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED]),
                curve=(Epoch(epoch=1, accuracy=0.1, loss=1.0, val_accuracy=chance.choice([0.1, 0.2, 0.3])),),
                measures={"parameters": chance.choice([1.0, 2.0])},
            )
            for i in range(6)
        ]
        objectives = chance.choice([("val_accuracy",), ("val_accuracy", "parameters")])
        assert ranked(trials, objectives)[0] == winner(trials, objectives)


def test_going_on_under_another_policy_drops_what_that_one_does_not_want(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5, 0.9, 0.7))
    keeper(study, "all").sweep()
    assert len(on_disk(study)) == 3
    keeper(study, "top:2").sweep()
    assert on_disk(study) == ["00001/epoch-0003", "00002/epoch-0003"]
    keeper(study, "none").sweep()
    assert on_disk(study) == []
