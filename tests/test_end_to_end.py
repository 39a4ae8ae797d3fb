"""The program as a user runs it: real processes, real Keras, real images."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import psutil
import pytest
from evidence import Measured
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
)

QUICK = ("digits", "--space", "mlp_v1", "--epochs", "3", "--seed", "5", "--workers", "1")
NAME = "digits-mlp_v1"


def started(home: Path, *words: str, cwd: Path, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tuner", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "TUNE_HOME": str(home), "CI": "true", **environ},
        preexec_fn=hear_signals,  # noqa: PLW1509, it calls nothing that a lock could hold
    )


def hear_signals() -> None:
    """A shell's background job, as CI may well be, hands down ignored signals, and tune leaves ignored what was."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def n_epochs(home: Path) -> int:
    """Epochs that the study's database holds."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{home / 'studies' / NAME / 'study.db'}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM trial_intermediate_values").fetchone()[0])
    except sqlite3.Error:
        return 0


def rows(home: Path) -> list[tuple[int, str]]:
    study = optuna.load_study(study_name=NAME, storage=f"sqlite:///{home / 'studies' / NAME / 'study.db'}")
    return [(row.number, row.state.name) for row in study.get_trials()]


def workers(of: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(of).children(recursive=True)
    return []


WATCH = """
import os, sys

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith(("test_images.npy", "test_labels.npy")):
        frame = sys._getframe(1)
        while frame and f"{os.sep}tuner{os.sep}" not in frame.f_code.co_filename:
            frame = frame.f_back
        where = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else "?"
        with os.fdopen(os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), "w") as log:
            log.write(f"{os.getpid()} {os.path.basename(arguments[0])} {where}\\n")

if "OPENED" in os.environ:
    sys.addaudithook(watch)
"""
"""As sitecustomize.py: tells of every file of the test set that any process opens, and which line of ours does."""


def watched(home: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(home), "OPENED": str(home / "opened.log")}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """A finished study of three trials, and what `--json` said of it."""
    home = tmp_path_factory.mktemp("home")
    assert started(home, "data", "fetch", "digits", cwd=home).wait(timeout=60) == 0
    (home / "sitecustomize.py").write_text(WATCH)
    process = started(home, *QUICK, "--trials", "3", "--json", cwd=home, **watched(home))
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    yield home, json.loads(out)
    shutil.rmtree(home, ignore_errors=True)


def test_the_main_job_ends_with_a_model_and_a_report(done: tuple[Path, dict[str, object]]) -> None:
    _, said = done
    assert Path(str(said["report"])).stat().st_size > 10_000
    assert Path(str(said["model"])).stat().st_size > 10_000
    assert sum(said["trials"].values()) == 3  # type: ignore[attr-defined]
    assert float(str(said["test_accuracy"])) > 0.5


def test_the_phases_that_the_real_worker_measures_add_up_to_each_trials_seconds(
    done: tuple[Path, dict[str, object]],
) -> None:
    home, _ = done
    shown, err = started(home, "show", NAME, "--time", "--json", cwd=home).communicate(timeout=60)
    told = json.loads(shown)
    for trial in told["trials"]:
        (stay,) = trial["stays"]
        phases = {name: seconds for name, seconds in stay["phases"].items() if name != "loading"}
        assert {"building", "tracing", "training", "validating", "storing"} <= set(phases), err
        at_work = stay["ended"] - stay["began"] - stay["waited"]
        assert sum(phases.values()) == pytest.approx(at_work, abs=1.0)  # but for the way through the pipe
        assert sum(phases.values()) > trial["seconds"] * 0.9
    spent = {each["name"]: each["seconds"] for each in told["time"]["spent"]}
    assert sum(spent.values()) == pytest.approx(told["time"]["seconds"], abs=0.05)
    named = ("starting", "loading", "building", "tracing", "training", "validating", "retraining", "reporting")
    assert all(spent[name] > 0 for name in named)
    assert 0 < told["time"]["first_step_after"][0] < told["time"]["seconds"]


def test_the_report_says_what_scikit_learn_says_of_the_predictions(
    done: tuple[Path, dict[str, object]], measured: Measured
) -> None:
    home, _ = done
    folder = home / "studies" / NAME
    told = json.loads((folder / "report" / "report.json").read_text())["evaluation"]
    with np.load(folder / "best" / "predictions.npz") as arrays:
        labels, probabilities = arrays["labels"], arrays["probabilities"].astype(np.float64)
    guesses = probabilities.argmax(axis=1)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    counts = np.zeros((10, 10), dtype=int)  # by hand, for scikit-learn makes the report's
    np.add.at(counts, (labels, guesses), 1)
    recall = np.diag(counts) / counts.sum(axis=1)
    precision = np.diag(counts) / counts.sum(axis=0)
    by_class = {name: np.array([each[name] for each in told["classes"]]) for name in ("precision", "recall", "f1")}
    apart = {
        "accuracy": told["accuracy"]["value"] - accuracy_score(labels, guesses),
        "accuracy by hand": told["accuracy"]["value"] - (labels == guesses).mean(),
        "loss": told["loss"] - log_loss(labels, probabilities),
        "loss by hand": told["loss"] + np.log(probabilities[np.arange(len(labels)), labels]).mean(),
        "f1": by_class["f1"] - f1_score(labels, guesses, average=None),
        "f1 by hand": by_class["f1"] - 2 * precision * recall / (precision + recall),
        "precision": by_class["precision"] - precision_score(labels, guesses, average=None),
        "recall": by_class["recall"] - recall_score(labels, guesses, average=None),
        "recall by hand": by_class["recall"] - recall,
    }
    furthest = max(float(np.abs(each).max()) for each in apart.values())
    n = sum(map(sum, told["confusion"]))
    measured(
        37,
        target="report numbers vs sklearn from predictions.npz equal to 1e-12; confusion matrix sums = n",
        figure=f"{len(apart)} kinds of figure at most {furthest:.1e} apart; the matrix sums to {n} of {len(labels)}",
    )
    assert furthest <= 1e-12
    assert told["confusion"] == confusion_matrix(labels, guesses).tolist() == counts.tolist()
    assert n == told["accuracy"]["n"] == len(labels)
    assert told["times_opened"] == 1


def test_the_test_set_is_read_once_by_one_process_and_never_by_the_parent(
    done: tuple[Path, dict[str, object]], measured: Measured
) -> None:
    home, _ = done
    for words in ((*QUICK, "--trials", "3", "--quiet"), ("show", NAME)):
        assert started(home, *words, cwd=home, **watched(home)).wait(timeout=120) == 0
    opened = Counter(tuple(line.split()) for line in (home / "opened.log").read_text().splitlines())
    processes = {process for process, _, _ in opened}
    readings = {(name, where) for _, name, where in opened}
    measured(
        37,
        target="test set read exactly once",
        figure=f"by {len(processes)} process of a search, a second start of it with its report, and show, at "
        f"{', '.join(sorted(f'{name} in {where}' for name, where in readings))}",
    )
    assert len(processes) == 1
    assert {name for name, _ in readings} == {"test_images.npy", "test_labels.npy"}
    assert {where.partition(":")[0] for _, where in readings} == {"files.py", "jobs.py"}  # its sum, and its images


def test_the_saved_model_takes_pixels_and_repeats_the_predictions(done: tuple[Path, dict[str, object]]) -> None:
    import keras

    from tuner.data import find

    home, said = done
    model = keras.models.load_model(str(said["model"]))
    images = find("digits", cache=home / "data").test()[0]
    assert images.max() == 255
    with np.load(home / "studies" / NAME / "best" / "predictions.npz") as arrays:
        assert np.abs(model.predict(images.astype("float32"), verbose=0) - arrays["probabilities"]).max() < 1e-5
    assert model.count_params() == said["parameters"]


def test_the_verbs_tell_of_the_study_from_any_folder(done: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    home, said = done
    shown: dict[str, str] = {}
    for words in (("studies",), ("show", NAME), ("report", NAME), ("studies", "--json"), ("show", NAME, "--json")):
        process = started(home, *words, cwd=tmp_path)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, ""), words
        assert "\x1b" not in out
        shown[" ".join(words)] = out
    assert NAME in shown["studies"]
    assert "preset published" in shown[f"show {NAME}"]
    assert shown[f"report {NAME}"].strip() == said["report"]
    assert json.loads(shown["studies --json"])[0]["finished"] == 3
    assert len(json.loads(shown[f"show {NAME} --json"])["trials"]) == 3


def test_after_kill_9_the_same_command_loses_nothing_and_leaves_nothing_running(home: Path, tmp_path: Path) -> None:
    words = (*QUICK, "--trials", "4", "--quiet")
    for epochs in (2, 5):
        process = started(home, *words, cwd=tmp_path)
        wait_for(lambda epochs=epochs: n_epochs(home) >= epochs)  # type: ignore[misc]
        family = workers(process.pid)
        process.kill()
        process.wait()
        gone, alive = psutil.wait_procs(family, timeout=5)
        assert gone
        assert not alive, "a worker outlived its parent"
    finished_before = [row for row in rows(home) if row[1] in {"COMPLETE", "PRUNED"}]
    process = started(home, *words, cwd=tmp_path)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert Path(out.strip()).name == "report.html"
    assert [number for number, _ in rows(home)] == [0, 1, 2, 3]
    assert {state for _, state in rows(home)} <= {"COMPLETE", "PRUNED"}
    assert set(finished_before) <= set(rows(home))
    with contextlib.closing(sqlite3.connect(home / "studies" / NAME / "study.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_run_in_order_and_says_how_to_go_on(
    home: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = started(home, *QUICK[:3], "--epochs", "400", "--trials", "30", cwd=tmp_path)
    wait_for(lambda: n_epochs(home) >= 2)
    family = workers(process.pid)
    process.send_signal(number)
    began = time.monotonic()
    try:
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()  # where it did not listen
    assert time.monotonic() - began < 10
    assert process.returncode == code
    assert err.splitlines()[-1] == f"tune resume {NAME}"
    assert "Traceback" not in err
    assert not psutil.wait_procs(family, timeout=2)[1]
    assert "RUNNING" not in {state for _, state in rows(home)}


def test_a_study_goes_on_from_another_folder_and_a_second_start_is_turned_away(home: Path, tmp_path: Path) -> None:
    first = started(home, *QUICK, "--trials", "2", "--quiet", cwd=tmp_path)
    wait_for(lambda: n_epochs(home) >= 1)
    second = started(home, *QUICK, "--trials", "2", cwd=tmp_path)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 75
    assert f"study '{NAME}' is held by process {first.pid} on " in err
    assert first.wait(timeout=240) == 0
    (tmp_path / "elsewhere").mkdir()
    third = started(home, "resume", NAME, "--trials", "3", "--quiet", cwd=tmp_path / "elsewhere")
    out, err = third.communicate(timeout=240)
    assert third.returncode == 0, err
    assert Path(out.strip()).exists()
    assert [number for number, _ in rows(home)] == [0, 1, 2]


@pytest.mark.real_data
def test_fashion_mnist_is_searched_where_it_is_found(home: Path, tmp_path: Path) -> None:
    """On 1,000 images: that it works, not how well."""
    from tuner.data import find
    from tuner.errors import DataError

    try:
        find("fashion-mnist", cache=home / "data", download=False)
    except DataError:
        pytest.skip("Fashion-MNIST is not on this machine: make data")
    words = ("fashion-mnist", "--space", "cnn_v4", "--trials", "2", "--epochs", "1", "--limit", "1000", "--json")
    process = started(home, *words, cwd=tmp_path)
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    said = json.loads(out)
    assert said["test_images"] == 10_000
    assert sum(said["trials"].values()) == 2
