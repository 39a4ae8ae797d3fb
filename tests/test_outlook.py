"""What more trials may bring: held to histories whose future is known, and to cases that a hand can follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tuner.outlook import Circumstances, Outlook, look_ahead
from tuner.outlook.cost import cost
from tuner.outlook.past import past
from tuner.plan import Plan
from tuner.trial import Epoch, Fold, Reason, Stage, Trial, TrialState

COMPLETE, PRUNED, FAILED = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED
PLAN = Plan(dataset="digits", data_fingerprint="a", space="mlp_v1", space_fingerprint="b")
AT_RANDOM = replace(PLAN, algorithm="random")


def trial(number: int, score: float | None, state: TrialState = COMPLETE, **facts: Any) -> Trial:
    curve = () if score is None else (Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=score),)
    ends = {"seconds": 8.0, "finished_after": 10.0 * (number + 1), "device": "CPU"}
    return Trial(number=number, state=state, curve=curve, values={"x": number}, **{**ends, **facts})


def study(*scores: float | None) -> list[Trial]:
    """Trials of these scores; None is a pruned one."""
    return [trial(number, score or 0.5, COMPLETE if score else PRUNED) for number, score in enumerate(scores)]


def ahead(trials: list[Trial], more: int = 20, plan: Plan = PLAN, n_images: int = 10_000, **facts: Any) -> Outlook:
    return look_ahead(trials, Circumstances(plan=plan, n_images=n_images, **facts), more=more)


def at_random(generator: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Scores below a ceiling of 0.9, as accuracies of a space's configurations are."""
    return np.round(0.9 - 0.3 * generator.beta(4, 4, n), 4)


LEVEL = study(0.8, 0.85, 0.9, 0.89, 0.88, 0.87, 0.86, 0.91, 0.84, 0.83)
"""Ten trials."""

# --- what counts ------------------------------------------------------------------------------------------------------


def test_presets_and_guesses_set_the_best_score_and_are_no_draws() -> None:
    trials = [trial(0, 0.95, preset="published"), trial(1, 0.96, enqueued=True), trial(2, 0.9), trial(3, 0.8)]
    known = past(trials)
    assert known.best is trials[1]
    assert known.scores == (0.9, 0.8)


def test_pruned_and_failed_trials_are_draws_that_did_not_beat_the_best() -> None:
    trials = [trial(0, 0.9), trial(1, 0.95, PRUNED), trial(2, None, FAILED), trial(3, None, TrialState.RUNNING)]
    assert past(trials).scores == (0.9, None, None)


def test_what_was_turned_down_is_no_draw() -> None:
    assert past([trial(0, 0.9), trial(1, None, TrialState.TURNED_DOWN, reason=Reason.REPEAT)]).scores == (0.9,)


def test_trials_carried_over_are_draws() -> None:
    assert past([trial(0, 0.9, carried="old"), trial(1, 0.8)]).scores == (0.9, 0.8)


def test_scores_of_a_part_of_the_training_are_not_compared_with_those_of_all_of_it() -> None:
    trials = [trial(0, 0.8, stage=Stage(epochs=3)), trial(1, 0.9), trial(2, 0.7, stage=Stage(epochs=9))]
    assert past(trials).scores == (None, 0.9, None)


def test_scores_on_the_most_images_count_where_none_was_on_all() -> None:
    trials = [trial(0, 0.8, stage=Stage(samples=100)), trial(1, 0.9, stage=Stage(samples=300))]
    assert past(trials).scores == (None, 0.9)


def test_the_score_of_a_cross_validation_is_the_mean_of_its_folds() -> None:
    folds = (Fold(fold=0, accuracy=0.8), Fold(fold=1, accuracy=0.9))
    assert past([trial(0, None, folds=folds)]).scores == (pytest.approx(0.85),)


# --- what they may bring ----------------------------------------------------------------------------------------------


def test_where_trials_are_alike_the_outlook_keeps_what_it_says() -> None:
    generator, chances, came, held = np.random.default_rng(1), [], [], []
    for _ in range(80):
        scores = at_random(generator, 60)
        gain = ahead(study(*scores[:40]), plan=AT_RANDOM).gain
        assert gain is not None
        chances.append(gain.chance)
        came.append(scores.max() > scores[:40].max())
        held.append(gain.low - 1e-9 <= scores.max() <= gain.high + 1e-9)
    # 20 of 60 draws are to come, so that the best of all is among them in a third of the cases.
    assert np.mean(chances) == pytest.approx(1 / 3, abs=0.05)
    assert np.mean(came) == pytest.approx(np.mean(chances), abs=0.1)
    assert 0.85 <= np.mean(held) <= 0.97  # more than 0.8, since most of what is likely is that nothing changes


def test_a_search_that_learns_has_better_chances_than_one_at_random() -> None:
    learning, random = ahead(LEVEL).gain, ahead(LEVEL, plan=AT_RANDOM).gain
    assert learning is not None
    assert random is not None
    assert learning.chance > random.chance + 0.1
    assert learning.high > random.high


def test_in_a_finite_space_learning_soon_comes_to_an_end() -> None:
    finite, infinite = ahead(LEVEL, configurations=10_000, finite=True).gain, ahead(LEVEL).gain
    assert finite is not None
    assert infinite is not None
    assert finite.chance < infinite.chance - 0.1


def test_more_improvements_so_far_promise_more_to_come() -> None:
    rising = study(*(0.8 + 0.005 * number for number in range(20)))
    settled = study(*(0.8 + 0.005 * number for number in range(19, -1, -1)))
    up, flat = ahead(rising).gain, ahead(settled).gain
    assert up is not None
    assert flat is not None
    assert (up.n_improvements, flat.n_improvements) == (10, 0)
    assert up.chance > flat.chance + 0.1


def test_a_preset_far_above_all_proposals_will_hardly_be_beaten() -> None:
    alone, beside = ahead(LEVEL).gain, ahead([*LEVEL, trial(10, 0.99, preset="published")]).gain
    assert alone is not None
    assert beside is not None
    assert beside.chance < 0.1 < alone.chance
    assert beside.low == 0.99


def test_a_gain_within_the_standard_error_is_told_from_one_beyond() -> None:
    few, many = ahead(LEVEL, n_images=100).gain, ahead(LEVEL, n_images=1_000_000).gain
    assert few is not None
    assert many is not None
    assert few.standard_error == pytest.approx((0.91 * 0.09 / 100) ** 0.5)
    assert many.chance - many.chance_beyond_error < 0.02 < few.chance - few.chance_beyond_error


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.none() | st.integers(1, 100), min_size=8, max_size=40),
    st.integers(1, 100_000),
    st.sampled_from(["tpe", "random"]),
)
def test_the_best_score_never_falls_and_never_passes_one(counts: list[int | None], more: int, algorithm: str) -> None:
    trials = study(*(None if count is None else count / 100 for count in counts))
    outlook = ahead(trials, more, replace(PLAN, algorithm=algorithm), n_images=100)
    if outlook.gain is None:
        assert outlook.unknown
        return
    gain = outlook.gain
    assert outlook.best is not None
    assert outlook.best.score is not None
    assert outlook.best.score <= gain.low <= gain.median <= gain.high <= 1.0
    assert 0.0 <= gain.chance_beyond_error <= gain.chance <= 1.0


def test_nothing_is_better_than_every_image_right() -> None:
    gain = ahead(study(*[1.0] * 5, *[0.99] * 5), n_images=100).gain
    assert gain is not None
    assert (gain.chance, gain.low, gain.high) == (0.0, 1.0, 1.0)


def test_equal_scores_do_not_hide_that_an_image_more_may_be_won() -> None:
    gain = ahead(study(*[0.9] * 20), n_images=100).gain
    assert gain is not None
    assert 0.05 < gain.chance < 0.95
    assert gain.high < 0.95


def test_a_score_that_was_rounded_is_not_beaten_by_itself() -> None:
    gain = ahead(study(0.99537, 0.99537, *[0.9] * 30), more=1, n_images=216).gain  # 215 of 216
    assert gain is not None
    assert gain.low == gain.median == 0.99537


def test_more_trials_bring_more() -> None:
    few, many = ahead(LEVEL, 5).gain, ahead(LEVEL, 100).gain
    assert few is not None
    assert many is not None
    assert few.chance < many.chance
    assert few.high < many.high


def test_the_same_history_has_the_same_outlook() -> None:
    assert ahead(LEVEL) == ahead(LEVEL)


# --- where it cannot be told ------------------------------------------------------------------------------------------


def test_before_any_score_there_is_nothing_to_tell() -> None:
    outlook = ahead([])
    assert (outlook.best, outlook.gain, outlook.cost) == (None, None, None)
    assert "no trial has a score" in outlook.unknown


def test_too_short_a_history_is_called_so_and_its_cost_is_told_all_the_same() -> None:
    outlook = ahead(study(0.9, None, None, None, None, None, None, 0.7))
    assert outlook.gain is None
    assert outlook.unknown.endswith("There are 8, of them 2 trained whole.")
    assert outlook.cost is not None


def test_no_more_is_promised_than_the_space_holds() -> None:
    outlook = ahead(LEVEL, configurations=13)
    assert (outlook.asked, outlook.more, outlook.left) == (20, 3, 3)
    assert outlook.gain == ahead(LEVEL, 3).gain
    assert outlook.cost is not None
    assert outlook.cost.seconds == pytest.approx(30, rel=0.1)


def test_a_space_that_was_tried_to_the_end_has_no_more_to_give() -> None:
    turned_down = trial(10, None, TrialState.TURNED_DOWN, reason=Reason.OVER_LIMIT)
    outlook = ahead([*LEVEL, turned_down], configurations=11)
    assert outlook.unknown == "There are no more trials to come: every configuration of the space was tried."
    assert (outlook.more, outlook.gain, outlook.cost) == (0, None, None)


def test_what_is_forbidden_is_not_one_of_the_configurations_left() -> None:
    forbidden = trial(10, None, TrialState.TURNED_DOWN, reason=Reason.FORBIDDEN)
    assert ahead([*LEVEL, forbidden], configurations=11).left == 1


def test_where_trials_are_stages_configurations_are_no_limit() -> None:
    stages = [replace(each, stage=Stage(epochs=3)) for each in LEVEL]
    assert ahead(stages, configurations=11).left is None


def test_an_engine_that_has_ended_is_believed() -> None:
    outlook = ahead(LEVEL, ended="all 4 brackets are done")
    assert outlook.unknown == "There are no more trials to come: all 4 brackets are done."
    assert outlook.cost is None


def test_what_the_figures_leave_out_is_said() -> None:
    several = replace(PLAN, objectives=("val_accuracy", "parameters"))
    assert ahead(LEVEL, plan=several).remarks == (
        "Told of val_accuracy alone; the search also seeks parameters.",
    )  # fmt: skip
    (in_order,) = ahead(LEVEL, plan=replace(PLAN, engine="grid-search-cv", algorithm="grid")).remarks
    assert "in order" in in_order
    (carried,) = ahead([replace(each, carried="old") for each in LEVEL]).remarks
    assert carried.startswith("10 of the trials were carried over")


# --- what they cost ---------------------------------------------------------------------------------------------------


def test_waiting_between_trials_is_part_of_their_cost() -> None:
    told = cost(LEVEL, more=20)  # 8 seconds of training, 10 from end to end
    assert told is not None
    assert told.seconds == pytest.approx(200, rel=0.05)
    assert told.low < 160
    assert told.high > 250


def test_the_interval_narrows_as_the_history_grows() -> None:
    short, long = cost(LEVEL, more=20), cost(study(*[0.9] * 100), more=20)
    assert short is not None
    assert long is not None
    assert long.high / long.low < short.high / short.low


def test_devices_side_by_side_share_the_time() -> None:
    pairs = [
        trial(number, 0.9, finished_after=10.0 * (1 + number // 2), device=f"GPU{number % 2}") for number in range(40)
    ]
    told = cost(pairs, more=20)
    assert told is not None
    assert told.n_devices == 2
    assert told.seconds == pytest.approx(100, rel=0.1)


def test_pruned_and_failed_trials_are_paid_for_too() -> None:
    states = [COMPLETE, PRUNED, PRUNED, FAILED] * 5
    told = cost([trial(number, 0.9, state) for number, state in enumerate(states)], more=4)
    assert told is not None
    assert (told.n_trials, told.n_pruned, told.n_failed) == (20, 10, 5)


def test_the_last_twenty_tell_the_cost() -> None:
    slow_first = [trial(number, 0.9, finished_after=100.0 * min(number, 20) + number) for number in range(41)]
    told = cost(slow_first, more=20)
    assert told is not None
    assert told.seconds == pytest.approx(20, rel=0.1)


def test_trials_carried_over_were_paid_for_elsewhere() -> None:
    carried = [trial(number, 0.9, carried="old", finished_after=None, seconds=999.0) for number in range(10)]
    own = [trial(number, 0.9, finished_after=10.0 * (number - 9)) for number in range(10, 20)]
    told = cost(carried + own, more=20)
    assert told is not None
    assert told.n_trials == 10
    assert told.seconds == pytest.approx(200, rel=0.1)
    assert cost(carried, more=20) is None
