"""A study goes on in another space: what is still valid is carried over, the rest is named, the old one left alone."""

import dataclasses
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.driving import FINITE, Driver, driver
from fakes.job import SPACE, Job, make

import tuner.data
from reports.sections.history import section
from search_spaces import SearchSpace
from tuner import opening
from tuner.distributions import new_row
from tuner.errors import BusyError, StudyError
from tuner.events import CarriedOver, TrialEnded
from tuner.extending import ORIGIN, carry
from tuner.files import checksum
from tuner.jobs import TrainingJobs
from tuner.plan import Budget
from tuner.study import Folder, Study, attributes, hold, study_folder
from tuner.trial import Stage, Trial, TrialState

WIDER = SPACE.replace("[8, 64]", "[8, 128]")


@pytest.fixture(scope="module")
def old_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with study s: eight trials, two of them failed. Made once, copied for each test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TUNE_HOME", str(home))
        make(home, monkeypatch).run({"fail": {"3": "nan", "5": "crash"}})
    return home


@pytest.fixture
def job(home: Path, old_home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    shutil.copytree(old_home, home)
    return make(home, monkeypatch)


def extended(job: Job, text: str, trials: int = 10, name: str = "s-2") -> Job:
    """The study of that name, begun with the trials of the job's study that are valid in the space, and run."""
    request = replace(
        job.request,
        space=SearchSpace.parse(text, "new.yaml"),
        folder=study_folder(name),
        extends=job.request.folder,
        budget=Budget(trials=trials),
    )
    new = Job(request, job.monkeypatch)
    new.run()
    return new


def origin(job: Job) -> dict[str, Any]:
    fact = Study.open(job.request.folder).fact(ORIGIN)
    assert isinstance(fact, dict)
    return fact


def without_its_clock(trial: Trial) -> dict[str, Any]:
    ours = {"number", "carried", "finished_after", "seen_after", "stays"}
    return {name: value for name, value in dataclasses.asdict(trial).items() if name not in ours}


def test_in_a_wider_range_every_finished_trial_is_carried_over_as_it_was_and_the_search_goes_on(job: Job) -> None:
    before = job.trials
    new = extended(job, WIDER)
    after = new.trials
    assert [without_its_clock(trial) for trial in after[:8]] == [without_its_clock(trial) for trial in before]
    assert {trial.carried for trial in after[:8]} == {"s"}
    assert [(trial.carried, trial.state in {TrialState.COMPLETE, TrialState.PRUNED}) for trial in after[8:]] == [
        ("", True),
        ("", True),
    ]
    assert [event.trial.number for event in new.events if isinstance(event, TrialEnded)] == [8, 9]
    assert new.events[1] == CarriedOver(study="s", carried=8, finished=8)


def test_the_old_study_is_left_as_it_was(job: Job) -> None:
    folder = job.request.folder

    def sums() -> dict[str, str]:
        return {str(path): checksum(path) for path in sorted(folder.path.rglob("*")) if path.is_file()}

    before = sums()
    extended(job, WIDER)
    assert sums() == before


def test_a_look_at_the_test_set_in_the_old_study_counts_in_the_new_one(job: Job) -> None:
    new = extended(job, WIDER)
    openings = Study.open(new.request.folder).fact("test_openings")
    assert [each.get("study") for each in openings] == ["s", None]


def test_the_split_is_the_same(job: Job) -> None:
    new = extended(job, WIDER, trials=8)
    fingerprint = Study.open(job.request.folder).plan.data_fingerprint
    splits = [tuner.data.load_split(each.request.folder.split, fingerprint) for each in (job, new)]
    assert (splits[0].train == splits[1].train).all()
    assert (splits[0].validation == splits[1].validation).all()


def test_optuna_sees_the_carried_trials_in_the_new_space_with_all_that_it_learns_from(job: Job) -> None:
    new = extended(job, WIDER)
    old_rows, rows = (Study.open(each.request.folder).optuna.get_trials() for each in (job, new))
    name = "hidden[0].dense.units"
    assert {row.distributions[name].high for row in rows if name in row.distributions} == {128}
    for old, row in zip(old_rows, rows, strict=False):
        assert (row.state, row.values, row.intermediate_values) == (old.state, old.values, old.intermediate_values)
        assert row.params == pytest.approx(old.params)
        assert (row.datetime_start, row.datetime_complete) == (old.datetime_start, old.datetime_complete)
        assert {key: value for key, value in old.system_attrs.items() if "rung" in key} == {
            key: value for key, value in row.system_attrs.items() if "rung" in key
        }
    assert rows[3].system_attrs["constraints:nan"] == 1.0


def test_the_extended_study_goes_on_by_itself(job: Job) -> None:
    new = extended(job, WIDER)
    rows = new.rows
    plain = Job(replace(new.request, extends=None, budget=Budget(trials=11)), job.monkeypatch)
    plain.run()
    assert plain.rows[:10] == rows
    assert len(plain.rows) == 11
    assert type(plain.events[1]).__name__ == "TakenUp"  # after the precision


def test_a_removed_choice_leaves_behind_what_had_it_and_says_so(job: Job) -> None:
    new = extended(job, SPACE.replace("[relu, tanh]", "[relu]"), trials=6)
    n_tanh = sum("tanh" in trial.values.values() for trial in job.trials)
    assert 0 < n_tanh < 8
    (reason,) = origin(new)["reasons"]
    assert re.fullmatch(
        rf"{n_tanh} have hidden\S*\.dense\.activation = tanh, which the new space does not reach", reason
    )
    assert origin(new)["carried"] == 8 - n_tanh
    assert all("tanh" not in trial.values.values() for trial in new.trials)


def test_a_setting_that_was_written_out_and_is_searched_now_is_carried_with_its_value(job: Job) -> None:
    new = extended(job, SPACE.replace("batch_size: 32", "batch_size: {choice: [64, 32]}"))
    assert origin(new)["carried"] == 8
    assert {trial.values["training.batch_size"] for trial in new.trials[:8]} == {32}
    row = Study.open(new.request.folder).optuna.get_trials()[0]
    assert row.params["training.batch_size"] == 32


def test_a_new_parameter_carries_trials_over_with_the_value_that_changes_nothing(job: Job) -> None:
    new = extended(job, SPACE.replace("epochs: 6", "epochs: 6\n  label_smoothing: {float: [0.0, 0.2], default: 0.1}"))
    assert {trial.values["training.label_smoothing"] for trial in new.trials[:8]} == {0.0}
    assert new.trials[0].score == job.trials[0].score


def test_a_layer_that_is_gone_or_new_carries_nothing_over_and_the_search_begins_afresh(job: Job) -> None:
    new = extended(job, SPACE.replace("  - flatten\n", "  - flatten\n  - layer_normalization\n"), trials=2)
    assert origin(new)["carried"] == 0
    assert origin(new)["reasons"] == ["8 lack layer_normalization, a layer that the new space adds"]
    assert [trial.carried for trial in new.trials] == ["", ""]
    text = str(section(new.run().report).blocks[1])
    assert "Of its 8 finished trials, none could be carried over: 8 lack layer_normalization, a layer that" in text


def test_what_is_over_a_new_limit_or_breaks_a_new_rule_is_left_behind(job: Job) -> None:
    limit = sorted(trial.parameters or 0 for trial in job.trials)[3]
    new = extended(job, f"{SPACE}limits: {{parameters: {limit}}}\n", trials=4)
    assert all((trial.parameters or 0) <= limit for trial in new.trials if trial.carried)
    n = sum((trial.parameters or 0) > limit for trial in job.trials)
    (reason,) = origin(new)["reasons"]
    assert reason.startswith(f"{n} break a limit, for one ")
    assert reason.endswith(f"parameters are more than the limit of {limit:,}")
    ruled = extended(job, SPACE + "forbid: [training.optimizer == adam]\n".replace("adam", "sgd"), 8, "s-3")
    assert all(trial.values["training.optimizer"] == "adam" for trial in ruled.trials if trial.carried)
    assert "the rule training.optimizer == 'sgd'" in origin(ruled)["reasons"][0]


def test_nothing_that_was_carried_is_trained_again(job: Job) -> None:
    new = extended(job, WIDER, trials=14)
    trained = [
        trial.configuration for trial in new.trials if trial.scored and trial.state is not TrialState.TURNED_DOWN
    ]
    assert len(trained) == len(set(trained))
    assert sum(trial.preset == "first" for trial in new.trials) == 1  # it was carried, so it is not queued again


def test_a_new_preset_is_tried_first(job: Job) -> None:
    new = extended(job, WIDER.replace("presets:", 'presets:\n  big: {values: {"hidden[0].dense.units": 128}}'))
    assert new.trials[8].preset == "big"
    assert new.trials[8].values["hidden[0].dense.units"] == 128


def test_a_guess_that_waits_is_carried_over_as_a_guess(job: Job) -> None:
    study = Study.open(job.request.folder, writable=True)
    configuration = job.request.space.check_values({"hidden[0].dense.units": 33})
    study.queue(new_row(job.request.space, configuration, attributes(enqueued=True), waiting=True))
    new = extended(job, WIDER)
    assert (new.trials[8].enqueued, new.trials[8].carried, new.trials[8].values["hidden[0].dense.units"]) == (
        True,
        "",
        33,
    )
    assert origin(new)["carried"] == 8


def test_what_was_cut_off_stays_and_is_counted(job: Job) -> None:
    study = Study.open(job.request.folder, writable=True)
    cut_off = study.optuna.ask()
    study.begin(cut_off, configuration="c", seed=1, parameters=9, device="CPU", retries=0)
    new = extended(job, WIDER)
    assert origin(new) == {"study": "s", "carried": 8, "finished": 8, "reasons": [], "cut_off": 1}


def test_a_trial_carried_twice_says_where_it_was_trained(job: Job) -> None:
    second = extended(job, WIDER, trials=9)
    third = extended(second, WIDER.replace("128", "256"), trials=9, name="s-3")
    assert [trial.carried for trial in third.trials] == ["s"] * 8 + ["s-2"]


def test_a_carried_winner_is_retrained_with_the_seed_that_it_had(job: Job) -> None:
    new = extended(job, SPACE.replace("[relu, tanh]", "[tanh]"), trials=8)
    data = tuner.data.find("digits")
    plan = Study.open(new.request.folder).plan
    jobs = TrainingJobs(folder=new.request.folder, plan=plan, data=data, space=new.request.space)
    configuration = new.request.space.default()
    carried, own = new.trials[0], new.trials[-1]
    assert (bool(carried.carried), bool(own.carried)) == (True, False)
    assert carried.seed != jobs.seed(carried.number)
    assert jobs.retrain(carried, configuration, 1, {}).seed == carried.seed
    assert jobs.retrain(own, configuration, 1, {}).seed == jobs.seed(own.number)


def test_the_report_says_where_the_trials_came_from(job: Job) -> None:
    new = extended(job, SPACE.replace("[8, 64]", "[9, 128]"))
    report = new.run().report
    assert report.search.origin is not None
    assert (report.search.origin.study, report.search.origin.finished) == ("s", 8)
    sentences = " ".join(str(getattr(block, "text", "")) for block in section(report).blocks)
    assert "This study goes on where study s stood, in another search space. Of its 8 finished trials, " in sentences
    assert " carried over with scores and seeds, since this space can make them too." in sentences


def test_the_search_time_is_the_new_studys_own(job: Job) -> None:
    study = Study.open(job.request.folder, writable=True)
    study.remember("run", {**study.fact("run"), "seconds": 100_000.0})
    new = extended(job, WIDER)
    assert new.run().report.search.seconds < 1000
    assert all(trial.finished_after is None for trial in new.trials[:8])


# --- all or nothing ---------------------------------------------------------------------------------------------------


def test_a_process_killed_while_it_extends_leaves_no_study_and_the_same_command_makes_it(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        (study_folder("s-2").path / "folds-99.npz").write_bytes(b"of another life")
        (study_folder("s-2").path / "folds-mine.npz").write_bytes(b"the user's")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(opening, "_copy_folds", killed)
        with pytest.raises(KeyboardInterrupt):
            extended(job, WIDER)
    assert not study_folder("s-2").database.exists()
    assert len(extended(job, WIDER).trials) == 10
    assert [path.name for path in study_folder("s-2").path.glob("folds*")] == ["folds-mine.npz"]


def test_a_study_that_is_being_searched_is_not_extended(job: Job) -> None:
    with (
        hold(job.request.folder.path, "s"),
        pytest.raises(BusyError, match=r"study 's' is held by process \d+ on .*wait"),
    ):
        extended(job, WIDER)
    assert not study_folder("s-2").database.exists()


def test_a_study_of_other_images_is_not_extended(job: Job) -> None:
    study = Study.open(job.request.folder, writable=True)
    study.remember("plan", {**study.plan.to_json(), "data_fingerprint": "b" * 64})
    with pytest.raises(
        StudyError, match=r"study 's' cannot be carried over, its plan was another:\n  data_fingerprint"
    ):
        extended(job, WIDER)
    assert not study_folder("s-2").database.exists()


# --- every engine goes on from them ----------------------------------------------------------------------------------


MORE = FINITE.replace("[8, 16, 24]", "[8, 16, 24, 32]").replace("epochs: 9", "epochs: 1")
ENGINES: list[tuple[str, str, dict[str, Any]]] = [
    ("optuna", "tpe", {}),
    ("optuna", "cmaes", {}),
    ("optuna", "nsga2", {"objectives": ("val_accuracy", "parameters")}),
    ("optuna", "brute-force", {}),
    ("keras-tuner", "bayesian", {}),
    ("keras-tuner", "hyperband", {}),
    ("grid-search-cv", "halving", {}),
]


def grown(old: Driver, path: Path, text: str) -> Driver:
    """A driver of a new study in that space with what is carried over."""
    space = SearchSpace.parse(text, "new.yaml")
    plan = replace(old.study.plan, space_fingerprint=space.fingerprint)
    carried = carry(old.study, space)
    path.mkdir()
    Study.create(Folder(path), plan, text, carried.rows, {ORIGIN: carried.origin.to_json()})
    return Driver(Folder(path), old.engine_name, old.algorithm, text=text, more=old.more)


@pytest.mark.parametrize(("engine", "algorithm", "more"), ENGINES)
def test_every_engine_goes_on_from_what_was_carried_over(
    tmp_path: Path, engine: str, algorithm: str, more: dict[str, Any]
) -> None:
    if algorithm == "cmaes":
        pytest.importorskip("cmaes")
    old = driver(tmp_path / "old", engine, algorithm, text=FINITE.replace("epochs: 9", "epochs: 1"), more=more)
    old.run(9)
    n_finished = sum(trial.scored and trial.state is not TrialState.TURNED_DOWN for trial in old.trials)
    new = grown(old, tmp_path / "new", MORE)
    assert len(new.trials) == n_finished
    new.run(3)
    assert len(new.trials) > n_finished
    trained = [trial.identity for trial in new.trained if trial.state is not TrialState.TURNED_DOWN]
    assert len(trained) == len(set(trained))
    again = Driver(Folder(tmp_path / "new"), engine, algorithm, text=MORE, more=more)
    again.run(1)
    assert not any(trial.engine for trial in again.trials if trial.carried)


def test_a_grid_recognises_its_carried_points_and_trains_the_others_alone(tmp_path: Path) -> None:
    text = (
        "name: g\nlayers: [flatten, {dense: {units: {choice: [8, 16]}}}]\n"
        "training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 1}\n"
    )
    old = driver(tmp_path / "old", "grid-search-cv", "grid", text=text)
    old.run(9)
    assert len(old.trials) == 4
    new = grown(old, tmp_path / "new", text.replace("[8, 16]", "[8, 16, 32]"))
    new.run(9)
    assert [trial.carried for trial in new.trials] == ["old"] * 4 + ["", ""]
    assert [trial.values["dense.units"] for trial in new.trials[4:]] == [32, 32]


def test_a_stage_keeps_its_place_after_the_trial_that_it_went_on_with(tmp_path: Path) -> None:
    old = driver(tmp_path / "old", "optuna", "random", text=FINITE.replace("epochs: 9", "epochs: 1"))
    wide, narrow = (old.space.check_values({"hidden[0].dense.units": units}) for units in (24, 8))
    for configuration in (wide, narrow):
        old.study.queue(new_row(old.space, configuration, attributes(), waiting=True))
    old.run(2)
    trial = old.study.add(new_row(old.space, narrow, attributes(Stage(epochs=3, after=1), {"note": 1})))
    old.study.begin(trial, configuration=narrow.hash, seed=7, parameters=1, device="", retries=0)
    old.study.record_epoch(trial, old.trials[1].curve)
    old.study.finish(trial, TrialState.COMPLETE)
    new = grown(old, tmp_path / "new", old.text.replace("[8, 16, 24]", "[8, 16]"))
    assert [trial.stage for trial in new.trials] == [Stage(), Stage(epochs=3, after=0)]
    assert new.trials[1].engine == {}
