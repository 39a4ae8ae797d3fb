"""How much memory a trial could take on a slot, asked again and again while the machine changes."""

import os
from types import SimpleNamespace

import pytest
from fakes.gpus import GIB, LOST, NOT_LOADED, Driver, gpu

from tuner.errors import SetupError
from tuner.slots import DeviceGone, room, slots

RESET_REQUIRED = 16


@pytest.fixture(autouse=True)
def two(driver: Driver, cores: object) -> None:
    driver.has(gpu("GPU-aaaa", used=4 * GIB), gpu("GPU-bbbb"))


def test_room_is_what_is_free_on_the_slot_s_device_now(driver: Driver) -> None:
    first, second = slots("auto")
    assert (room(first), room(second)) == (12 * GIB, 16 * GIB)
    driver.change(0, used=15 * GIB)
    assert (room(first), room(second)) == (1 * GIB, 16 * GIB)
    driver.change(0, used=16 * GIB)
    assert room(first) == 0


def test_a_share_never_has_more_room_than_its_size(driver: Driver) -> None:
    slot = slots("1", trials_per_gpu=2)[1]
    assert room(slot) == slot.memory
    driver.change(1, used=12 * GIB)
    assert room(slot) == 4 * GIB


def test_what_the_slot_s_own_idle_worker_holds_is_room(driver: Driver) -> None:
    (slot,) = slots("1")
    driver.change(1, used=12 * GIB, processes=[[100, 7 * GIB], [200, 5 * GIB]])
    assert room(slot, holder=100) == 11 * GIB
    assert room(slot, holder=300) == 4 * GIB
    driver.change(1, processes=[[100, None]])  # the driver of Windows does not say
    assert room(slot, holder=100) == 4 * GIB


@pytest.mark.parametrize("code", [LOST, RESET_REQUIRED])
def test_a_gpu_that_is_lost_is_told_from_one_without_room(code: int, driver: Driver) -> None:
    first, second = slots("auto")
    driver.change(0, error=code)
    with pytest.raises(DeviceGone, match="GPU GPU-aaaa is gone: GPU") as gone:
        room(first)
    assert gone.value.device == first.device
    assert isinstance(gone.value, SetupError)
    assert room(second) == 16 * GIB


def test_a_gpu_that_is_taken_away_is_gone(driver: Driver) -> None:
    first, _ = slots("auto")
    driver.has(gpu("GPU-bbbb"))
    with pytest.raises(DeviceGone, match="GPU-aaaa is gone: Not Found"):
        room(first)


def test_a_driver_that_no_longer_answers_says_nothing_of_the_gpu(driver: Driver) -> None:
    first, _ = slots("auto")
    driver.fail(NOT_LOADED)
    assert room(first) is None


def test_room_on_a_part_of_a_gpu_is_the_part_s(driver: Driver) -> None:
    part = {"uuid": "MIG-1", "name": "Fake MIG", "total": 5 * GIB, "used": 2 * GIB}
    driver.has(gpu("GPU-whole", total=40 * GIB, parts=[part]))
    (slot,) = slots("auto")
    assert room(slot) == 3 * GIB
    driver.has(gpu("GPU-whole", total=40 * GIB, parts=[None]))
    with pytest.raises(DeviceGone):
        room(slot)


def test_room_on_the_cpu_is_free_memory_of_the_machine_or_of_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=9 * GIB, total=16 * GIB))
    monkeypatch.setattr("tuner.slots.containers.memory_left", lambda: None)
    (slot,) = slots("none", workers=1)
    assert room(slot) == 9 * GIB
    monkeypatch.setattr("tuner.slots.containers.memory_left", lambda: 2 * GIB)
    assert room(slot) == 2 * GIB
    assert (room(slot, holder=os.getpid()) or 0) > 2 * GIB
    assert room(slot, holder=2**22 + 1) == 2 * GIB  # there is no such process


def test_the_real_machine_has_room_on_its_cpu() -> None:
    (slot,) = slots("none", workers=1)
    assert 0 < (room(slot) or 0) <= (slot.memory or 0)
