"""`tune enqueue`: the user's own guesses, tried next."""

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes import FAKE_WORKER
from fakes.job import SPACE, Job, make, without_files
from rich.console import Console

from search_spaces import SearchSpace
from tuner.cli.boundary import run_program
from tuner.cli.progress import Progress
from tuner.cli.screen import PlainScreen
from tuner.cli.trial_lines import trial_line
from tuner.cli.view import view
from tuner.control import Control
from tuner.events import CarriedOver, Enqueued, Event, SetAside, TrialBegan, TrialEnded
from tuner.plan import Budget
from tuner.run import Watch, run
from tuner.study import Study, hold
from tuner.trial import Trial, TrialState

Captured = pytest.CaptureFixture[str]

UNITS = "hidden[0].dense.units"


@pytest.fixture
def job(home: Path, two_trials: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    shutil.copytree(two_trials, home)
    return make(home, monkeypatch)


def enqueued(job: Job) -> list[tuple[int, dict[str, Any]]]:
    return [(trial.number, dict(trial.values)) for trial in job.trials if trial.enqueued]


def document(capsys: Captured, *words: str) -> Any:
    capsys.readouterr()
    assert run_program(["enqueue", "s", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: Captured, *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = run_program(["enqueue", "s", *words])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def test_a_guess_waits_in_an_idle_study_and_is_tried_next(job: Job, capsys: Captured) -> None:
    assert run_program(["enqueue", "s", "--set", f"{UNITS}=33", "--set", "training.optimizer=sgd"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"hidden\[0\]\.dense\.units +33 +--set", out)
    assert re.search(r"training\.optimizer\.sgd\.momentum +0\.9 +default", out)
    assert "Trial 2 of study 's': tried next. Go on with: tune resume s --trials 3\n" in out
    job.run(budget=Budget(trials=4))
    assert [trial.enqueued for trial in job.trials] == [False, False, True, False]
    assert job.trials[2].state is TrialState.COMPLETE
    assert job.trials[2].values[UNITS] == 33


def test_a_guess_goes_before_the_presets_that_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make(home, monkeypatch)
    control = Control()
    control.stop("it was interrupted")
    with pytest.raises(Exception, match="interrupted"):
        job.run(control=control)
    assert run_program(["enqueue", "s", "--set", f"{UNITS}=33"]) == 0
    job.run(budget=Budget(trials=2))
    began = [event.number for event in job.events if isinstance(event, TrialBegan)]
    assert began == [1, 0]
    assert [trial.preset for trial in job.trials] == ["first", ""]


def test_a_guess_during_a_run_is_its_next_trial(job: Job, capsys: Captured) -> None:
    said = []

    def watch(event: Event) -> None:
        job.events.append(event)
        if isinstance(event, TrialEnded) and event.trial.number == 3:
            assert run_program(["enqueue", "s", "--set", f"{UNITS}=33"]) == 0
            said.append(capsys.readouterr().out)
            assert refusal(capsys, "--set", f"{UNITS}=33")[0] == 4  # it is on its way

    job.monkeypatch.setenv("FAKE_WORKER", "{}")
    run(job.request, Watch(event=watch), Control(), command=FAKE_WORKER, write=without_files)
    assert "Study 's' is being searched: this is its next trial.\n" in said[0]
    # Trial 4 began in the transaction that trial 3 ended in.
    assert enqueued(job) == [(5, dict(SearchSpace.preset(job.request.space, "first").values) | {UNITS: 33})]
    assert [event.number for event in job.events if isinstance(event, Enqueued)] == [5]
    assert not list(job.request.folder.inbox.glob("*.json"))
    assert len(job.trials) == 8


def test_a_guess_that_comes_too_late_for_a_run_is_tried_by_the_next(job: Job, capsys: Captured) -> None:
    with hold(job.request.folder.path, "s"):  # as a run that has its two trials and retrains the winner
        assert run_program(["enqueue", "s", "--set", f"{UNITS}=33"]) == 0
    said = "is being searched, and ends before it comes to this. Then go on with: tune resume s --trials 3\n"
    assert said in capsys.readouterr().out
    assert not enqueued(job)
    job.run(budget=Budget(trials=3))
    assert [number for number, _ in enqueued(job)] == [2]
    assert job.trials[2].scored


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, r"tune: say what to try: --set NAME=VALUE, --from FILE or --preset NAME\."),
        (["--set", UNITS], 2, r"write --set NAME=VALUE\. Got hidden"),
        (
            ["--set", "hidden[0].dense.unit=8"],
            2,
            r"--set hidden\[0\]\.dense\.unit:1: no such parameter\. Did you mean '",
        ),
        (["--set", f"{UNITS}=7"], 2, r"must be 8 to 64, log\. Got 7"),
        (["--set", f"{UNITS}=many"], 2, r"must be a whole number, 8 to 64, log\. Got many"),
        (["--set", "hidden[1].dense.units=9"], 2, r"has no effect here: it is used where hidden\.repeat is above 1"),
        (["--set", "training.batch_size=64"], 2, r"training\.batch_size:1: is not searched here: it is 32\. Got 64"),
        (["--preset", "frist"], 2, r"no preset 'frist'\. Did you mean 'first'\?"),
        (["--preset", "first", "--from", "a.json"], 2, r"--from and --preset exclude each other"),
        (["--from", "nosuch.json"], 2, r"nosuch\.json: no such file"),
        (["--preset", "first"], 4, r"trial 0 is the same and scored 0\.\d{4}\.$"),
    ],
)
def test_a_guess_that_cannot_be_tried_is_refused_and_nothing_is_queued(
    job: Job, capsys: Captured, words: list[str], code: int, said: str
) -> None:
    got, err = refusal(capsys, *words)
    assert got == code
    assert re.search(said, err.strip()), err
    assert len(err.splitlines()) == 1
    assert len(job.trials) == 2
    assert not list(job.request.folder.inbox.glob("*"))


def test_all_that_is_wrong_is_said_at_once(job: Job, capsys: Captured) -> None:
    code, err = refusal(capsys, "--set", f"{UNITS}=7", "--set", "a.b=1", "--set", "training.epochs=9")
    assert code == 2
    assert len(err.splitlines()) == 3


def test_what_is_written_out_in_the_space_may_be_named_with_its_value(job: Job, capsys: Captured) -> None:
    assert document(capsys, "--set", "training.batch_size=32", "--set", f"{UNITS}=9")["trial"] == 2


def test_a_name_without_indices_stands_for_all_repetitions_that_there_are(job: Job, capsys: Captured) -> None:
    queued = document(capsys, "--set", "hidden.repeat=2", "--set", "hidden.dense.units=40", "--set", f"{UNITS}=50")
    assert queued["values"][UNITS] == 50
    assert queued["values"]["hidden[1].dense.units"] == 40
    assert queued["origins"]["hidden[1].dense.units"] == "--set"
    assert document(capsys, "--set", "hidden.dense.units=41")["values"][UNITS] == 41
    assert refusal(capsys, "--set", "hidden.dense.units=7")[0] == 2


def test_a_name_without_indices_that_stands_for_nothing_is_an_error(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    text = SPACE[: SPACE.index("presets:")].replace("[1, 2], default: 1", "[0, 1], default: 0")
    job = make(home, monkeypatch, space=text)
    job.run(budget=Budget(trials=1))
    code, err = refusal(capsys, "--set", "hidden.repeat=0", "--set", "hidden.dense.units=9")
    assert code == 2
    assert err.startswith(f"--set {UNITS}:1: has no effect here: it is used where hidden.repeat is above 0")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("limits: {parameters: 2_000}\n", r"cannot be tried: 4,510 parameters are more than the limit of 2,000\."),
        ('forbid: ["hidden[0].dense.units == 60"]\n', r"cannot be tried: forbidden: hidden\[0\]\.dense\.units == 60\."),
    ],
)
def test_limits_and_rules_hold_for_guesses(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, rule: str, said: str
) -> None:
    job = make(home, monkeypatch, space=SPACE + rule)
    job.run(budget=Budget(trials=1))
    code, err = refusal(capsys, "--set", f"{UNITS}=60")
    assert code == 2
    assert re.search(said, err), err


def test_what_cannot_be_built_on_the_images_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    pools = "  - repeat: {int: [0, 5], default: 0}\n    name: pool\n    layers: [max_pooling2d: {pool_size: 2}]\n"
    job = make(home, monkeypatch, space=SPACE.replace("  - flatten\n", pools + "  - flatten\n"))
    job.run(budget=Budget(trials=1))
    code, err = refusal(capsys, "--set", "pool.repeat=5")
    assert code == 2
    assert "this configuration cannot be tried: pool[3].max_pooling2d: " in err


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_winner_of_this_study_is_known_and_with_one_change_is_a_new_guess(job: Job, capsys: Captured) -> None:
    winner = str(job.request.folder.best / "configuration.json")
    assert refusal(capsys, "--from", winner)[0] == 4
    queued = document(capsys, "--from", winner, "--set", f"{UNITS}=33")
    assert queued["origins"][UNITS] == "--set"
    assert set(queued["origins"].values()) == {"--set", "configuration.json"}


def test_values_of_a_file_that_a_set_makes_inactive_are_left_out(job: Job, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"training.optimizer": "sgd", "training.optimizer.sgd.momentum": 0.5, UNITS: 33}))
    queued = document(capsys, "--from", str(file), "--set", "training.optimizer=adam")
    assert queued["values"] == {
        "hidden.repeat": 1,
        UNITS: 33,
        "hidden[0].dense.activation": "relu",
        "training.optimizer": "adam",
        "training.optimizer.adam.learning_rate": 0.001,
    }


def test_a_winner_of_another_space_says_more_than_what_was_drawn_for_it(
    job: Job, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    other = make(home, monkeypatch, "s2", SPACE.replace("batch_size: 32", "batch_size: {choice: [64, 32]}"))
    other.run(budget=Budget(trials=1))
    winner = str(job.request.folder.best / "configuration.json")
    capsys.readouterr()
    assert run_program(["enqueue", "s2", "--from", winner, "--set", f"{UNITS}=33", "--json"]) == 0
    queued = json.loads(capsys.readouterr().out)
    assert queued["values"]["training.batch_size"] == 32  # written out there, and not the default here
    assert queued["origins"]["training.batch_size"] == "configuration.json"
    stranger = make(home, monkeypatch, "s3", SPACE.replace("batch_size: 32", "batch_size: {choice: [64, 128]}"))
    stranger.run(budget=Budget(trials=1))
    capsys.readouterr()
    assert run_program(["enqueue", "s3", "--from", winner]) == 2
    err = capsys.readouterr().err
    assert err == f"{winner}:1: training.batch_size: must be 64 or 128. Got 32\n"
    assert run_program(["enqueue", "s3", "--from", winner, "--set", "training.batch_size=128"]) == 0


def test_what_show_prints_can_be_enqueued_elsewhere(
    job: Job, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert run_program(["show", "s", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    other = make(home, monkeypatch, "other")
    other.run(budget=Budget(trials=1))
    best = next(trial for trial in shown["trials"] if trial["number"] == shown["best"]["trial"])
    second = next(trial for trial in shown["trials"] if trial["preset"] != "first")
    for name, content in (("study", shown), ("best", shown["best"]), ("trial", second), ("values", best["values"])):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    codes = [
        run_program(["enqueue", "other", "--from", str(tmp_path / f"{name}.json")])
        for name in ("study", "best", "trial", "values")
    ]
    assert sorted(codes) == [0, 4, 4, 4]  # all are one of two configurations; the preset was tried there too
    assert [trial.values for trial in other.trials if trial.enqueued] == [second["values"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"dense.units": 8}', r"mine\.json:1: dense\.units: no such parameter\. Did you mean 'hidden"),
        (
            '{"values": {"hidden[0].dense.units": 512}}',
            r"mine\.json:1: hidden\[0\]\.dense\.units: must be 8 to 64, log",
        ),
        ('{"training.batch_size": 64}', r"mine\.json:1: training\.batch_size: is not searched here: it is 32\. Got 64"),
        ('{"hidden[1].dense.units": 8}', r"mine\.json:1: hidden\[1\]\.dense\.units: has no effect here"),
        ('{"hidden[0].dense.units": NaN}', r"mine\.json:1: hidden\[0\]\.dense\.units: must be a whole number"),
        ("[1]", r"mine\.json: must be a JSON object such as .*Got list"),
        ("{", r"mine\.json: not JSON"),
        ("[" * 100_000, r"mine\.json: not JSON"),
        ("\x00", r"mine\.json: not JSON"),
        ('{"values": {}, "layers": [{"kind": "exec"}], "training": {}}', r"mine\.json: not a configuration: KeyError"),
        ('{"study": "s", "best": null, "trials": []}', r"mine\.json: the study has no best trial yet"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_the_parameter(
    job: Job, tmp_path: Path, capsys: Captured, content: str, said: str
) -> None:
    (tmp_path / "mine.json").write_text(content)
    code, err = refusal(capsys, "--from", str(tmp_path / "mine.json"))
    assert code == 2
    assert re.search(said, err), err
    assert len(err.splitlines()) == 1
    assert not enqueued(job)


def test_a_guess_for_no_study_gets_a_suggestion(job: Job, capsys: Captured) -> None:
    assert run_program(["enqueue", "ss", "--preset", "first"]) == 4
    assert "Did you mean s?" in capsys.readouterr().err


def test_a_hostile_value_reaches_the_terminal_harmless(job: Job, capsys: Captured) -> None:
    _, err = refusal(capsys, "--set", "hidden[0].dense.activation=\x1b[31mred")
    assert "\x1b" not in err


def test_the_screens_show_whose_guess_it_was(job: Job, capsys: Captured) -> None:
    run_program(["enqueue", "s", "--set", f"{UNITS}=33"])
    job.run(budget=Budget(trials=3))
    capsys.readouterr()
    assert run_program(["show", "s"]) == 0
    assert "your guess" in capsys.readouterr().out
    assert Study.open(job.request.folder).trials()[2].enqueued


def test_a_running_screen_says_what_came_in_and_what_did_not(job: Job) -> None:
    said: list[str] = []
    screen = PlainScreen(job.request, say=said.append)
    screen.event(Enqueued(number=12, guess="a"))
    screen.event(SetAside(file="a\x1b.json", why="it is damaged"))
    screen.event(
        CarriedOver(study="s", carried=31, finished=40, reasons=("9 have a.b = 3, which is 2 now",), cut_off=1)
    )
    assert said == [
        "trial  12  enqueued",
        "inbox/a\x1b.json is no guess for this study and was set aside: it is damaged",
        (
            "31 of 40 finished trials carried over from study 's'; 9 were not: 9 have a.b = 3, which is 2 now; "
            "1 was cut off and stays there"
        ),
    ]


def test_lines_of_trials_say_where_they_came_from() -> None:
    trial = Trial(number=1, state=TrialState.COMPLETE, preset="x", enqueued=True, carried="old")
    assert trial_line(trial, is_best=False).endswith("x, your guess, carried over from old")


def test_the_live_view_marks_a_guess(job: Job) -> None:
    progress = Progress(job.request.budget, clock=lambda: 0.0)
    progress.take(TrialBegan(number=1, preset="", parameters=9, epochs=3, device="CPU", enqueued=True))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(view(progress, "", 110))
    assert "CPU  your guess" in console.export_text()
