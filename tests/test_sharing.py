"""How fast trials on the CPU are together, as a plan has it."""

import pytest

from tuner.planning import gain
from tuner.slots import Machine, Measured, SplitOfCores

MACHINE = Machine(processor="p", cores=4, tensorflow="2")


def measured(*rates: tuple[int, float, float]) -> Measured:
    splits = tuple(SplitOfCores(workers=n, rates={"dense": a, "conv": b}) for n, a, b in rates)
    return Measured(machine=MACHINE, when="2026-11-27T12:05:12+00:00", splits=splits)


def test_more_workers_share_the_same_cores_unless_it_was_measured() -> None:
    assert gain(8) == 1.0


@pytest.mark.parametrize(("workers", "times"), [(1, 1.0), (2, 2.0), (3, 2.0), (4, 0.5), (9, 0.5)])
def test_measured_rates_are_used_those_of_fewer_workers_where_need_be(workers: int, times: float) -> None:
    assert gain(workers, measured((1, 100, 10), (2, 400, 10), (4, 50, 5))) == pytest.approx(times)


def test_without_one_worker_there_is_nothing_to_compare_with() -> None:
    assert gain(2, measured((2, 100, 10), (4, 200, 20))) == 1.0
