"""How fast trials on the CPU are together, as a plan has it."""

import pytest

from tuner.planning import gain
from tuner.slots import Machine, Measured, Network, SplitOfCores

MACHINE = Machine(processor="p", cores=4, tensorflow="2")


def measured(*rates: tuple[int, float, float]) -> Measured:
    splits = tuple(SplitOfCores(workers=n, rates=dict(zip(Network, (a, b), strict=True))) for n, a, b in rates)
    return Measured(machine=MACHINE, when="2026-11-27T12:05:12+00:00", splits=splits)


def test_more_workers_share_the_same_cores_unless_it_was_measured() -> None:
    assert gain(8, Network.PERCEPTRON) == 1.0


@pytest.mark.parametrize(("workers", "times"), [(1, (1, 1)), (2, (4, 1)), (3, (4, 1)), (4, (0.5, 2)), (9, (0.5, 2))])
def test_measured_rates_of_the_network_are_used_those_of_fewer_workers_where_need_be(
    workers: int, times: tuple[float, float]
) -> None:
    found = measured((1, 100, 10), (2, 400, 10), (4, 50, 20))
    assert [gain(workers, network, found) for network in Network] == pytest.approx(times)


def test_without_one_worker_there_is_nothing_to_compare_with() -> None:
    assert gain(2, Network.PERCEPTRON, measured((2, 100, 10), (4, 200, 20))) == 1.0
