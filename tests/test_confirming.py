"""The best trials are trained again under fresh seeds, and the winner is chosen by that."""

import json
from pathlib import Path
from statistics import fmean

import pytest
from fakes.job import Job, make

from tuner.cli.boundary import run_program
from tuner.confirmation import Candidate, Confirmation, Repeat, confirmation_of, winner_of
from tuner.control import Control
from tuner.errors import Interrupted, UsageError
from tuner.events import Again, Confirming, Event, Retraining, TrialBegan, TrialEnded
from tuner.files import read_manifest
from tuner.finish.course import course
from tuner.plan import Budget
from tuner.study import Study
from tuner.trial import Epoch, Trial, TrialState


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


def repeats(*scores: float, epochs: tuple[int, ...] = ()) -> tuple[Repeat, ...]:
    at = epochs or (5,) * len(scores)
    return tuple(Repeat(number=i, seed=i, score=scores[i], epoch=at[i], seconds=1.0) for i in range(len(scores)))


def candidate(trial: int, parameters: int, *scores: float, searched: float = 0.95) -> Candidate:
    return Candidate(
        trial=trial, configuration=f"{trial}", parameters=parameters, searched=searched, repeats=repeats(*scores)
    )


def confirmation(*candidates: Candidate) -> Confirmation:
    return Confirmation(repeats=2, why="as asked for", candidates=candidates)


def test_the_smallest_within_a_standard_error_of_the_best_mean_wins() -> None:
    large = candidate(0, 900, 0.90, 0.92)
    small, smaller = candidate(1, 500, 0.905, 0.895), candidate(2, 100, 0.88, 0.90)
    found = confirmation(large, small, smaller)
    # Variances 2e-4, 5e-5 and 2e-4 of one degree of freedom each: pooled 1.5e-4, of a mean of two half of that.
    assert found.deviation == pytest.approx(1.5e-4**0.5)
    assert found.standard_error == pytest.approx(0.75e-4**0.5)
    assert found.best is large
    assert 0.91 - 0.75e-4**0.5 > small.mean == pytest.approx(0.90)
    assert found.winner is large
    near = candidate(3, 300, 0.905, 0.901)
    assert confirmation(large, small, smaller, near).winner is near
    assert confirmation(large, small, smaller, near).optimism == pytest.approx(0.95 - 0.903)


def test_without_a_second_training_the_best_wins_and_of_equals_the_smallest() -> None:
    found = confirmation(candidate(0, 900, 0.91), candidate(1, 100, 0.909), candidate(2, 800, 0.91))
    assert found.deviation is None
    assert found.winner.trial == 2


def test_who_could_not_be_trained_again_cannot_win() -> None:
    lost = Candidate(trial=4, configuration="4", parameters=1, searched=0.99, failed=(0, 1))
    found = confirmation(lost, candidate(0, 900, 0.91, 0.91))
    assert found.is_whole
    assert found.winner.trial == 0


def test_the_epoch_of_a_candidate_is_the_median_of_its_repeats() -> None:
    def at(*epochs: int) -> int:
        scores = (0.9,) * len(epochs)
        return Candidate(
            trial=0, configuration="", parameters=1, searched=0.9, repeats=repeats(*scores, epochs=epochs)
        ).epoch

    assert at(9, 2, 4) == 4
    assert at(7, 4) == 4


def ended(number: int, score: float, seconds: float = 10.0, state: TrialState = TrialState.COMPLETE) -> Trial:
    curve = (Epoch(epoch=1, accuracy=score, loss=1.0, val_accuracy=score),)
    return Trial(number=number, state=state, configuration=str(number % 40), curve=curve, seconds=seconds)


@pytest.mark.parametrize(
    ("n", "top", "times"), [(45, 5, 3), (44, 3, 3), (27, 3, 3), (18, 3, 2), (12, 2, 2), (11, 0, 0), (1, 0, 0)]
)
def test_as_much_is_confirmed_as_a_third_of_the_time_is_enough_for(n: int, top: int, times: int) -> None:
    found = course([ended(i, 0.5 + i / 1000) for i in range(n)], (), None, None)
    assert (len(found.candidates), found.repeats) == (top, times)
    assert "third" in found.why


def test_what_is_asked_for_is_confirmed_the_best_first_and_each_configuration_once() -> None:
    trials = [ended(i, 0.5 + i / 1000) for i in range(42)]  # 40 and 41 are 0 and 1 over again
    pruned = ended(42, 0.9, state=TrialState.PRUNED)
    found = course([*trials, pruned], (), 4, None)
    assert [trial.number for trial in found.candidates] == [41, 40, 39, 38]
    assert found.repeats == 3
    assert course(trials, (), 0, None).candidates == ()
    assert len(course(trials, (), None, 5).candidates) == 3
    assert len(course(trials[:2], (), 9, 1).candidates) == 2


def test_the_winner_is_trained_as_its_repeats_say(job: Job) -> None:
    outcome = job.run({"noise": 0.05}, budget=Budget(trials=8), confirm=3, repeats=2)
    study = Study.open(job.request.folder)
    found = confirmation_of(study)
    assert found is not None
    best_first = sorted((t for t in job.trials if t.score), key=lambda t: -(t.score or 0))
    assert [each.trial for each in found.candidates] == [trial.number for trial in best_first[:3]]
    seeds = {tuple(repeat.seed for repeat in each.repeats) for each in found.candidates}
    assert len(seeds) == 1  # all have the same
    assert not {*seeds.pop()} & {trial.seed for trial in job.trials}  # of no trial
    (retraining,) = [event for event in job.events if isinstance(event, Retraining)]
    assert retraining.trial.number == found.winner.trial == winner_of(study, job.trials).number  # type: ignore[union-attr]
    assert retraining.epochs == found.winner.epoch
    report = outcome.report
    assert report.model is not None
    assert report.confirmation is not None
    assert report.model.trial == report.confirmation.winner == found.winner.trial
    again = report.confirmation.of(found.winner.trial)
    assert again is not None
    assert again.mean == pytest.approx(fmean(repeat.score for repeat in found.winner.repeats))
    assert not study.folder.confirmation.path.exists()
    assert [trial.number for trial in job.trials] == list(range(8))  # it added none


def test_show_tells_of_it_while_it_goes_on_and_when_it_is_done(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    control = Control()
    job.events = StopsAt(control, 1)
    asked = {"budget": Budget(trials=6), "confirm": 2, "repeats": 2}
    with pytest.raises(Interrupted):
        job.run({"seconds": 0.02}, control=control, **asked)
    assert run_program(["show", "s"]) == 0
    out = capsys.readouterr().out
    assert "the best trials are trained again: 1 of 4 trainings done" in out
    assert "the winner is not retrained yet" in out
    job.events = []
    job.run(**asked)
    assert run_program(["show", "s"]) == 0
    assert "confirmed: trial" in capsys.readouterr().out
    assert run_program(["show", "s", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["confirmation"]
    assert told["winner"] in {each["trial"] for each in told["candidates"]}


def test_another_run_trains_only_what_is_new(job: Job) -> None:
    asked = {"budget": Budget(trials=6), "confirm": 2}
    job.run({"noise": 0.05}, repeats=1, **asked)

    def again(**more: object) -> list[tuple[int, int]]:
        job.events.clear()
        job.run({"noise": 0.05}, **{**asked, **more})
        return [
            (each.trial, each.repeat)
            for each in job.events
            if isinstance(each, Again) and isinstance(each.event, TrialEnded)
        ]

    first, second = (each.trial for each in confirmation_of(Study.open(job.request.folder)).candidates)  # type: ignore[union-attr]
    assert again(repeats=1) == []
    assert again(repeats=2) == [(first, 1), (second, 1)]
    third = again(repeats=2, confirm=3)
    assert third[0][0] not in {first, second}
    assert third == [(third[0][0], 0), (third[0][0], 1)]
    assert not [event for event in job.events if isinstance(event, TrialBegan)]
    assert again(confirm=0, repeats=None) == []
    assert confirmation_of(Study.open(job.request.folder)).candidates == ()  # type: ignore[union-attr]


class StopsAt(list[Event]):
    """Stops the run when the so-many-eth training that repeats a trial has ended."""

    def __init__(self, control: Control, n: int) -> None:
        super().__init__()
        self.control, self.n = control, n

    def append(self, event: Event) -> None:
        super().append(event)
        ended = [each for each in self if isinstance(each, Again) and isinstance(each.event, TrialEnded)]
        if len(ended) == self.n:
            self.control.stop("it was interrupted", 2)


@pytest.mark.parametrize("damaged", [False, True])
def test_one_that_was_cut_off_is_gone_on_with(job: Job, damaged: bool) -> None:
    control = Control()
    job.events = StopsAt(control, 2)
    asked = {"budget": Budget(trials=4), "confirm": 2, "repeats": 2}
    with pytest.raises(Interrupted):
        job.run({"noise": 0.05, "seconds": 0.02}, control=control, **asked)
    study = Study.open(job.request.folder)
    before = confirmation_of(study)
    assert before is not None
    assert sum(len(each.repeats) for each in before.candidates) == 2
    assert study.folder.confirmation.database.exists()
    if damaged:
        study.folder.confirmation.database.write_bytes(b"no database")
    job.events = []
    job.run({"noise": 0.05}, **asked)
    after = confirmation_of(Study.open(job.request.folder))
    assert after is not None
    assert after.is_whole
    assert [each.repeats[:1] for each in after.candidates] == [each.repeats[:1] for each in before.candidates]
    (told,) = [event for event in job.events if isinstance(event, Confirming)]
    assert told.left == 2


def test_a_repeat_that_fails_is_left_out_and_not_tried_again_by_each_run(job: Job) -> None:
    job.run(budget=Budget(trials=6))
    asked = {"budget": Budget(trials=6), "confirm": 2, "repeats": 2}
    outcome = job.run({"fail": {"0": "nan", "2": "nan"}}, **asked)  # both of the first candidate
    found = confirmation_of(Study.open(job.request.folder))
    assert found is not None
    assert found.candidates[0].failed == (0, 1)
    assert found.winner is not found.candidates[0]
    assert outcome.report.confirmation is not None
    assert outcome.report.confirmation.trials[0].scores == (None, None)
    assert outcome.report.model is not None
    assert outcome.report.model.trial == found.candidates[1].trial
    job.events.clear()
    job.run(**asked)
    assert not [event for event in job.events if isinstance(event, Confirming)]


def test_a_winner_that_was_tested_is_not_chosen_anew_unless_it_is_asked_for(job: Job) -> None:
    """As of an earlier version, which confirmed nothing."""
    job.run(budget=Budget(trials=6))
    tested = read_manifest(job.request.folder.best)
    job.events.clear()
    job.run(budget=Budget(trials=6), confirm=None)
    assert not [event for event in job.events if isinstance(event, Confirming)]
    assert read_manifest(job.request.folder.best) == tested
    job.run(budget=Budget(trials=6), confirm=2)
    assert [event for event in job.events if isinstance(event, Confirming)]


def test_folds_are_not_confirmed(job: Job) -> None:
    with pytest.raises(UsageError, match="grid-search-cv trains each configuration once for each fold"):
        job.run(engine="grid-search-cv", pruner=None, confirm=2)
    assert not job.request.folder.path.exists()
