"""Tables of studies and trials on terminals of all widths and in pipes."""

import io

import pytest
from rich.console import Console

from tuner.cli.printing import WIDE, console
from tuner.cli.study_tables import print_studies, print_trials
from tuner.trial import Epoch, Trial, TrialState


def trial(number: int, state: TrialState, *accuracies: float, **more: object) -> Trial:
    curve = tuple(
        Epoch(epoch=i, accuracy=accuracy, loss=1.0, val_accuracy=accuracy) for i, accuracy in enumerate(accuracies, 1)
    )
    return Trial(number=number, state=state, curve=curve, parameters=1_120_234, seconds=3852.0, **more)  # type: ignore[arg-type]


TRIALS = (
    trial(11, TrialState.COMPLETE, 0.8, 0.9123, preset="published"),
    trial(12, TrialState.PRUNED, 0.4, 0.5, reason="others did better after as many epochs"),
    trial(13, TrialState.FAILED, reason="out_of_memory", detail="no memory for conv2d"),
    trial(14, TrialState.RUNNING, 0.7),
)


def shown(width: int, *, held: bool = True) -> list[str]:
    out = Console(width=width, record=True, file=io.StringIO())
    print_trials(TRIALS, out, held=held, epochs=lambda _trial: 3)
    return [line.rstrip() for line in out.export_text().splitlines()]


def test_eighty_columns_show_all_of_it() -> None:
    rows = [line.split() for line in shown(80)]
    assert ["11", "complete", "0.9123", "2/2", "1,120,234", "1:04:12", "preset", "published"] in rows
    assert ["12", "pruned", "0.5000", "2/2", "1,120,234", "1:04:12", "after", "epoch", "2"] in rows
    assert ["13", "failed", "-", "-", "1,120,234", "1:04:12", "out", "of", "memory"] in rows


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80, 160])
def test_numbers_and_states_are_never_cut(width: int) -> None:
    lines = shown(width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    for words in (["trial", "state"], ["11", "complete", "0.9123"], ["12", "pruned", "0.5000"], ["13", "failed"]):
        assert any(line.split()[: len(words)] == words for line in lines), words


def test_a_running_trial_is_shown_by_the_epochs_that_are_done_of_those_it_is_to_train() -> None:
    assert ["14", "running", "0.7000", "at", "1/3"] in [line.split()[:5] for line in shown(80)]


def test_what_ran_in_a_study_that_nobody_holds_was_cut_off() -> None:
    assert ["14", "cut", "off", "0.7000", "at", "1/3"] in [line.split()[:6] for line in shown(80, held=False)]


def test_studies_are_told_with_what_is_left_to_do() -> None:
    row = {
        "study": "s",
        "finished": 3,
        "asked": 3,
        "best": {"val_accuracy": 0.9},
        "created": "2026-11-27T13:55:12+00:00",
        "stopped_by": "all 3 trials are done",
        "to_do": {"what": "the winner is not retrained yet", "command": "tune resume s"},
    }
    out = io.StringIO()
    print_studies([row, {"study": "t", "problem": "it is damaged", "created": ""}], console(out))
    last = out.getvalue().splitlines()[3:5]
    assert last[0].endswith("2026-11-27 13:55   all 3 trials are done; the winner is not retrained yet")
    assert last[1].split() == ["t", "it", "is", "damaged"]


@pytest.mark.parametrize(
    ("columns", "width"), [("60", 60), (None, WIDE), ("", WIDE), ("0", WIDE), ("wide", WIDE), ("-3", WIDE)]
)
def test_a_pipe_is_as_wide_as_columns_says(columns: str | None, width: int) -> None:
    assert console(io.StringIO(), {} if columns is None else {"COLUMNS": columns}).width == width


def test_no_line_in_a_pipe_ends_with_spaces() -> None:
    out = io.StringIO()
    print_trials(TRIALS, console(out, {}), held=True, epochs=lambda _trial: 3)
    assert out.getvalue().splitlines()
    assert not any(line.endswith(" ") for line in out.getvalue().splitlines())
    console(out, {}).print("word  ", end="")
    assert out.getvalue().endswith("word  ")
