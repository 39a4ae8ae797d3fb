"""A study in memory and Optuna's tables behind it: the same for whoever reads either."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row

from tuner.errors import StudyError
from tuner.plan import Plan
from tuner.study import Folder, Study
from tuner.study.copying import SCHEMA
from tuner.trial import Epoch, TrialState

PLAN = Plan(dataset="digits", data_fingerprint="a", space="mlp_v1", space_fingerprint="b")

DOMAINS = {
    "x": FloatDistribution(0, 10),
    "rate": FloatDistribution(1e-4, 1e-1, log=True),
    "units": IntDistribution(8, 256, log=True),
    "act": CategoricalDistribution(("relu", None, 3, 0.5, True)),
}


def made(folder: Path) -> Study:
    folder.mkdir(parents=True)
    return Study.create(Folder(folder), PLAN, "name: x")


def epochs(n: int) -> tuple[Epoch, ...]:
    return tuple(Epoch(epoch=i, accuracy=0.5, loss=1.0, val_accuracy=0.1 * i, val_loss=1.0) for i in range(1, n + 1))


def begun(study: Study) -> optuna.Trial:
    trial = study.optuna.ask()
    trial.suggest_float("x", 0, 10)
    study.begin(trial, configuration="c", seed=1, parameters=9, device="CPU", retries=0)
    return trial


def optunas(study: Study) -> list[FrozenTrial]:
    """What Optuna's own storage finds in the file."""
    storage = RDBStorage(f"sqlite:///{study.folder.database}")
    return storage.get_all_trials(storage.get_study_id_from_name(study.optuna.study_name))


def system(row: FrozenTrial) -> dict[str, Any]:
    return {name: value for name, value in row.system_attrs.items() if not name.startswith("tune:")}


def told(rows: list[FrozenTrial]) -> list[Any]:
    """All of the rows but their dates; as text, because nan equals nothing."""
    return [
        [
            *(row.number, row._trial_id, row.state, repr(row.values), list(row.params.items()), row.distributions),
            sorted(row.user_attrs.items()),
            sorted(system(row).items()),
            repr(sorted(row.intermediate_values.items())),
        ]
        for row in rows
    ]


def dates(rows: list[FrozenTrial]) -> list[Any]:
    return [(row.datetime_start, row.datetime_complete) for row in rows]


def sampled(rng: random.Random, distribution: Any) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return float(rng.randrange(len(distribution.choices)))
    low, high = distribution.low, distribution.high
    drawn = rng.uniform(low, high)
    return float(round(drawn)) if isinstance(distribution, IntDistribution) else drawn


def step(rng: random.Random, study: int) -> Callable[[Any], Any]:
    """One thing that a sampler, a pruner or the search might do to a storage, whichever it is."""
    which, pick, value = rng.random(), rng.random(), rng.choice([1, 2.5, "a", None, [1, (2, 3)], {"a": {"b": []}}])
    key, number = rng.choice("abc"), rng.choice([0.25, float("inf"), -1e300])
    name = rng.choice(list(DOMAINS))
    drawn, stepped = sampled(rng, DOMAINS[name]), rng.randrange(5)
    state = rng.choice([Row.COMPLETE, Row.PRUNED, Row.FAIL, Row.WAITING, Row.RUNNING])

    def on(storage: Any) -> Any:
        rows = [row for row in storage.get_all_trials(study) if not row.state.is_finished()]
        if which < 0.1 or not rows:
            template = optuna.create_trial(
                state=Row.WAITING, params={"x": 1.5}, distributions={"x": DOMAINS["x"]}, user_attrs={"t": value}
            )
            return storage.create_new_trial(study, template if pick < 0.5 else None)
        row = rows[int(pick * len(rows))]
        if which < 0.3 and name not in row.params:
            return storage.set_trial_param(row._trial_id, name, drawn, DOMAINS[name])
        if which < 0.5:
            return storage.set_trial_user_attr(row._trial_id, key, value)
        if which < 0.6:
            return storage.set_trial_system_attr(row._trial_id, key, value)
        if which < 0.75:
            return storage.set_trial_intermediate_value(row._trial_id, stepped, number if pick < 0.9 else float("nan"))
        if which < 0.85:
            return storage.set_trial_state_values(row._trial_id, state, [number] if state is Row.COMPLETE else None)
        if which < 0.95:
            return storage.set_study_system_attr(study, key, value)
        return storage.set_study_user_attr(study, key, value)

    return on


def test_whatever_is_done_to_it_optunas_own_storage_does_the_same_and_reads_it_back(
    tmp_path: Path, unsynced: None
) -> None:
    ours = made(tmp_path / "s")
    theirs = RDBStorage(f"sqlite:///{tmp_path / 'theirs.db'}")
    study = optuna.create_study(storage=theirs, study_name="s", direction="maximize")
    assert study._study_id == ours.row
    rng = random.Random(7)
    for _ in range(400):
        act = step(rng, ours.row)
        assert act(ours.optuna._storage) == act(theirs)
    rows = ours.optuna.get_trials()
    assert told(rows) == told(theirs.get_all_trials(ours.row))
    for read in (optunas(ours), Study.open(ours.folder).optuna.get_trials()):
        assert told(read) == told(rows)
        assert dates(read) == dates(rows)
    assert ours.optuna.best_value == study.best_value
    read = optuna.load_study(study_name="s", storage=f"sqlite:///{ours.folder.database}")
    assert {name: value for name, value in read.user_attrs.items() if name in "abc"} == study.user_attrs


def test_the_schema_is_the_one_that_the_installed_optuna_makes() -> None:
    assert RDBStorage("sqlite://").get_head_version() == SCHEMA


def test_what_is_recorded_together_is_on_the_disk_at_the_end_and_seen_here_at_once(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    with study.together():
        trial = begun(study)
        study.finish(trial, TrialState.FAILED, reason="nan")
        assert [each.state for each in study.trials()] == [TrialState.FAILED]
        assert optunas(study) == []
    assert [(row.state, row.system_attrs["constraints:nan"]) for row in optunas(study)] == [(Row.PRUNED, 1.0)]


def test_epochs_wait_for_company_but_not_for_long(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    now = [100.0]
    study._ledger._clock = lambda: now[0]
    with study.together():
        trial = begun(study)
    for n in (1, 2):
        with study.together():
            study.record_epoch(trial, epochs(n))
    assert len(study.trials()[0].curve) == 2
    assert optunas(study)[0].intermediate_values == {}
    study.tick()
    assert optunas(study)[0].intermediate_values == {}
    now[0] += 0.3
    study.tick()
    assert optunas(study)[0].intermediate_values == {1: 0.1, 2: 0.2}
    now[0] += 0.3
    with study.together():  # the last commit is long ago, so there is nothing to wait for
        study.record_epoch(trial, epochs(3))
    assert len(optunas(study)[0].intermediate_values) == 3


def test_outside_of_a_block_nothing_waits(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trial = begun(study)
    study.record_epoch(trial, epochs(1))
    study.record_epoch(trial, epochs(2))
    assert len(optunas(study)[0].intermediate_values) == 2


def test_what_builds_on_the_record_is_done_when_it_is_on_the_disk(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    seen = []
    with study.together():
        begun(study)
        study.then(lambda: seen.append(len(optunas(study))))
        assert seen == []
    study.then(lambda: seen.append(7))
    assert seen == [1, 7]


def test_where_the_record_fails_nothing_that_builds_on_it_is_done(tmp_path: Path) -> None:
    study, seen = made(tmp_path / "s"), []
    away = study.folder.database.rename(tmp_path / "away.db")

    def search() -> None:
        with study.together():
            begun(study)
            study.then(lambda: seen.append("told"))

    with pytest.raises(StudyError, match="deleted"):
        search()
    away.rename(study.folder.database)
    study.flush()
    with study.together():
        pass
    assert (seen, len(optunas(study))) == ([], 1)


def test_a_block_that_ends_in_an_error_keeps_what_was_recorded(tmp_path: Path) -> None:
    study = made(tmp_path / "s")

    def brake() -> None:
        study.finish(begun(study), TrialState.FAILED, reason="crash")
        raise RuntimeError("brake")

    with pytest.raises(RuntimeError, match="brake"), study.together():
        brake()
    assert [row.state for row in optunas(study)] == [Row.FAIL]


def test_a_guess_is_on_the_disk_before_its_file_may_go(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    row = optuna.create_trial(state=Row.WAITING, params={"x": 1.0}, distributions={"x": DOMAINS["x"]})
    with study.together():
        assert study.queue(row) == 0
        assert len(optunas(study)) == 1


def test_a_trial_cut_off_before_others_ended_waits_for_optuna_too(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    first = begun(study)
    study.optuna.ask()
    study.pause(first.number)
    assert study.optuna.ask().number == first.number


def test_whenever_it_is_killed_an_event_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    study.close()
    code = (
        "import pathlib, sys\n"
        "from tuner.study import Folder, Study\n"
        "from tuner.trial import Epoch, TrialState\n"
        "study = Study.open(Folder(pathlib.Path(sys.argv[1])), writable=True)\n"
        "study.release_interrupted()\n"
        "print('open', flush=True)\n"
        "for n in range(10_000):\n"
        "    trial = study.optuna.ask()\n"
        "    trial.suggest_float('x', 0, 10)\n"
        "    study.finish(trial, TrialState.FAILED, reason='nan')\n"
        "    print(trial.number, flush=True)\n"
    )
    said = -1
    for kill in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(study.folder.path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            for _ in range(3 + 2 * kill):
                said = int(process.stdout.readline())
            process.kill()
        rows = Study.open(study.folder).optuna.get_trials()
        ended = [row.number for row in rows if row.state is Row.PRUNED]
        assert said in ended
        whole = [{"outcome"} <= set(row.user_attrs) and "constraints:nan" in row.system_attrs for row in rows]
        assert whole == [row.state is Row.PRUNED for row in rows]
