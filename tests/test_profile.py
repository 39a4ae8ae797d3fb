"""Where the time of a study's sessions went: recorded by a search, added up, told."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.driving import Driver, driver
from fakes.pool import Clock, Slots, epoch, search
from rich.console import Console

from reports import figures, render_markdown
from reports.profile import TimeProfile
from tests.reports import samples
from tuner.cli.boundary import run_program
from tuner.cli.time_view import NOT_RECORDED, document, print_profile
from tuner.messages import Done, EpochDone
from tuner.profile import profile, profile_of
from tuner.sessions import SESSIONS, Session, Task, Tasks, Timekeeper, sessions_of
from tuner.study import Study
from tuner.trial import Stay, Trial, TrialState

pytestmark = pytest.mark.usefixtures("unsynced")

PHASES = {"building": 1.0, "tracing": 2.0, "training": 5.0, "validating": 1.0, "storing": 0.5, "other": 0.25}
"""Of a trial that is at work for 10 s: 0.25 of it nobody measured."""


def trial(number: int, *stays: Stay) -> Trial:
    return Trial(number=number, state=TrialState.COMPLETE, stays=stays, finished_after=stays[-1].ended)


def stay(began: float, slot: str = "a", waited: float = 1.0, **phases: float) -> Stay:
    return Stay(slot=slot, began=began, ended=began + waited + 10, waited=waited, phases={**PHASES, **phases})


ONE_SLOT = Session(
    slots=1,
    began=0.0,
    starting=2.0,
    searching=29.0,
    retraining=6.0,
    reporting=3.0,
    seconds=41.0,
    first_step=8.5,
    held_up={"proposing": 0.5, "recording": 0.25},
    own={"proposing": 0.5, "recording": 0.75, "judging": 0.125},
)
TRIALS = [trial(0, stay(0.0, waited=5.0, loading=4.5)), trial(1, stay(16.5, waited=1.5))]
"""One slot, 29 s: 5 s of waiting, 10 at work, 1.5 empty, 1.5 waiting, 10 at work, 1 empty."""


def spent(found: TimeProfile) -> dict[str, float]:
    return {each.name: each.seconds for each in found.spent if each.seconds}


def test_the_shares_of_one_slot_add_up_to_the_wall_time() -> None:
    found = profile([ONE_SLOT], TRIALS)
    assert spent(found) == {
        "starting": 2.0,
        "loading": 4.5,
        "proposing": 0.5,
        "recording": 0.25,
        "waiting": 29.0 - 20.0 - 4.5 - 0.75,
        "building": 2.0,
        "tracing": 4.0,
        "training": 10.0,
        "validating": 2.0,
        "storing": 1.0,
        "retraining": 6.0,
        "reporting": 3.0,
        "other": 2 * (0.25 + 0.25) + 1.0,
    }
    assert found.slot_seconds == found.seconds == 41.0
    assert sum(map(found.share, found.spent)) == pytest.approx(1.0)


def test_waiting_between_trials_is_a_share_of_the_time_that_trials_were_at_work() -> None:
    found = profile([ONE_SLOT], TRIALS)
    assert (found.between, found.trained, found.waiting) == (3.0, 20.0, 0.15)


def test_several_slots_and_sessions_add_up_to_the_slots_times_the_wall_time() -> None:
    two = replace(ONE_SLOT, slots=2, searching=11.0, seconds=22.0)
    later = replace(two, began=11.0, first_step=4.0)
    trials = [trial(i, stay(began, slot)) for i, (began, slot) in enumerate([(0, "a"), (0, "b"), (11, "a")])]
    found = profile([two, later], trials)
    assert (found.sessions, found.seconds, found.slots, found.slot_seconds) == (2, 44.0, 2.0, 88.0)
    assert found.first_steps == (8.5, 4.0)
    assert found.between == 0  # the wait for another session is nobody's
    assert sum(map(found.mean, found.spent)) == pytest.approx(44.0)


def test_a_session_that_was_killed_lasted_until_something_was_last_seen_of_its_trials() -> None:
    killed = Session(slots=1, began=0.0, starting=2.0)
    found = profile([killed, replace(ONE_SLOT, began=27.5, searching=0.0, seconds=11.0)], TRIALS[:1])
    assert found.seconds == 2.0 + 27.5 + 11.0
    assert not found.complete
    assert profile([killed], TRIALS[:1]).seconds == 2.0 + 15.0


def test_clocks_that_disagree_leave_no_share_negative() -> None:
    long = {name: 4 * seconds for name, seconds in PHASES.items()}
    trials = [trial(0, Stay(slot="a", began=0.0, ended=11.0, waited=1.0, phases={**long, "loading": 9.0}))]
    found = profile([replace(ONE_SLOT, searching=10.0, seconds=1.0)], trials)
    assert all(each.seconds >= 0 for each in found.spent)
    assert spent(found)["training"] < 10


# --- what a search records --------------------------------------------------------------------------------------------


def telling(clock: Clock) -> Slots:
    """A worker begins a trial after 3 s, tells its only epoch 8 s later, and ends it 2 s after that."""
    phases = {"building": 1.0, "tracing": 2.0, "training": 5.0}
    told: set[int] = set()

    def begin(slots: Slots) -> None:
        clock.now += 3.0
        slots.messages.append(replace(slots.begun.pop(), loading=2.5 if not told else 0.0))

    def train(slots: Slots, job: int) -> None:
        clock.now += 8.0 if job not in told else 2.0
        if job not in told:
            told.add(job)
            slots.messages.append(EpochDone(job=job, epoch=epoch(1), phases=phases, to_first_step=3.0))
        else:
            slots.messages.append(Done(job=job, seconds=10, memory=1, phases={**phases, "storing": 1.75}))

    def act(slots: Slots) -> None:
        if slots.begun:
            begin(slots)
        else:
            train(slots, slots.running[0])

    return Slots(1, act, quick=False)


@pytest.fixture
def study(tmp_path: Path) -> Driver:
    return driver(tmp_path / "s", "optuna", "random", more={"pruner": "none"})


def test_a_search_keeps_what_each_trial_did_on_its_slot(study: Driver) -> None:
    clock = Clock()
    session = search(study, telling(clock), clock, trials=2)
    session.run()
    first, second = (trial.stays for trial in Study.open(study.study.folder).trials())
    told = {"building": 1.0, "tracing": 2.0, "training": 5.0, "storing": 1.75}
    assert [each.phases for each in (*first, *second)] == [{"loading": 2.5, **told}, told]
    assert [each.waited for each in (*first, *second)] == [3.0, 3.0]
    assert session.tasks.first_step == 6.0


def test_a_trial_that_was_cut_off_keeps_what_its_epochs_took(study: Driver) -> None:
    running = study.study.optuna.ask()
    study.study.begin(running, clock=1.0, device="a")
    study.study.record_start(running.number, 3.0, {"loading": 1.5})
    study.study.record_epoch(running, (epoch(1),), 9.0, {"training": 5.0})
    told = {"loading": 1.5, "training": 5.0}
    assert study.trials[running.number].stays == (Stay(slot="a", began=1.0, ended=9.0, waited=2.0, phases=told),)
    study.study.release_interrupted()  # as the next run does after a kill
    study.study.begin(running, clock=20.0, device="a")
    study.study.leave(running.number, 22.0)
    first, second = Study.open(study.study.folder).trials()[running.number].stays
    assert first.phases == told
    assert second.phases == {}  # what the first one's epochs took is not told twice


def test_what_the_search_does_itself_holds_up_the_slots_that_have_nothing_to_train() -> None:
    clock = Clock()
    tasks = Tasks(clock)
    tasks.idle = lambda: 2

    def propose(seconds: float) -> str:
        clock.now += seconds
        return "x"

    assert tasks.do(Task.PROPOSING, propose, 1.5) == "x"
    tasks.idle = lambda: 0
    tasks.do(Task.PROPOSING, propose, 0.5)
    assert (tasks.own, tasks.held_up) == ({"proposing": 2.0}, {"proposing": 3.0})


def test_a_session_is_timed_from_the_command_on_and_kept_beside_earlier_ones(study: Driver) -> None:
    clock = Clock(now=107.0)
    study.study.remember(SESSIONS, [{"starting": 1.0, "of a later version": 7}])
    timekeeper = Timekeeper(100.0, clock)
    timekeeper.search(study.study, 2, 33.0)
    timekeeper.keep(study.study)
    assert len(sessions_of(study.study)) == 1  # nothing was done yet
    timekeeper.counts = True
    clock.now += 10.0
    timekeeper.searched()
    with timekeeper.timing("retraining"):
        clock.now += 4.0
    timekeeper.tasks.stepped(108.5, 1.0)
    timekeeper.keep(study.study)
    with timekeeper.timing("reporting"):
        clock.now += 2.0
    timekeeper.keep(study.study)
    session = Session(
        slots=2, began=33.0, starting=7.0, searching=10.0, retraining=4.0, reporting=2.0, seconds=23.0, first_step=9.5
    )
    assert sessions_of(Study.open(study.study.folder)) == (Session(slots=1, began=0.0, starting=1.0), session)


# --- what is told -----------------------------------------------------------------------------------------------------


def test_a_study_of_an_earlier_version_has_no_profile_and_says_so(study: Driver) -> None:
    assert profile_of(study.study) is None
    assert document(None) is None
    out = Console(width=80, record=True, file=io.StringIO())
    print_profile(None, out)
    assert out.export_text().strip() == NOT_RECORDED
    assert "was not recorded, as an earlier version ran it" in render_markdown(samples.tiny())


def test_the_terminal_shows_seconds_and_shares_in_eighty_columns() -> None:
    out = Console(width=80, record=True, file=io.StringIO())
    print_profile(profile([ONE_SLOT], TRIALS, not_recorded=1), out)
    text = out.export_text()
    rows = [line.split() for line in text.splitlines()]
    assert ["Loading", "TensorFlow", "4.5", "11.0", "%"] in [row[:5] for row in rows]
    assert ["Together", "41.0", "100.0", "%"] in rows
    assert "the first training step came 8.5 s after the command" in text
    assert "between trials slots waited 3.0 s, 15.0 % of the 20.0 s that trials were at work" in " ".join(text.split())
    assert "not recorded: 1 earlier session" in text
    assert "the search itself took 0.50 s proposing, 0.12 s judging, 0.75 s recording" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_session_that_goes_on_is_said_to_be_told_in_part() -> None:
    out = Console(width=80, record=True, file=io.StringIO())
    print_profile(profile([Session(slots=1, began=0.0, starting=2.0)], TRIALS), out)
    text = " ".join(out.export_text().split())
    assert "a session was cut off, or goes on: of that, what its trials told of themselves is counted" in text
    assert "the search itself took" not in text
    assert "the first training step" not in text


def test_the_document_has_each_phase_once_and_adds_up() -> None:
    told = document(profile([ONE_SLOT], TRIALS))
    assert told is not None
    assert sum(each["seconds"] for each in told["spent"]) == pytest.approx(told["seconds"], abs=0.01)
    assert told["first_step_after"] == [8.5]
    assert told["between_trials"] == {"seconds": 3.0, "share_of_training": 0.15}


def test_show_tells_the_time_where_it_is_asked_to(study: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    study.study.remember("run", {"sessions": 2, "stopped_by": "its trials are done"})
    study.study.remember(SESSIONS, [ONE_SLOT.to_json()])
    assert run_program(["show", str(study.study.folder.path), "--time"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "where the 41.0 s of 1 session went" in said
    assert "not recorded: 1 earlier session" in said
    assert run_program(["show", str(study.study.folder.path)]) == 0
    assert "where the" not in capsys.readouterr().out


def test_the_report_tells_and_draws_where_the_time_went() -> None:
    report = replace(samples.tiny(), profile=profile([replace(ONE_SLOT, reporting=0.0)], TRIALS))
    page = render_markdown(report)
    assert "Of the 41.0 s from the command to the end, training itself took 10.0 s, 24.4 %." in page
    assert "loading TensorFlow (4.5 s, 11.0 %)" in page
    assert "The first step of training was made 8.5 s after the command." in page
    assert "The writing of this report was not over and is not in it" in page
    assert "time_profile" in figures(report)
