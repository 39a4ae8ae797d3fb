"""What a run shows, as text."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from search_spaces import SearchSpace
from tuner.cli.printing import printable, span
from tuner.cli.progress import Progress
from tuner.cli.screen import LiveScreen, PlainScreen
from tuner.cli.trial_lines import sparkline, trial_line
from tuner.cli.view import view
from tuner.events import (
    Again,
    Confirming,
    EpochScored,
    Event,
    FoldScored,
    Retraining,
    RetrainingEpoch,
    Stopping,
    TrialBegan,
    TrialEnded,
    WorkerLost,
)
from tuner.opening import Request
from tuner.plan import Budget
from tuner.study import Folder
from tuner.trial import Epoch, Fold, Stage, Trial, TrialState


def epoch(number: int, accuracy: float) -> Epoch:
    return Epoch(epoch=number, accuracy=accuracy, loss=1.0, val_accuracy=accuracy, val_loss=1.0, seconds=2.5)


def trial(number: int, state: TrialState, *accuracies: float, **more: object) -> Trial:
    curve = tuple(epoch(i, accuracy) for i, accuracy in enumerate(accuracies, 1))
    return Trial(number=number, state=state, curve=curve, parameters=120_234, seconds=52.0, **more)  # type: ignore[arg-type]


BEGAN = TrialBegan(number=3, preset="", parameters=97_322, epochs=20, device="CPU")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(progress: Progress, note: str = "", width: int = 110) -> list[str]:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(view(progress, note, width))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_view_shows_what_is_done_what_runs_and_what_is_best() -> None:
    clock = Clock()
    progress = Progress(Budget(trials=10, timeout=900), clock)
    for event in (
        TrialBegan(number=0, preset="published", parameters=120_234, epochs=20, device="CPU"),
        TrialEnded(trial=trial(0, TrialState.COMPLETE, 0.8, 0.91, 0.9)),
        BEGAN,
        EpochScored(number=3, epoch=epoch(1, 0.7)),
        EpochScored(number=3, epoch=epoch(2, 0.85)),
    ):
        clock.now += 10
        progress.take(event)
    bar, facts, running = drawn(progress)
    assert bar.endswith("1/10 trials  1 complete  0 pruned  0 failed")
    assert facts.startswith("elapsed 50 s   about ")
    assert facts.endswith("best 0.9100 (trial 0, epoch 2, 120 k params)")
    assert running == "▸ trial   3  epoch  2/20  val 0.8500  2.5 s/epoch  97 k params  CPU  ▁█"


def test_nothing_is_wider_than_the_terminal() -> None:
    progress = Progress(Budget(trials=10), Clock())
    progress.take(BEGAN)
    for i in range(1, 21):
        progress.take(EpochScored(number=3, epoch=epoch(i, 0.5 + i / 100)))
    for width in (20, 40, 80):
        assert max(len(line) for line in drawn(progress, "loading TensorFlow", width)) <= width


def test_the_time_left_is_the_sooner_of_trials_and_timeout() -> None:
    clock = Clock()
    progress = Progress(Budget(trials=3, timeout=1000), clock)
    assert progress.left == 1000
    progress.take(BEGAN)
    clock.now += 60
    progress.take(TrialEnded(trial=trial(3, TrialState.PRUNED, 0.5)))
    assert progress.left == 120
    clock.now += 900
    assert progress.left == 40


def test_retraining_is_shown_by_its_epochs_and_then_the_test() -> None:
    progress = Progress(Budget(trials=1), Clock())
    progress.take(Retraining(trial=trial(0, TrialState.COMPLETE, 0.9), epochs=2))
    assert "retraining trial 0 on training + validation  epoch 0/2" in drawn(progress)[-1]
    progress.take(RetrainingEpoch(epoch=epoch(1, 0.8)))
    progress.take(RetrainingEpoch(epoch=epoch(2, 0.9)))
    assert "testing it on the test set" in drawn(progress)[-1]


def test_a_trial_is_one_plain_line() -> None:
    best = trial_line(trial(0, TrialState.COMPLETE, 0.8, 0.9123, preset="published"), is_best=True)
    assert best == "trial   0  complete  0.9123 epoch   2/2  120 k params   52 s  best  published"
    failed = trial_line(trial(7, TrialState.FAILED, reason="nan", detail="the loss ran away"), is_best=False)
    assert failed == "trial   7  failed    120 k params   52 s  nan: the loss ran away"


def test_plain_output_has_a_line_for_each_thing_that_happened(tmp_path: Path) -> None:
    request = Request(
        dataset="digits",
        space=SearchSpace.load("mlp_v1"),
        folder=Folder(tmp_path / "s"),
        budget=Budget(trials=2),
        command="",
    )
    said: list[str] = []
    events: list[Event] = [
        BEGAN,
        WorkerLost(number=3, detail="its process was ended by SIGKILL", retry=1),
        TrialEnded(trial=trial(3, TrialState.COMPLETE, 0.9)),
        TrialEnded(trial=trial(4, TrialState.PRUNED, 0.5)),
        Retraining(trial=trial(3, TrialState.COMPLETE, 0.9), epochs=1),
    ]
    with PlainScreen(request, say=said.append) as screen:
        for event in events:
            screen.event(event)
    assert said[0] == "digits · mlp_v1 · study s"
    assert said[1].endswith(
        "ended by SIGKILL (by somebody, or by the system for want of memory); going on with it (retry 1)"
    )
    assert said[2].endswith("best")
    assert "pruned" in said[3]
    assert said[4] == "retraining trial 3 for 1 epoch on training + validation"


def test_spans_read_as_people_write_them() -> None:
    assert [span(s) for s in (0.4, 59, 61, 3700, None)] == ["0 s", "59 s", "1:01", "1:01:40", "-"]


def test_a_sparkline_spans_its_own_range() -> None:
    assert sparkline([epoch(1, 0.1), epoch(2, 0.5), epoch(3, 0.9)]) == "▁▅█"
    assert sparkline([epoch(1, 0.5)]) == "▁"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\nd") == "a?[31mb?c?d"


def folds(*accuracies: float) -> tuple[Fold, ...]:
    return tuple(Fold(fold=index, accuracy=accuracy) for index, accuracy in enumerate(accuracies))


def test_the_view_shows_which_fold_runs_and_the_mean_of_those_before() -> None:
    progress = Progress(Budget(trials=10), Clock())
    progress.take(replace(BEGAN, folds=5))
    assert drawn(progress)[-1] == "▸ trial   3  fold 1/5  97 k params  CPU"
    progress.take(FoldScored(number=3, folds=folds(0.8, 0.9)))
    assert drawn(progress)[-1] == "▸ trial   3  fold 3/5  mean 0.8500  97 k params  CPU"
    progress.take(TrialEnded(trial=trial(3, TrialState.COMPLETE, folds=folds(0.8, 0.9, 0.8, 0.9, 0.8))))
    assert drawn(progress)[1].endswith("best 0.8400 (trial 3, mean of 5 folds, 120 k params)")


def test_of_halving_a_trial_of_a_later_round_is_the_best_so_far_though_it_scored_less() -> None:
    progress = Progress(Budget(trials=10), Clock())
    for number, samples, score in ((0, 60, 0.9), (1, 180, 0.7), (2, 60, 0.95), (3, 180, 0.8)):
        rows = folds(score, score)
        progress.take(TrialEnded(trial=trial(number, TrialState.COMPLETE, folds=rows, stage=Stage(samples=samples))))
    assert progress.best is not None
    assert progress.best.number == 3


def test_the_line_of_a_cross_validated_trial_has_mean_deviation_folds_and_images() -> None:
    ended = trial(7, TrialState.COMPLETE, folds=folds(0.8, 0.9, 0.9), stage=Stage(samples=180))
    assert trial_line(ended, is_best=True) == (
        "trial   7  complete  0.8667 ± 0.047  3 folds of 180  120 k params   52 s  best"
    )


def test_the_usual_line_of_a_trial_fits_eighty_columns() -> None:
    scores = [0.5 + i / 100 for i in range(18)]
    for state in (TrialState.COMPLETE, TrialState.PRUNED):
        for more in ({}, {"preset": "published"}, {"enqueued": True}, {"stage": Stage(epochs=18, after=117)}):
            ended = replace(trial(118, state, *scores, **more), parameters=11_820_234, seconds=3482.0)
            assert len(trial_line(ended, is_best=True)) <= 79 + 4 * ("stage" in more)
    assert trial_line(trial(118, TrialState.PRUNED, *scores), is_best=False) == (
        "trial 118  pruned    0.6700 epoch 18/18  120 k params   52 s"
    )


def test_the_usual_line_of_a_failed_trial_fits_eighty_columns_and_ends_with_why() -> None:
    late = {"reason": "timeout", "detail": "trained for longer than 300 s"}
    assert trial_line(trial(0, TrialState.FAILED, preset="published", **late), is_best=False) == (
        "trial   0  failed     52 s  preset published  trained for longer than 300 s"
    )
    assert trial_line(trial(0, TrialState.FAILED, 0.5, 0.6, **late), is_best=False) == (
        "trial   0  failed    0.6000 epoch   2/2   52 s  trained for longer than 300 s"
    )
    known = {"reason": "out_of_memory", "detail": "memory ran out: its process was ended by SIGKILL"}
    assert trial_line(trial(0, TrialState.FAILED, **known), is_best=False).endswith("ended by SIGKILL")
    died = {"reason": "crash", "detail": "killed, " * 20}
    assert trial_line(trial(0, TrialState.FAILED, **died), is_best=False).endswith(", killed,")


def test_what_a_running_trial_has_no_room_for_is_the_beginning_of_its_curve() -> None:
    progress = Progress(Budget(trials=10), Clock())
    progress.take(replace(BEGAN, preset="published", device="CPU, share 1 of 2"))
    for i in range(1, 21):
        progress.take(EpochScored(number=3, epoch=epoch(i, 0.5 + i / 100)))
    start = "▸ trial   3  epoch 20/20  val 0.7000  2.5 s/epoch  "
    assert drawn(progress, width=80)[-1] == f"{start}CPU 1/2  preset published"
    line = f"{start}97 k params  CPU 1/2  preset published  "
    assert drawn(progress, width=100)[-1] == line + sparkline(progress.running[3].curve[-(100 - len(line)) :])
    assert drawn(progress, width=160)[-1] == line + sparkline(progress.running[3].curve)


def test_that_a_run_ends_is_said_at_once_and_stays(tmp_path: Path) -> None:
    stopping = Stopping(why="it was interrupted", interrupted=True)
    progress = Progress(Budget(trials=10), Clock())
    progress.take(BEGAN)
    progress.take(stopping)
    progress.take(EpochScored(number=3, epoch=epoch(1, 0.7)))
    told = "ending: what runs keeps its last epoch; Ctrl-C now ends at once"
    assert drawn(progress, "loading TensorFlow", 80)[-1] == f"{told} …"
    progress.take(Retraining(trial=trial(3, TrialState.COMPLETE, 0.9), epochs=1))
    assert "ending" not in "".join(drawn(progress))
    assert plain(tmp_path, stopping) == [told]
    timed = Stopping(why="its time was up", interrupted=False)
    assert plain(tmp_path, timed) == ["ending, its time was up: what runs keeps its last epoch"]


def plain(tmp_path: Path, *events: Event) -> list[str]:
    said: list[str] = []
    folder = Folder(tmp_path / "s")
    request = Request(
        dataset="digits", space=SearchSpace.load("mlp_v1"), folder=folder, budget=Budget(trials=2), command=""
    )
    screen = PlainScreen(request, say=said.append)
    for event in events:
        screen.event(event)
    return said


def test_below_the_line_of_a_trial_that_ended_the_view_is_of_the_same_moment(tmp_path: Path) -> None:
    request = Request(
        dataset="digits",
        space=SearchSpace.load("mlp_v1"),
        folder=Folder(tmp_path / "s"),
        budget=Budget(trials=5),
        command="",
    )
    written = io.StringIO()
    out = Console(file=written, force_terminal=True, width=80, legacy_windows=False, color_system=None)
    with LiveScreen(request, out) as screen:
        for number in range(5):
            screen.event(replace(BEGAN, number=number))
            screen.event(EpochScored(number=number, epoch=epoch(1, 0.7)))
            screen.event(TrialEnded(trial=trial(number, TrialState.PRUNED, 0.5)))
            line, _, view_after = written.getvalue().rpartition(f"trial   {number}  pruned")
            assert line
            assert f"{number + 1}/5 trials" in view_after
            assert f"trial   {number}  epoch" not in view_after


CONFIRMED: list[Event] = [
    Confirming(trials=(7, 3), repeats=2, left=3),
    Again(trial=3, repeat=1, repeats=2, event=replace(BEGAN, number=0)),
    Again(trial=7, repeat=1, repeats=2, event=replace(BEGAN, number=1)),
    Again(trial=3, repeat=1, repeats=2, event=EpochScored(number=0, epoch=epoch(1, 0.7))),
]


def test_trials_that_are_confirmed_are_shown_side_by_side_under_their_numbers(tmp_path: Path) -> None:
    progress = Progress(Budget(trials=9), Clock())
    for event in CONFIRMED:
        progress.take(event)
    _, facts, what, first, second = drawn(progress)
    assert "left" not in facts
    assert what == "confirming the best trials  0/3 trainings"
    assert first.startswith("▸ trial   3  again 2/2  epoch  1/20  val 0.7000")
    assert second.startswith("▸ trial   7  again 2/2  epoch  0/20")
    progress.take(Again(trial=3, repeat=1, repeats=2, event=TrialEnded(trial=trial(0, TrialState.COMPLETE, 0.7))))
    assert drawn(progress)[2].endswith("1/3 trainings")
    assert len(drawn(progress)) == 4
    assert progress.best is None  # it is no trial of the search
    assert progress.n_finished == 0


def test_what_becomes_of_them_is_a_line_each(tmp_path: Path) -> None:
    lost = WorkerLost(number=0, detail="its process ended with exit code 1", retry=1)
    said = plain(
        tmp_path,
        *CONFIRMED,
        Again(trial=3, repeat=1, repeats=2, event=lost),
        Again(trial=3, repeat=1, repeats=2, event=TrialEnded(trial=trial(0, TrialState.COMPLETE, 0.8, 0.9))),
        Again(trial=7, repeat=1, repeats=2, event=TrialEnded(trial=trial(1, TrialState.FAILED, reason="nan"))),
    )
    assert said == [
        "confirming trials 7 and 3, each under 2 fresh seeds: 3 trainings",
        "trial   3  its process ended with exit code 1; going on with it (retry 1)",
        "trial   3  again 2/2  0.9000 epoch   2/2   52 s",
        "trial   7  again 2/2  nan:    52 s",
    ]
    assert plain(tmp_path, Confirming(trials=(5,), repeats=1, left=1)) == [
        "confirming trial 5 under 1 fresh seed: 1 training"
    ]
