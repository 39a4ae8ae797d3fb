"""What each pruner ends, and when: with one objective and with two, which makes no difference to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import optuna
import pytest

from search_spaces import SearchSpace
from tuner.engines.optuna.checking import most_epochs
from tuner.engines.optuna.pruning import FIRST_RUNG, PRUNERS, ends, make_pruner
from tuner.plan import ACCURACY, Plan
from tuner.study import Folder, Study
from tuner.trial import Epoch, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

OBJECTIVES = {"one objective": (ACCURACY,), "two objectives": (ACCURACY, "parameters")}
EPOCHS = 13


@pytest.fixture(params=OBJECTIVES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Study:
    return made(tmp_path / "s", OBJECTIVES[request.param])


def made(path: Path, objectives: tuple[str, ...] = (ACCURACY,)) -> Study:
    path.mkdir()
    plan = Plan(dataset="a", data_fingerprint="b", space="c", space_fingerprint="d", objectives=objectives)
    return Study.create(Folder(path), plan, "name: c")


def flat(level: float, epochs: int = EPOCHS) -> list[float]:
    """A curve that stays where it is."""
    return [level] * epochs


def run(study: Study, curves: Sequence[Sequence[float]], pruner: optuna.pruners.BasePruner, seed: int = 0) -> list[int]:
    """Trains a trial for each curve; the epoch that each is ended after."""
    return [_train(study, curve, pruner, seed) for curve in curves]


def _train(study: Study, scores: Sequence[float], pruner: optuna.pruners.BasePruner, seed: int) -> int:
    trial = study.optuna.ask()
    trial.suggest_float("x", 0, 1)
    study.begin(trial, measures={"parameters": 100})
    curve: tuple[Epoch, ...] = ()
    for number, score in enumerate(scores, 1):
        curve = (*curve, Epoch(epoch=number, accuracy=0.1, loss=1.0, val_accuracy=score, val_loss=1.0))
        study.record_epoch(trial, curve)
        if number < len(scores) and ends(pruner, trial, curve, seed=seed):
            study.finish(trial, TrialState.PRUNED)
            return number
    study.finish(trial, TrialState.COMPLETE)
    return len(scores)


def test_asha_lets_the_best_third_go_on_at_epochs_4_and_12(study: Study) -> None:
    curves = [flat(level) for level in (0.5, 0.6, 0.4, 0.7, 0.55, 0.45, 0.65)]
    curves[3] = [0.7] * 4 + [0.9] * 9
    curves.append(flat(0.8))  # the best at 4, behind at 12
    assert run(study, curves, make_pruner("asha", EPOCHS)) == [13, 13, 4, 13, 4, 4, 12, 12]


def test_asha_compares_best_epochs_so_that_an_unlucky_one_ends_no_trial(study: Study) -> None:
    unlucky = [0.7, 0.7, 0.7, 0.2, *flat(0.7, 9)]
    assert run(study, [flat(0.5), flat(0.6), unlucky, flat(0.65)], make_pruner("asha", EPOCHS)) == [13, 13, 13, 4]


def test_an_epoch_without_a_number_does_not_hide_the_better_ones_after_it(study: Study) -> None:
    pruner = make_pruner("asha", EPOCHS)
    run(study, [flat(0.5), flat(0.6)], pruner)
    scores = [float("nan"), *flat(0.7, FIRST_RUNG - 1)]
    curve = [
        Epoch(epoch=number, accuracy=0.1, loss=1.0, val_accuracy=score, val_loss=1.0)
        for number, score in enumerate(scores, 1)
    ]
    assert not ends(pruner, study.optuna.ask(), curve, seed=0)


def test_the_median_pruner_begins_with_the_sixth_trial_and_the_fourth_epoch(study: Study) -> None:
    curves = [flat(level) for level in (0.1, 0.2, 0.3, 0.4, 0.5, 0.29, 0.31)]
    recovers = [0.0, 0.0, 0.0, *flat(0.35, 10)]
    falls_behind = [*flat(0.29, 6), 0.6, 0.6]
    assert run(study, [*curves, recovers, falls_behind], make_pruner("median", EPOCHS)) == [
        13,
        13,
        13,
        13,
        13,
        4,
        13,
        13,
        4,
    ]


def test_the_patient_pruner_ends_what_is_below_the_median_and_did_not_improve_for_four_epochs(study: Study) -> None:
    complete = [flat(level) for level in (0.3, 0.4, 0.5, 0.6, 0.7)]
    rises_slowly = [0.1 + 0.01 * number for number in range(EPOCHS)]
    falls_at_six = [*(0.1 + 0.01 * number for number in range(6)), *flat(0.05, 7)]
    falls_but_leads = [0.9, *flat(0.8, 12)]
    ended = run(study, [*complete, rises_slowly, falls_at_six, falls_but_leads], make_pruner("patient", EPOCHS))
    assert ended == [13, 13, 13, 13, 13, 13, 10, 13]


def test_none_ends_nothing(study: Study) -> None:
    assert run(study, [flat(0.9), flat(0.8), flat(0.0)], make_pruner("none", EPOCHS)) == [13, 13, 13]


def test_hyperband_judges_some_trials_at_4_and_12_epochs_and_others_at_12_alone(study: Study) -> None:
    falling = [flat(0.9 - 0.01 * number) for number in range(20)]
    ended = run(study, falling, make_pruner("hyperband", 20))
    assert set(ended) == {4, 12, 13}
    assert 8 <= ended.count(4) <= 16, "three fifths of them, by a hash of their numbers"


def test_hyperband_prunes_by_the_seed_and_not_by_the_name_of_the_study(tmp_path: Path) -> None:
    falling = [flat(0.9 - 0.01 * number) for number in range(12)]
    ended = [
        run(made(tmp_path / name), falling, make_pruner("hyperband", 20), seed)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert ended[0] == ended[1] != ended[2]


@pytest.mark.parametrize("epochs", [1, 3, 4])
def test_hyperband_of_few_epochs_has_no_bracket_and_ends_nothing(tmp_path: Path, epochs: int) -> None:
    curves = [flat(0.9 - 0.1 * number, epochs) for number in range(5)]
    assert run(made(tmp_path / "s"), curves, make_pruner("hyperband", epochs)) == [epochs] * 5


@pytest.mark.parametrize("name", PRUNERS)
def test_nothing_is_ended_before_the_first_rung(tmp_path: Path, name: str) -> None:
    good = [flat(0.9, FIRST_RUNG)] * 6
    poor = [[0.5, 0.4, 0.3, 0.2]] * 6
    assert min(run(made(tmp_path / "s"), [*good, *poor], make_pruner(name, 20))) >= FIRST_RUNG


@pytest.mark.parametrize("name", PRUNERS)
@pytest.mark.parametrize("score", [float("nan"), float("inf"), None])
def test_a_score_that_is_no_number_reaches_no_pruner(tmp_path: Path, name: str, score: float | None) -> None:
    study = made(tmp_path / "s")
    pruner = make_pruner(name, 20)
    run(study, [flat(0.9)] * 6, pruner)
    trial = study.optuna.ask()
    curve = [
        Epoch(epoch=number, accuracy=0.1, loss=1.0, val_accuracy=0.1 if number < FIRST_RUNG else score)
        for number in range(1, FIRST_RUNG + 1)
    ]
    assert not ends(pruner, trial, curve, seed=0)


def test_a_trial_that_is_told_again_after_its_worker_died_is_judged_once_at_each_rung(study: Study) -> None:
    pruner = make_pruner("asha", EPOCHS)
    run(study, [flat(0.5), flat(0.6)], pruner)
    trial = study.optuna.ask()
    study.begin(trial, measures={"parameters": 100})
    curve = [Epoch(epoch=number, accuracy=0.1, loss=1.0, val_accuracy=0.7) for number in range(1, 7)]
    for _ in range(2):
        assert not any(ends(pruner, trial, curve[:number], seed=0) for number in range(1, 7))
    rungs = [row.system_attrs.get("completed_rung_0") for row in study.optuna.get_trials()]
    assert rungs == [0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("epochs", "most"),
    [("20", 20), ("{int: [5, 30]}", 30), ("{choice: [40, 10], default: 10}", 40), ("$e", 60)],
)
def test_the_most_epochs_are_those_of_the_command_or_of_the_space(epochs: str, most: int) -> None:
    text = (
        "name: s\nvariables: {e: {int: [6, 60]}}\nlayers: [flatten, {dense: {units: 8}}]\n"
        f"training: {{optimizer: adam, batch_size: $e, epochs: {epochs}}}\n"
    )
    space = SearchSpace.parse(text, "s.yaml")
    assert most_epochs(space, None) == most
    assert most_epochs(space, 7) == 7
