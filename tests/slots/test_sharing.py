"""Several trials on one GPU, each with its share of the memory."""

import pytest
from fakes.gpus import GIB, Driver, gpu

from tuner.errors import UsageError
from tuner.slots import slots, unshared

MIB = 2**20


@pytest.fixture(autouse=True)
def _(cores: object) -> None: ...


def test_shares_of_a_gpu_are_slots_of_one_device(driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    found = slots("auto", trials_per_gpu=2)
    assert [slot.name for slot in found] == [
        "GPU 0 (Fake 16G), share 1 of 2",
        "GPU 0 (Fake 16G), share 2 of 2",
        "GPU 1 (Fake 16G), share 1 of 2",
        "GPU 1 (Fake 16G), share 2 of 2",
    ]
    assert [slot.device for slot in found] == ["GPU-aaaa", "GPU-aaaa", "GPU-bbbb", "GPU-bbbb"]
    assert {slot.environment["CUDA_VISIBLE_DEVICES"] for slot in found[:2]} == {"GPU-aaaa"}


@pytest.mark.parametrize(
    ("memory", "capability", "n", "share"),
    [
        (80 * GIB, [8, 0], 2, 40 * GIB - 1536 * MIB),
        (80 * GIB, [9, 0], 4, 20 * GIB - 1800 * MIB),
        (16 * GIB, [7, 0], 2, 8 * GIB - 1050 * MIB),
        (8 * GIB, [6, 1], 3, 8 * 1024 * MIB // 3 // MIB * MIB - 500 * MIB),
        (1800 * MIB, [7, 5], 2, 675 * MIB),
        (16 * GIB, None, 2, 8 * GIB - 1536 * MIB),
    ],
)
def test_a_share_is_a_part_of_the_memory_less_a_cuda_context(
    memory: int, capability: list[int] | None, n: int, share: int, driver: Driver
) -> None:
    card = gpu("GPU-aaaa", total=memory, capability=capability)
    if capability is None:
        del card["capability"]
    driver.has(card)
    found = slots("auto", trials_per_gpu=n)
    assert [slot.memory for slot in found] == [share] * n
    assert {slot.environment["TUNE_DEVICE_MEMORY"] for slot in found} == {str(share)}
    assert sum(slot.memory or 0 for slot in found) < memory
    assert {slot.environment["TF_FORCE_GPU_ALLOW_GROWTH"] for slot in found} == {"true"}


def test_one_trial_a_gpu_has_no_limit_but_the_gpu(driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))
    (slot,) = slots("auto")
    assert slot.memory == 16 * GIB
    assert "TUNE_DEVICE_MEMORY" not in slot.environment


def test_shares_too_small_to_train_in_are_refused_with_how_many_fit(driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa", total=80 * GIB), gpu("GPU-bbbb", total=8 * GIB))
    with pytest.raises(UsageError, match=r"--trials-per-gpu 5: GPU 1 \(Fake 16G\) has 8\.0 GiB.*: at most 4\."):
        slots("auto", trials_per_gpu=5)
    assert len(slots("auto", trials_per_gpu=4)) == 8
    driver.has(gpu("GPU-cccc", total=1 * GIB, capability=[3, 5]))
    with pytest.raises(UsageError, match=r"at most 1\."):
        slots("auto", trials_per_gpu=2)


def test_workers_on_gpus_share_the_cores_too(driver: Driver, cores) -> None:  # noqa: ANN001
    cores(64)
    driver.has(gpu("GPU-aaaa"), gpu("GPU-bbbb"))
    assert {slot.environment["TF_NUM_INTRAOP_THREADS"] for slot in slots("auto", trials_per_gpu=2)} == {"16"}
    cores(2)
    assert {slot.environment["TF_NUM_INTRAOP_THREADS"] for slot in slots("auto", trials_per_gpu=2)} == {"2"}


def test_a_trial_that_has_the_device_alone_has_all_its_memory(driver: Driver) -> None:
    driver.has(gpu("GPU-aaaa"))
    shared = slots("auto", trials_per_gpu=2)[1]
    alone = unshared(shared)
    assert "TUNE_DEVICE_MEMORY" in shared.environment
    assert "TUNE_DEVICE_MEMORY" not in alone.environment
    assert alone.environment["CUDA_VISIBLE_DEVICES"] == "GPU-aaaa"
    assert (alone.name, alone.device, alone.memory) == (shared.name, shared.device, None)
