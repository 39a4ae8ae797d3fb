"""What a run that writes to a file says while nothing ends."""

from dataclasses import replace
from pathlib import Path

from search_spaces import SearchSpace
from tuner.cli.murmur import Murmur, what_runs
from tuner.cli.progress import Progress
from tuner.cli.screen import PlainScreen, SilentScreen
from tuner.events import EpochScored, Event, FoldScored, Retraining, RetrainingEpoch, TrialBegan, TrialEnded
from tuner.opening import Request
from tuner.plan import Budget
from tuner.study import Folder
from tuner.trial import Epoch, Fold, Trial, TrialState

BEGAN = TrialBegan(number=0, preset="", parameters=97_322, epochs=20, device="CPU")


def epoch(number: int, accuracy: float) -> Epoch:
    return Epoch(epoch=number, accuracy=accuracy, loss=1.0, val_accuracy=accuracy, val_loss=1.0, seconds=2.5)


def ended(number: int) -> Trial:
    return Trial(number=number, state=TrialState.COMPLETE, curve=(epoch(1, 0.9),), parameters=120_234, seconds=52.0)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def request(tmp_path: Path) -> Request:
    return Request(
        dataset="digits",
        space=SearchSpace.load("mlp_v1"),
        folder=Folder(tmp_path / "s"),
        budget=Budget(trials=2),
        command="",
    )


def test_a_minute_without_a_line_is_broken_by_the_epoch_that_runs(tmp_path: Path) -> None:
    clock, said = Clock(), []
    with PlainScreen(request(tmp_path), say=said.append, clock=clock) as screen:
        screen.event(BEGAN)
        for number in range(1, 9):
            clock.now += 20
            screen.event(EpochScored(number=0, epoch=epoch(number, 0.9 + number / 1000)))
        assert said[1:] == ["trial 0 epoch 3/20 val 0.9030", "trial 0 epoch 6/20 val 0.9060"]
        screen.event(TrialEnded(trial=ended(0)))
        screen.event(Retraining(trial=ended(0), epochs=14))
        del said[:]
        for number in range(1, 8):
            clock.now += 13
            screen.event(RetrainingEpoch(epoch=epoch(number, 0.9)))
        assert said == ["retraining epoch 5/14"]


def test_a_run_that_ends_a_trial_each_minute_says_nothing_else(tmp_path: Path) -> None:
    clock, said = Clock(), []
    with PlainScreen(request(tmp_path), say=said.append, clock=clock) as screen:
        for number in range(5):
            screen.event(replace(BEGAN, number=number))
            clock.now += 59
            screen.event(EpochScored(number=number, epoch=epoch(1, 0.9)))
            screen.event(TrialEnded(trial=ended(number)))
    assert len(said) == 1 + 5


def test_a_long_download_is_told_of_each_minute(tmp_path: Path) -> None:
    clock, said = Clock(), []
    screen = PlainScreen(request(tmp_path), say=said.append, clock=clock)
    for done in range(10):
        clock.now += 30
        screen.download("train.gz", done * 2**20, 26 * 2**20)
    assert said == [
        "downloading train.gz (26.0 MiB)",
        *(f"downloading train.gz: {n}.0 MiB so far" for n in (2, 4, 6, 8)),
    ]


def test_who_asked_for_silence_has_it(tmp_path: Path, capsys: object) -> None:
    screen = SilentScreen(request(tmp_path))
    events: list[Event] = [BEGAN, EpochScored(number=0, epoch=epoch(1, 0.9))]
    for event in events:
        screen.event(event)
    assert capsys.readouterr() == ("", "")  # type: ignore[attr-defined]


def test_of_many_trials_at_once_a_line_tells_as_many_as_fit() -> None:
    progress = Progress(Budget(trials=10), Clock())
    assert what_runs(progress) == ""
    for number in range(9):
        progress.take(replace(BEGAN, number=number))
    progress.take(EpochScored(number=1, epoch=epoch(1, 0.9)))
    assert what_runs(progress) == "trial 0 epoch 0/20; trial 1 epoch 1/20 val 0.9000; trial 2 epoch 0/20; 6 more"


def test_of_a_cross_validation_the_fold_is_told() -> None:
    progress = Progress(Budget(trials=10), Clock())
    progress.take(replace(BEGAN, folds=5))
    progress.take(FoldScored(number=0, folds=(Fold(fold=0, accuracy=0.9),)))
    assert what_runs(progress) == "trial 0 fold 2/5 mean 0.9000"


def test_nothing_is_said_where_nothing_is_known() -> None:
    said: list[str] = []
    clock = Clock()
    murmur = Murmur(said.append, clock)
    clock.now = 100
    murmur.murmur(lambda: "")
    assert said == []
