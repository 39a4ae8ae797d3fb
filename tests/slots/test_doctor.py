"""What `tune doctor` says of devices, and measuring from the command line."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.gpus import GIB, LOST, NOT_LOADED, Driver, gpu

from tuner.cli.boundary import run_program
from tuner.measuring import Way
from tuner.slots import Measured, Network, SplitOfCores, keep, this_machine


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """The words of doctor, whatever its lines."""
    assert run_program(["doctor", *words]) == code
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture(autouse=True)
def eight_cores(cores: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("tuner.cli.doctor_command._data_sets", lambda: iter(()))


def measured(*rates: tuple[int, float, float]) -> Measured:
    splits = [SplitOfCores(workers=n, rates=dict(zip(Network, (a, b), strict=True))) for n, a, b in rates]
    return Measured(machine=this_machine(), when="2026-11-27T12:05:12+00:00", splits=tuple(splits))


def test_gpus_are_shown_with_what_is_in_use(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    driver.has(gpu("GPU-aaaa", used=3 * GIB, processes=[[1, 2 * GIB], [2, GIB]]), gpu("GPU-bbbb", capability=[9, 0]))
    out = said(capsys)
    assert "ok GPU 0 Fake 16G, 16.0 GiB, 3.0 GiB in use by 2 processes, compute capability 8.0, GPU-aaaa" in out
    assert "ok GPU 1 Fake 16G, 16.0 GiB, compute capability 9.0, GPU-bbbb" in out
    assert "ok slots GPU 0 (Fake 16G); GPU 1 (Fake 16G): one trial at a time on each" in out


def test_gpus_that_cannot_be_used_are_told(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    driver.has(gpu("GPU-aaaa", error=LOST), gpu("GPU-bbbb", parts=[None]))
    out = said(capsys)
    assert "note GPU GPU 0: GPU is lost" in out
    assert "note GPU GPU 1 is in MIG mode and has no MIG devices" in out
    assert "ok slots CPU: one trial at a time ok" in out
    driver.fail(NOT_LOADED)
    assert "note GPU the NVIDIA driver does not answer: Driver Not Loaded" in said(capsys)


def test_a_narrowed_view_is_told(
    driver: Driver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    out = said(capsys)
    assert "note GPU CUDA_VISIBLE_DEVICES is '1': the others are not used" in out
    assert "ok slots GPU 1 (Fake 16G): one trial at a time" in out


def test_without_a_measurement_the_rule_is_told_and_how_to_measure(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys)
    assert "ok split perceptron: 2 workers with 4 threads each, by rule: faster together" in out
    assert "ok split convolutions: 1 worker with 8 threads, by rule: one trial at a time, so that a seed" in out
    assert "note split not measured here; tune doctor --measure does, in about 3 minutes" in out
    assert "images a second" not in out


def test_the_split_in_use_is_told_with_its_date_and_all_figures(capsys: pytest.CaptureFixture[str]) -> None:
    keep(measured((1, 101_000, 6_486), (2, 180_500, 7_100), (8, 150_000, 12_000.4)))
    out = said(capsys)
    assert "ok split perceptron: 2 workers with 4 threads each, measured the fastest here on 2026-11-27 12:05" in out
    assert "ok split convolutions: 8 workers with 1 thread each, measured the fastest here on 2026-11-27 12:05" in out
    assert "images a second perceptron convolutions" in out
    assert " 1 worker with 8 threads 101,000 6,486" in out
    assert " 2 workers with 4 threads each -> 180,500 7,100" in out
    assert " 8 workers with 1 thread each 150,000 -> 12,000" in out
    assert "not measured here" not in out


def test_a_container_s_share_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.slots.containers.processors", lambda: 2.0)
    assert "ok CPU 2 cores to use of 8, which is what this process is given; " in said(capsys)


def test_figures_that_are_not_used_are_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(replace(measured((1, 1, 1)), machine=replace(this_machine(), cores=64)))
    assert re.search(r"note split \S+splits.json is of another machine and not used: .*, 64 cores", said(capsys))
    (home / "splits.json").write_text("[")
    assert re.search(r"note split \S+splits.json cannot be read and is not used", said(capsys))


def test_measuring_keeps_the_figures_and_shows_them(
    capsys: pytest.CaptureFixture[str], cores: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cores(2)

    def measure(tell: Callable[[str], None], _way: Way | None = None) -> Measured:
        tell("round 1 of 1, 1 worker: ...")
        return measured((1, 100, 10), (2, 200, 20))

    monkeypatch.setattr("tuner.measuring.measure", measure)
    assert run_program(["doctor", "--measure"]) == 0
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert first == (
        "training made-up images with 1, 2 workers, about 2 minutes; let the machine do nothing else meanwhile"
    )
    assert second == "round 1 of 1, 1 worker: ..."
    assert "2 workers with 1 thread each, measured the fastest here on" in " ".join(out.split())
    assert "2 workers with 1 thread each, measured the fastest here" in said(capsys)  # kept
