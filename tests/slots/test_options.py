"""The options of devices on the command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fakes.gpus import Driver, gpu

from tuner.cli.boundary import run_program
from tuner.cli.device_options import DeviceOptions

Cores = Callable[[int], None]


def said(gpus: str | None = None, workers: int | None = None, trials_per_gpu: int | None = None) -> DeviceOptions:
    return DeviceOptions(gpus=gpus, workers=workers, trials_per_gpu=trials_per_gpu)


LAST = {"trials": 8, "gpus": "0,2", "workers": None, "trials_per_gpu": 3}


@pytest.mark.parametrize(
    ("options", "gpus", "workers", "trials_per_gpu"),
    [
        (said(), "0,2", None, 3),
        (said(gpus="none"), "none", None, 1),
        (said(gpus="1"), "1", None, 3),
        (said(workers=2), "auto", 2, 1),
        (said(trials_per_gpu=1), "0,2", None, 1),
    ],
)
def test_a_resumed_search_has_the_last_run_s_devices_as_far_as_they_go_with_what_is_said(
    options: DeviceOptions, gpus: str, workers: int | None, trials_per_gpu: int
) -> None:
    assert options.asked(LAST) == {"gpus": gpus, "workers": workers, "trials_per_gpu": trials_per_gpu}


def test_a_new_search_and_a_study_of_an_older_version_have_the_defaults() -> None:
    usual = {"gpus": "auto", "workers": None, "trials_per_gpu": 1}
    assert said().asked() == usual
    assert said().asked({"trials": 8}) == usual


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--workers 0", 2, "Invalid value for '--workers': 0 is not in the range x>=1"),
        ("--workers two", 2, "Invalid value for '--workers'"),
        ("--trials-per-gpu 0", 2, "Invalid value for '--trials-per-gpu'"),
        ("--trials-per-gpu 2", 2, "--trials-per-gpu 2 is for GPUs, and no NVIDIA GPU was found"),
        ("--trials-per-gpu 2 --gpus none", 2, "--gpus none leaves none. On the CPU: --workers N"),
        ("--trials-per-gpu 2 --gpus all", 5, "no NVIDIA GPU was found on this machine"),
        ("--workers 100000", 2, "--workers 100000: TensorFlow alone takes 0.7 GiB in each"),
    ],
)
@pytest.mark.parametrize("verb", ["run digits", "plan digits"])
def test_words_that_do_not_fit_this_machine_are_one_clear_line(
    verb: str, words: str, code: int, message: str, driver: Driver, cores: Cores, capsys: pytest.CaptureFixture[str]
) -> None:
    driver.has()
    assert run_program([*verb.split(), "--space", "mlp_v1", *words.split()]) == code
    lines = capsys.readouterr().err.splitlines()
    assert message in lines[-1]
    assert not any("Traceback" in line for line in lines)


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run_program(["plan", "digits", "--space", "mlp_v1", "--json", *words]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_plan_counts_trials_that_train_at_once(cores: Cores, capsys: pytest.CaptureFixture[str]) -> None:
    cores(4)
    plan = planned(capsys, "--gpus", "none", "--workers", "2", "--trials", "9")
    assert plan["devices"] == ["CPU, share 1 of 2", "CPU, share 2 of 2"]
    assert plan["speed"]["cores"] == 4
    each, search = plan["draws"]["trial_seconds"], plan["search"]["seconds"]
    assert search["low"] == pytest.approx(5 * each["low"])  # nine in pairs


def test_a_plan_does_not_believe_in_more_workers_than_cores(cores: Cores, capsys: pytest.CaptureFixture[str]) -> None:
    cores(2)
    plan = planned(capsys, "--gpus", "none", "--workers", "8", "--trials", "8")
    assert len(plan["devices"]) == 8
    assert plan["speed"]["cores"] == 2
    assert plan["search"]["seconds"]["low"] == pytest.approx(plan["draws"]["trial_seconds"]["low"])  # all at once


def test_a_plan_on_gpus_lists_them(driver: Driver, cores: Cores, capsys: pytest.CaptureFixture[str]) -> None:
    driver.has(gpu("GPU-aaaa"))
    plan = planned(capsys, "--trials-per-gpu", "2")
    assert plan["devices"] == ["GPU 0 (Fake 16G), share 1 of 2", "GPU 0 (Fake 16G), share 2 of 2"]
    assert plan["speed"] is None


def test_a_plan_says_that_workers_share_the_cores(cores: Cores, capsys: pytest.CaptureFixture[str]) -> None:
    cores(2)
    assert run_program(["plan", "digits", "--space", "mlp_v1", "--gpus", "none", "--workers", "2"]) == 0
    assert " for 2 trials at once, together taken to be as fast as one on all;" in capsys.readouterr().out
