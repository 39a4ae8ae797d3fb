"""Fault test 6: a process that dies at a named point leaves nothing that the same command again does not mend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from evidence import Measured
from fakes.ledger import Ledger, shortfalls
from fakes.starting import SPACE, Tune

from tuner.crashing import KINDS, POINTS, arm, here, here_with
from tuner.files import read_manifest
from tuner.study import Folder, Study
from tuner.trial import TrialState

TUNER = Path(__file__).parents[2] / "tuner"

N = 4
TARGET = "every point: resume works, invariants of test 1"
SEARCH = ("digits", "--space", "small.yaml", "--trials", str(N), "--study", "s")
GRID = (*SEARCH, "--engine", "grid-search-cv", "--algorithm", "random", "--folds", "3")
EXTEND = ("resume", "s", "--space", "wide.yaml", "--extend", "--study", "t", "--trials", str(N + 2))

WIDE = SPACE.replace("name: small", "name: wide").replace("[8, 64]", "[8, 96]")

FEW = SPACE.replace("{float: [1e-4, 1e-2], log: true}", "0.001").replace(
    "{int: [8, 64], log: true}", "{choice: [8, 9]}"
)
"""Four configurations, so that proposals repeat each other."""


@dataclass(frozen=True)
class Scene:
    """What is there before, and the command that dies and is given again."""

    command: tuple[str, ...] = SEARCH
    study: str = "s"
    n_trials: int = N
    before: str = ""
    """A function below."""
    space: str = SPACE


ALONE = Scene()

SCENES = {
    "turned-down": Scene(space=FEW),
    "folds-written": Scene(command=GRID, space=FEW),
    "folds-renamed": Scene(command=GRID, space=FEW),
}
"""Where a search over nothing does not pass the point."""


# --- what is there before ---------------------------------------------------------------------------------------------


def finished(tune: Tune, scene: Scene) -> None:
    assert tune.run(*SEARCH).wait() == 0


# --- the points of the process that searches --------------------------------------------------------------------------

WORKERS = [point for point, what in POINTS.items() if what.startswith("in a worker")]
GUESSES = [point for point in POINTS if point.startswith("guess-")]
REPORTS = [point for point in POINTS if point.startswith("report-")]
"""Passed in test_finishing.py, where somebody watches."""
REPAIRS = [point for point in POINTS if point.startswith("repair-")]
SEARCHES = [point for point in POINTS if point not in {*WORKERS, *GUESSES, *REPORTS, *REPAIRS}]
LATER = (
    *("before-value:7", "before-value:8", "proposal-recorded:3", "before-score:5", "finished:3"),
    *(f"{moment}:{n}" for moment in ("before-commit", "uncommitted", "committed") for n in (2, 3, 5, 8)),
)
"""The same points in other places: in the middle of drawing a proposal, in a later trial."""


@pytest.mark.parametrize("point", [*SEARCHES, *LATER])
def test_the_same_command_again_completes(program: Tune, point: str, measured: Measured) -> None:
    died_and_completed(program, SCENES.get(point.partition(":")[0], ALONE), point)
    measured(6, target=TARGET, figure="killed and resumed, 0 lost")


TAKING_OVER = ["split-written", "study-written", "study-renamed", "run-noted"]


@pytest.mark.parametrize("point", TAKING_OVER)
def test_the_trials_of_an_older_study_are_taken_over_once(program: Tune, point: str) -> None:
    died_and_completed(program, Scene(command=EXTEND, study="t", before="finished", n_trials=N + 2), point)


@pytest.mark.parametrize("point", GUESSES)
def test_what_a_user_enqueued_is_tried_once(program: Tune, point: str, measured: Measured) -> None:
    finished(program, ALONE)
    guess = ("enqueue", "s", "--set", "dense.units=33")
    assert program.run(*guess, TUNE_CRASH_AT=point).wait() == -9
    again = program.run(*guess)
    assert again.wait() == 0 or "the same" in again.said  # and is on its way, or waits
    assert program.run("resume", "s", "--trials", str(N + 1)).wait() == 0
    guesses = [trial for trial in Study.open(Folder(program.study("s"))).trials() if trial.enqueued]
    measured(6, target=TARGET, figure="killed and resumed, 0 lost")
    assert [trial.state for trial in guesses] == [TrialState.COMPLETE]
    assert shortfalls(program.study("s"), N + 1) == []


@pytest.mark.parametrize("point", REPAIRS)
def test_a_repair_is_done_or_can_be_done_again(program: Tune, point: str, measured: Measured) -> None:
    finished(program, ALONE)
    database = program.study("s") / "study.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"x" * 4096 + content[8192:])
    assert program.run("repair", "s", TUNE_CRASH_AT=point).wait() == -9
    again = program.run("repair", "s")
    assert again.wait() == 0, again.said
    assert program.run(*SEARCH).wait() == 0
    measured(6, target=TARGET, figure="killed and resumed, 0 lost")
    assert shortfalls(program.study("s"), N) == []


# --- the points of its workers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["checkpoint-written", "checkpoint-renamed", "checkpoint-aside"])
def test_a_worker_that_dies_at_a_checkpoint_goes_on_with_its_trial(
    program: Tune, point: str, measured: Measured
) -> None:
    """Each process dies at its third checkpoint, and the next goes on from the one before."""
    done = program.run(*SEARCH, TUNE_CRASH_AT=f"{point}:3")
    assert done.wait() == 0, done.said
    assert done.said.count("ended by SIGKILL") >= 3
    assert "retry 3" not in done.said
    measured(6, target=TARGET, figure="killed and resumed, 0 lost")
    assert shortfalls(program.study("s"), N) == []
    assert program.orphans() == []


@pytest.mark.parametrize("point", ["best-written", "best-aside", "best-renamed"])
def test_a_worker_that_dies_over_the_winner_leaves_a_whole_one_or_none(
    program: Tune, point: str, measured: Measured
) -> None:
    finished(program, ALONE)
    folder = Folder(program.study("s"))
    winner = read_manifest(folder.best)["trial"]
    (folder.best / "model.keras").write_bytes(b"damaged")
    before = program.did("begun", winner)
    died = program.run(*SEARCH, TUNE_CRASH_AT=point)
    assert died.wait() in {0, 1}, died.said  # 1 where all three attempts died
    # Where it dies with the work done, that is taken as it is: the test set is not opened a second time.
    assert program.did("begun", winner) >= before + (1 if point == "best-renamed" else 2)
    assert program.run(*SEARCH).wait() == 0
    measured(6, target=TARGET, figure="killed and resumed, 0 lost")
    assert read_manifest(folder.best)
    assert shortfalls(folder.path, N) == []


# --- the list ---------------------------------------------------------------------------------------------------------


def test_every_point_stands_in_the_code_and_every_one_there_is_listed() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in TUNER.rglob("*.py"))
    placed = set(re.findall(r'crashing\.here\("([a-z-]+)"\)', code))
    made = {f"{kind}-{moment}" for kind in KINDS for moment in ("written", "renamed", "aside")}
    reported = {f"report-{moment}" for moment in ("file", "written", "aside", "renamed")}
    assert placed <= set(POINTS)
    assert set(POINTS) <= placed | made | reported
    assert len(POINTS) >= 25


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("study-renmaed", "no point is called 'study-renmaed'. Did you mean study-renamed"),
        ("nowhere at all", "There are: lock-taken, "),
        ("begun:0", "after the colon stands a count from 1. Got '0'"),
        ("begun:x", "after the colon stands a count from 1. Got 'x'"),
    ],
)
def test_an_order_that_names_no_point_is_refused(order: str, words: str, program: Tune) -> None:
    refused = program.run(*SEARCH, TUNE_CRASH_AT=order)
    assert refused.wait() == 2
    assert words in refused.said
    assert "\n" not in refused.said.strip()


def test_without_an_order_a_point_is_passed() -> None:
    arm({})
    here("begun")
    here_with(Path("study.db"), "renamed")


def died_and_completed(tune: Tune, scene: Scene, point: str) -> None:
    (tune.folder / "small.yaml").write_text(scene.space, encoding="utf-8")
    (tune.folder / "wide.yaml").write_text(WIDE, encoding="utf-8")
    if scene.before:
        globals()[scene.before](tune, scene)
    ledger = Ledger(tune.study(scene.study), tune.folder / "ledger")
    died = tune.run(*scene.command, TUNE_CRASH_AT=point)
    assert died.wait() == -9, died.said
    ledger.read(died.said)
    again = tune.run(*scene.command)
    assert again.wait() == 0, again.said
    ledger.read(again.said)
    assert ledger.faults == []
    assert ledger.twice == []
    assert shortfalls(tune.study(scene.study), scene.n_trials) == []
    assert tune.orphans() == []
