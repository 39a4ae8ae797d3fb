"""The need of disk: what it is made of, that it is about right, and when a search is refused for it."""

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.job import SPACE, Job, make
from fakes.small_disk import mounted

from search_spaces import SearchSpace
from tuner import planning
from tuner.cli.boundary import run_program
from tuner.data import find
from tuner.errors import SetupError
from tuner.opening import plan_of
from tuner.plan import BEST, POLICIES, Budget, Keep
from tuner.planning.disk import AT_ONCE, REPORT, Ahead, Disk, There, Weights, bytes_text, disk_need, weights_of
from tuner.room import check_room
from tuner.study import study_folder
from tuner.study.leftovers import size_of

pytestmark = pytest.mark.usefixtures("unsynced")

WEIGHTS = Weights(mean=1_000_000, largest=4_000_000, model=2_000_000)


def ahead(trials: int, keep: Keep = BEST, *, in_rounds: bool = False) -> Ahead:
    return Ahead(trials=trials, at_once=2, epochs=10, keep=keep, in_rounds=in_rounds)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [("none", 0), ("best", 1), ("top:5", 5), ("top:500", 50), ("all", 50)],
)
def test_what_is_kept_is_counted_by_the_policy(policy: str, kept: int) -> None:
    need = disk_need(WEIGHTS, ahead(50, Keep.parse(policy)), There())
    assert need.kept == kept * 1_000_000
    assert need.running == 2 * AT_ONCE * 4_000_000
    assert need.total == need.running + need.kept + need.database + need.result


def test_what_is_there_already_counts() -> None:
    new = disk_need(WEIGHTS, ahead(50, Keep.parse("top:5")), There())
    old = There(database=500_000, backups=1_500_000, kept=4, cut_off=7_000_000, has_result=True)
    half = disk_need(WEIGHTS, ahead(25, Keep.parse("top:5")), old)
    assert half.kept == 1_000_000
    assert half.running == new.running - 7_000_000
    assert 0 < half.database < new.database


def test_a_finished_study_needs_a_report_and_no_more() -> None:
    assert disk_need(WEIGHTS, ahead(0), There(has_result=True)).total == REPORT
    assert disk_need(WEIGHTS, ahead(-3), There(has_result=True)).total == REPORT


def test_a_winner_that_is_to_be_retrained_needs_its_checkpoints() -> None:
    assert disk_need(WEIGHTS, ahead(0), There(database=200_000)).running == AT_ONCE * 4_000_000
    assert disk_need(WEIGHTS, ahead(-2), There(database=200_000)).kept == 0


def test_trials_that_are_carried_over_are_written_and_have_no_weights() -> None:
    everything = POLICIES["all"]
    need = disk_need(WEIGHTS, replace(ahead(1, everything), carried=40), There())
    assert need.kept == 1_000_000
    assert need.database == disk_need(WEIGHTS, ahead(41, everything), There()).database


def test_what_hyperband_may_go_on_with_is_counted_whatever_the_policy() -> None:
    need = disk_need(WEIGHTS, ahead(30, POLICIES["none"], in_rounds=True), There())
    assert need.kept == 20 * 1_000_000


def test_the_last_trials_need_no_more_slots_than_they_are() -> None:
    assert disk_need(WEIGHTS, ahead(1), There()).running == AT_ONCE * 4_000_000


def test_a_checkpoint_holds_the_weights_and_what_the_optimizer_keeps_for_each() -> None:
    space = SearchSpace.parse(
        "name: one\nlayers: [flatten, {dense: {units: 100}}]\n"
        "training: {optimizer: {choice: [adam, sgd]}, batch_size: 32, epochs: 2}\n",
        "one.yaml",
    )
    images = planning.Images(shape=(8, 8, 1), n_classes=10, n_train=100, n_validation=10)
    setting = planning.Setting(space=space, images=images, epochs=None, speed=None)
    found = weights_of([planning.look_at("", space.default(), setting)])
    assert found is not None
    parameters = 64 * 100 + 100 + 100 * 10 + 10
    assert found.model == 4 * parameters
    assert found.largest - 3 * found.model == pytest.approx(16_000)
    assert weights_of([]) is None


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_000, "99 kB"), (1_250_000, "1.2 MB"), (3.2e12, "3.2 TB")],
)
def test_sizes_are_told_in_units_that_people_read(n_bytes: float, text: str) -> None:
    assert bytes_text(n_bytes) == text


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


def free(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    monkeypatch.setattr("tuner.planning.disk.shutil.disk_usage", lambda _path: type("Usage", (), {"free": n_bytes}))


def test_a_search_that_cannot_fit_is_refused_before_anything_is_made(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 20_000_000)
    with pytest.raises(SetupError) as refused:
        job.run(budget=Budget(trials=500), keep=POLICIES["all"])
    said = str(refused.value)
    assert "the disk has 20 MB free, and this search needs about " in said
    assert "keep fewer weights (--keep best)" in said
    assert "TUNE_HOME" in said
    assert "\n" not in said
    assert not job.request.folder.path.exists()


def test_fewer_weights_are_advised_only_where_they_would_fit(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 2_000_000)
    with pytest.raises(SetupError, match=r"\)\. Free some space, or set TUNE_HOME"):
        job.run(budget=Budget(trials=500), keep=POLICIES["all"])


@pytest.mark.parametrize(("own", "theirs", "fits"), [(20, 25, True), (50, 10, False), (3, 90, False), (10, 10, False)])
def test_checkpoints_on_another_disk_are_weighed_against_that_one(
    job: Job, tmp_path: Path, own: int, theirs: int, fits: bool
) -> None:
    folder, other = job.request.folder, tmp_path / "disk"
    other.mkdir()
    folder.path.mkdir(parents=True)
    folder.all_checkpoints.symlink_to(other)

    def disk(path: Path) -> Disk:
        linked = path.resolve() == other
        return Disk(device=int(linked), free=(theirs if linked else own) * 1_000_000)

    request = replace(job.request, budget=Budget(trials=500), keep=POLICIES["all"])
    data = find("digits")
    with nullcontext() if fits else pytest.raises(SetupError) as refused:
        check_room(request, plan_of(request, data), data, 1, disk=disk)
    if refused:
        said = str(refused.value)
        assert said.startswith(f"{folder.path if own == 3 else folder.all_checkpoints}: the disk has ")
        assert ("kept weights" in said) != ("study and backups" in said)


def test_an_extended_study_needs_no_room_for_weights_of_trials_that_it_takes_over(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget(trials=7)
    job.run(budget=budget, keep=POLICIES["none"])
    wider = SearchSpace.parse(SPACE.replace("[8, 64]", "[8, 128]"), "wider.yaml")
    new = replace(job.request, space=wider, folder=study_folder("s-2"), extends=job.request.folder, budget=budget)
    plan, data = plan_of(new, find("digits")), find("digits")
    all_kept = replace(new, keep=POLICIES["all"])
    seen: list[Ahead] = []
    monkeypatch.setattr("tuner.room.estimate", lambda _space, _data, ahead, _there: seen.append(ahead))
    check_room(all_kept, plan, data, 1)
    check_room(replace(all_kept, extends=None), plan, data, 1)
    assert [(each.trials, each.carried) for each in seen] == [(0, 7), (7, 0)]


def test_a_folder_that_was_there_before_stays_where_a_search_is_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.request.folder.path.mkdir(parents=True)
    free(monkeypatch, 2_000_000)
    with pytest.raises(SetupError):
        job.run(budget=Budget(trials=500), keep=POLICIES["all"])
    assert job.request.folder.path.exists()


def test_a_finished_study_is_not_refused_and_one_that_goes_on_is(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.run(budget=Budget(trials=2))
    free(monkeypatch, REPORT)
    job.run(budget=Budget(trials=2))
    free(monkeypatch, REPORT + 1_000)
    with pytest.raises(SetupError):
        job.run(budget=Budget(trials=3))
    assert len(job.trials) == 2


def test_a_plan_tells_the_need(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "digits", "--space", "mlp_v1", "--gpus", "none", "--workers", "1", "--trials", "10"]
    assert run_program([*words, "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["disk"]
    assert run_program([*words, "--keep", "all", "--json"]) == 0
    everything = json.loads(capsys.readouterr().out)["disk"]["need"]
    assert everything["kept"] == 10 * best["need"]["kept"]
    assert best["free"] > best["need"]["total"] > 1_000_000
    assert run_program(words) == 0
    assert re.search(r"disk +about .* what runs, .* kept weights, .* free", capsys.readouterr().out)


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A TUNE_HOME of eight megabytes."""
    home.mkdir()
    with mounted(home, 8 * 2**20):
        yield home


def test_on_a_small_disk_what_fits_runs_and_what_does_not_is_refused(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make(small_disk, monkeypatch)
    job.run(budget=Budget(trials=3))
    used = size_of(small_disk)
    assert used < 8 * 2**20
    with pytest.raises(SetupError, match="Free some space"):
        job.run(budget=Budget(trials=5_000))
    assert len([trial for trial in job.trials if trial.scored]) == 3
