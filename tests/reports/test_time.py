"""What the slots did with the search's time: computed, told, drawn."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from reports import Report, drawing, figures, render_markdown
from reports.csv_files import leaderboard_csv
from reports.drawing.palette import LIGHT
from reports.occupancy import parts, slots_of, use_of
from reports.report import Stay, TrialRow
from tests.reports import samples


def stay(slot: str, began: float, ended: float, waited: float = 0.0) -> Stay:
    return Stay(slot=slot, began=began, ended=ended, waited=waited)


TRIALS = (
    TrialRow(number=0, state="complete", seconds=36.0, stays=(stay("GPU 9", 0, 40, 4),), waited=4.0, memory=10**9),
    TrialRow(
        number=1,
        state="pruned",
        seconds=18.0,
        stays=(stay("GPU 10", 0, 10, 10), stay("GPU 9", 42, 62, 2)),
        waited=15.0,
    ),
    TrialRow(
        number=2, state="failed", seconds=4.0, stays=(stay("GPU 10", 50, 54),), retries=2, device_memory=3 * 10**9
    ),
)


@pytest.fixture
def report() -> Report:
    """GPU 9 from 0 to 62 s, GPU 10 from 0 to 54 s: 40 + 30 + 4 s with trials, of which 16 waiting. Trial 1 waited 3 s
    more before it had a slot.
    """
    whole = samples.tiny()
    ended = [replace(trial, finished_after=trial.stays[-1].ended) for trial in TRIALS]
    return replace(whole, trials=tuple(ended), search=replace(whole.search, seconds=80.0))


def section(report: Report) -> str:
    page = render_markdown(report)
    return page[page.index("## Time and memory") : page.index("## How to reproduce")]


def test_utilisation_is_the_training_over_each_slots_time_from_its_first_trial_to_its_last(report: Report) -> None:
    use = use_of(report.trials)
    assert use is not None
    assert (use.trained, use.waited, use.idle, use.seconds) == (74 - 16, 16, 42, 62 + 54)
    assert use.at_once == 2
    assert use.utilisation == pytest.approx(58 / 116)
    assert use.waiting == pytest.approx(16 / 116)


def test_a_slot_does_not_stand_empty_while_another_session_has_other_devices() -> None:
    """One GPU for 100 s, then two shares of another for 50 s each: never more than two slots, always at work."""
    slots = [("GPU a", 0, 100), ("GPU b, 1 of 2", 100, 150), ("GPU b, 2 of 2", 100, 150)]
    use = use_of([TrialRow(number=i, state="complete", stays=(stay(*slot),)) for i, slot in enumerate(slots)])
    assert use is not None
    assert (len(use.slots), use.seconds, use.utilisation, use.idle) == (3, 200, 1.0, 0.0)


def test_each_stay_waits_first_and_trains_then() -> None:
    found = [(part.slot, part.began, part.ended, part.waiting) for part in parts(TRIALS[1:2])]
    assert found == [("GPU 10", 0, 10, True), ("GPU 9", 42, 44, True), ("GPU 9", 44, 62, False)]


def test_slots_stand_in_the_order_of_their_numbers() -> None:
    assert slots_of(TRIALS) == ("GPU 9", "GPU 10")


def test_the_section_tells_use_waiting_the_longest_memory_and_what_was_cut_off(report: Report) -> None:
    words = section(report)
    assert (
        "Utilisation 50.0 %: its 2 slots together trained for 58.0 s of the 1 min 56 s from each one's first "
        "trial to the end of its last. For 16.0 s (13.8 %) they had a trial that waited for its worker "
        "to start; for 42.0 s (36.2 %) they stood empty."
    ) in words
    assert (
        "All trials together trained for 58.0 s, the longest, trial 0, for 36.0 s (62.1 % of that). Trials waited "
        "another 3.0 s without a slot, for free memory or to be begun again; no bar shows that. The highest peak of "
        "memory of a process is that of trial 0, 1.00 GB. The highest peak of memory of a GPU is that of trial 2, "
        "3.00 GB. 1 trial was cut off and begun again, 2 times in all."
    ) in words
    assert "![Bars of 3 trials on 2 slots over 1 min 20 s. Trials trained for 50.0 % of the slots' time.]" in words


def test_sums_bars_and_table_tell_of_the_same_seconds(report: Report) -> None:
    """Trial 0 lost an epoch when it was cut off: its own account has 30 of its 36 s."""
    cut_off = replace(report, trials=(replace(report.trials[0], seconds=30.0), *report.trials[1:]))
    words = section(cut_off)
    assert "trained for 58.0 s of the 1 min 56 s" in words
    assert "All trials together trained for 58.0 s" in words
    assert "Of that, 6.0 s led to no whole epoch; the other sections do not count them." in words
    rows = [line.split(" | ") for line in words.splitlines() if line.startswith("| ")][2:]
    assert [row[3] for row in rows] == ["36.0 s", "18.0 s", "4.0 s"]
    assert [row[4] for row in rows] == ["4.0 s", "15.0 s", "0.0 s"]  # 16 s on slots, 3 s without


def test_what_was_trained_in_another_study_is_no_cost_of_this_one(report: Report) -> None:
    elsewhere = TrialRow(number=3, state="complete", seconds=900.0, carried=True)
    assert section(replace(report, trials=(*report.trials, elsewhere))) == section(report)


def test_the_table_has_the_columns_that_tell_something_and_the_costliest_trial_first(report: Report) -> None:
    rows = [line for line in section(report).splitlines() if line.startswith("|")]
    assert rows[0] == "| Trial | State | Epochs | Trained | Waited | Begun again | Memory | GPU memory |"
    assert rows[2] == "| 0 | complete | - | 36.0 s | 4.0 s | 0 | 1.00 GB | - |"
    assert rows[4] == "| 2 | failed | - | 4.0 s | 0.0 s | 2 | - | 3.00 GB |"


def test_a_study_of_an_earlier_version_is_told_as_far_as_it_is_known() -> None:
    old = samples.digits()
    assert "slots" not in figures(old)
    assert use_of(old.trials) is None
    assert "When these trials had which slot was not kept" in section(old)
    assert "All trials together trained for" in section(old)


def test_half_a_study_of_an_earlier_version_draws_its_later_trials_and_claims_no_utilisation(report: Report) -> None:
    mixed = replace(report, trials=(replace(report.trials[0], stays=()), *report.trials[1:]))
    assert "slots" in figures(mixed)
    assert use_of(mixed.trials) is None
    assert "When 1 of these trials had which slot" in section(mixed)


def test_nothing_is_said_of_slots_before_anything_was_trained() -> None:
    assert section(samples.empty()) == "## Time and memory\n\nNo trial has been trained yet.\n\n"


def test_bars_have_the_colour_of_their_trials_end_and_waiting_one_of_its_own(report: Report) -> None:
    figure = drawing.slots_over_time(report.trials, 80.0)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "complete",
        "pruned",
        "failed",
        "waiting to train",
    ]
    colours = [patch.get_facecolor() for patch in figure.legends[0].get_patches()]
    assert len(set(colours)) == 4
    assert len({LIGHT[role] for role in ("blue", "amber", "vermilion", "green", "purple", "ghost")}) == 6


def test_a_bar_has_its_trials_number_where_there_is_room_and_a_short_failure_a_cross() -> None:
    one = samples.one_slot()
    crowded = drawing.slots_over_time(one.trials, one.search.seconds).axes[0]
    roomy = drawing.slots_over_time(TRIALS, 80.0).axes[0]
    assert [text.get_text() for text in crowded.texts] == []
    assert [text.get_text() for text in roomy.texts] == ["0", "1", "1", "2"]
    failed = [trial for trial in one.trials if trial.state == "failed"]
    crosses = [each for each in crowded.collections if len(each.get_offsets()) == 1 and each.get_sizes().size]
    assert len(crosses) == len(failed) == 2


def test_slot_names_lose_the_model_only_where_the_rest_tells_them_apart() -> None:
    def names(*slots: str) -> list[str]:
        trials = [TrialRow(number=i, state="complete", stays=(stay(slot, 0, 9),)) for i, slot in enumerate(slots)]
        return [label.get_text() for label in drawing.slots_over_time(trials, 9.0).axes[0].get_yticklabels()]

    assert names("GPU 0 (A100), share 1 of 2", "GPU 0 (A100), share 2 of 2") == [
        "GPU 0, share 1 of 2",
        "GPU 0, share 2 of 2",
    ]
    assert names("GPU (A100)", "GPU (T4)") == ["GPU (A100)", "GPU (T4)"]
    assert names("a " + 40 * "$x$ ")[0].startswith("a $x$")


@pytest.mark.parametrize("n", [1, 8, 64])
@pytest.mark.parametrize("narrow", [False, True])
def test_any_number_of_slots_keeps_a_height_that_a_screen_has(n: int, narrow: bool) -> None:
    trials = [TrialRow(number=i, state="running", stays=(stay(f"GPU {i}", 0, 9),)) for i in range(n)]
    assert 1 < drawing.slots_over_time(trials, 9.0, narrow=narrow).get_figheight() < 10


def test_the_leaderboard_csv_has_device_waiting_retries_and_memory(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(leaderboard_csv(report))))
    assert [row["waited_seconds"] for row in rows] == ["4.0", "15.0", "0.0"]
    assert [(row["retries"], row["memory"], row["device_memory"]) for row in rows] == [
        ("0", "1000000000", ""),
        ("0", "", ""),
        ("2", "", "3000000000"),
    ]
