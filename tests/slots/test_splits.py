"""How the CPU is divided: by what was measured on this machine, kept in TUNE_HOME, or else by a rule."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import TELLING_WORKER

from search_spaces import SearchSpace, library
from tuner.errors import BusyError, TuneError
from tuner.measuring import Way, expected_seconds, line_of, measure, others_use, rate
from tuner.messages import EpochDone, FromWorker, Stopped
from tuner.planning import network_of
from tuner.slots import Machine, Measured, Network, SplitOfCores, keep, slots, this_machine, usual_split, workers_to_try
from tuner.trial import Epoch

CONVOLUTIONS = Network.CONVOLUTIONS

DEEP = """
name: deep
layers:
  - residual:
      - conv2d: {filters: 4, kernel_size: 3, padding: same}
  - flatten
training: {optimizer: adam, batch_size: 128, epochs: 1}
"""

HERE = Machine(processor="Fake 3000", cores=4, tensorflow="2.21.0")


def measured(rates: Mapping[int, tuple[float, float]], machine: Machine = HERE) -> Measured:
    """By workers, images a second of the perceptron and of the convolutions."""
    splits = [SplitOfCores(workers=n, rates=dict(zip(Network, pair, strict=True))) for n, pair in rates.items()]
    return Measured(machine=machine, when="2026-11-27T12:05:12+00:00", splits=tuple(splits))


TWO_ARE_FASTER = measured({1: (100, 10), 2: (130, 12), 4: (90, 9)})


@pytest.mark.parametrize(
    ("rates", "perceptrons", "convolutions"),
    [
        ({1: (100, 10), 2: (80, 5)}, 1, 1),
        ({1: (100, 10), 2: (130, 12), 4: (90, 15)}, 2, 4),
        ({1: (100, 10), 2: (103, 10.3)}, 1, 1),  # too little for a worker more
        ({1: (100, 10), 2: (103, 10.3), 4: (120, 9)}, 4, 1),
    ],
)
def test_the_fastest_split_is_that_of_the_like_of_the_network_and_fewer_workers_win_ties(
    rates: dict[int, tuple[float, float]], perceptrons: int, convolutions: int
) -> None:
    found = measured(rates)
    assert [found.fastest(network).workers for network in Network] == [perceptrons, convolutions]


@pytest.mark.parametrize(
    ("has", "perceptrons", "convolutions"), [(1, 1, 1), (2, 2, 1), (8, 2, 1), (15, 2, 1), (16, 2, 2), (64, 8, 8)]
)
def test_without_a_measurement_perceptrons_train_two_at_once_and_all_have_a_worker_for_eight_cores(
    has: int, perceptrons: int, convolutions: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.slots.splits.total_memory", lambda: 64 << 30)
    machine = replace(HERE, cores=has)
    assert [usual_split(each, machine=machine).workers for each in Network] == [perceptrons, convolutions]
    monkeypatch.setattr("tuner.slots.splits.total_memory", lambda: 2 << 30)
    assert [usual_split(each, machine=machine).workers for each in Network] == [1, 1]  # no more than memory holds


@pytest.mark.parametrize(
    ("space", "network"),
    [
        *((name, Network.PERCEPTRON if name.startswith("mlp") else Network.CONVOLUTIONS) for name in library()),
        (DEEP, Network.CONVOLUTIONS),
    ],
)
def test_what_a_space_trains_is_known_by_its_layers(space: str, network: Network) -> None:
    found = SearchSpace.parse(space, "deep.yaml") if "\n" in space else SearchSpace.load(space)
    assert network_of(found) is network


def test_what_was_measured_here_decides_until_it_is_measured_again(home: Path) -> None:
    assert usual_split(CONVOLUTIONS, machine=HERE).workers == 1
    keep(TWO_ARE_FASTER)
    choice = usual_split(CONVOLUTIONS, machine=HERE)
    assert (choice.workers, choice.why, choice.measured) == (2, "measured the fastest here", TWO_ARE_FASTER)
    keep(measured({1: (100, 10), 2: (50, 5)}))
    assert usual_split(CONVOLUTIONS, machine=HERE).workers == 1


def test_a_search_without_workers_uses_the_split_that_was_measured(home: Path) -> None:
    keep(replace(TWO_ARE_FASTER, machine=this_machine()))
    assert len(slots("none")) == 2
    assert len(slots("none", workers=1)) == 1


@pytest.mark.parametrize(
    "other",
    [replace(HERE, processor="Fake 9000"), replace(HERE, cores=8), replace(HERE, tensorflow="2.20.0")],
)
def test_a_measurement_of_another_machine_is_not_used_and_told(other: Machine, home: Path) -> None:
    keep(replace(TWO_ARE_FASTER, machine=other))
    choice = usual_split(CONVOLUTIONS, machine=HERE)
    assert (choice.workers, choice.measured) == (1, None)
    assert choice.passed_over.endswith(
        f"is of another machine and not used: {other.processor}, {other.cores} cores, TensorFlow {other.tensorflow}"
    )
    keep(TWO_ARE_FASTER)  # a home that several machines share keeps both
    assert usual_split(CONVOLUTIONS, machine=HERE).workers == 2
    assert usual_split(CONVOLUTIONS, machine=other).workers == 2


BOTH = {"perceptron": 1.0, "convolutions": 1.0}

WHOLE = {
    "machine": {"processor": "Fake 3000", "cores": 4, "tensorflow": "2.21.0"},
    "when": "2026",
    "splits": [{"workers": 1, "rates": BOTH}],
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[[]]",
        "{}",
        "null",
        '"x"',
        "\x00",
        "[" * 100_000,
        json.dumps([{**WHOLE, "splits": []}]),
        json.dumps([{**WHOLE, "splits": None}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 0, "rates": BOTH}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": {}}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": {**BOTH, "perceptron": -1}}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": {**BOTH, "perceptron": "fast"}}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": [1]}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": BOTH}, {"workers": 2, "rates": {"perceptron": 1}}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": {**BOTH, "transformer": 1}}]}]),
        json.dumps([{**WHOLE, "splits": [{"workers": 1, "rates": {**BOTH, "perceptron": float("nan")}}]}]),
    ],
)
def test_a_damaged_file_is_not_used_told_and_replaced(text: str, home: Path) -> None:
    path = home / "splits.json"
    path.parent.mkdir()
    path.write_text(text)
    choice = usual_split(CONVOLUTIONS, machine=HERE)
    assert (choice.workers, choice.measured) == (1, None)
    assert str(path) in choice.passed_over
    assert "not used" in choice.passed_over
    keep(TWO_ARE_FASTER)
    assert usual_split(CONVOLUTIONS, machine=HERE).measured == TWO_ARE_FASTER


def test_a_file_that_is_whole_is_used(home: Path) -> None:
    (home / "splits.json").parent.mkdir()
    (home / "splits.json").write_text(json.dumps([WHOLE]))
    assert usual_split(CONVOLUTIONS, machine=HERE).measured is not None


# --- measuring --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("has", "workers"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8))])
def test_workers_are_doubled_up_to_the_cores(
    has: int, workers: tuple[int, ...], cores, monkeypatch: pytest.MonkeyPatch  # noqa: ANN001
) -> None:  # fmt: skip
    monkeypatch.setattr("tuner.slots.splits.total_memory", lambda: 64 << 30)
    cores(has)
    assert workers_to_try() == workers
    monkeypatch.setattr("tuner.slots.splits.total_memory", lambda: 4 << 30)
    assert max(workers_to_try()) <= 2  # more would not fit


def test_a_measurement_trains_each_split_in_turn_and_tells_each_figure(
    home: Path, tmp_path: Path, cores, monkeypatch: pytest.MonkeyPatch  # noqa: ANN001
) -> None:  # fmt: skip
    cores(2)
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("FAKE_WORKER", json.dumps({"seconds": 0.02}))
    monkeypatch.setattr("tuner.measuring.N_TRAIN", {"perceptron": 200, "convolutions": 100})
    lines: list[str] = []
    found = measure(lines.append, Way(command=TELLING_WORKER, seconds=0.3, rounds=2, busy=lambda: 0.1))
    assert [line.partition(":")[0] for line in lines] == [
        "round 1 of 2, 1 worker", "round 1 of 2, 2 workers", "round 2 of 2, 1 worker", "round 2 of 2, 2 workers",
    ]  # fmt: skip
    assert [split.workers for split in found.splits] == [1, 2]
    assert all(figure > 0 for split in found.splits for figure in split.rates.values())
    begun = [json.loads(line)["job"] for line in (tmp_path / "told").read_text("utf-8").splitlines()]
    assert sorted(begun) == sorted([*range(6), *range(6)])  # none goes on with an earlier one's checkpoints
    assert found.machine == this_machine()


class Scripted:
    """An executor of two slots whose jobs end an epoch every 2 and every 4 seconds, the first after 10 and 20."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slots = {"a": None, "b": None}
        self.stopped: list[FromWorker] = []
        self.epochs = iter(sorted([(10 + 2 * i, 0) for i in range(99)] + [(20 + 4 * i, 1) for i in range(99)]))

    def free(self) -> list[str]:
        return list(self.slots)

    def submit(self, slot: str, job: SimpleNamespace) -> None:
        assert slot == "ab"[job.job]

    def stop(self, job: int) -> None:
        self.stopped.append(Stopped(job=job, seconds=1, memory=1))

    def next(self, timeout: float) -> FromWorker:
        if self.stopped:
            return self.stopped.pop()
        self.now, job = next(self.epochs)
        return EpochDone(job=job, epoch=Epoch(epoch=1, accuracy=0, loss=0))


def test_images_are_counted_while_all_workers_train_and_building_is_not() -> None:
    executor = Scripted()
    way = Way(seconds=20, clock=lambda: executor.now)
    numbers = count()
    figure = rate(executor, lambda: SimpleNamespace(job=next(numbers)), 1000, way)  # type: ignore[arg-type,return-value]
    assert figure == pytest.approx(1000 / 2 + 1000 / 4)


def test_a_measurement_in_which_a_worker_cannot_train_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.measuring.N_TRAIN", {"perceptron": 200, "convolutions": 100})
    with pytest.raises(TuneError, match=r"measuring: a worker cannot train here: .*exit code 1"):
        measure(lambda _: None, Way(command=("false",), seconds=0.1, rounds=1, busy=lambda: 0.1))


def test_nothing_is_measured_on_a_machine_that_does_much_else(home: Path) -> None:
    with pytest.raises(BusyError, match="other programs use 83% of the processors"):
        measure(lambda _: None, Way(command=("false",), busy=lambda: 0.83))
    assert 0 <= others_use(0.05) <= 1


def test_a_person_is_told_how_long_it_takes() -> None:
    assert 60 < expected_seconds((1, 2)) < 120
    assert line_of(2, {"perceptron": 101000.4, "convolutions": 5200.0}) == (
        "2 workers: perceptron 101,000 images/s, convolutions 5,200 images/s"
    )
