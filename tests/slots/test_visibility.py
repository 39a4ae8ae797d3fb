"""CUDA_VISIBLE_DEVICES in all its forms, and GPUs in MIG mode."""

import pytest
from fakes.gpus import GIB, LOST, Driver, gpu

from tuner.errors import SetupError
from tuner.slots import look, slots

A, B, C = gpu("GPU-aaaa"), gpu("GPU-bbbb"), gpu("GPU-bcbc")


@pytest.fixture(autouse=True)
def three(driver: Driver, cores: object) -> None:
    driver.has(A, B, C)


def pins(words: str = "auto") -> list[str]:
    return [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots(words)]


@pytest.mark.parametrize(
    ("visible", "left"),
    [
        ("1", ["GPU-bbbb"]),
        ("2,0", ["GPU-bcbc", "GPU-aaaa"]),
        (" 2 , 0 ", ["GPU-bcbc", "GPU-aaaa"]),
        ("GPU-a", ["GPU-aaaa"]),
        ("GPU-bc,GPU-aaaa", ["GPU-bcbc", "GPU-aaaa"]),
        ("0,0,1", ["GPU-aaaa", "GPU-bbbb"]),
        ("GPU-b", ["-1"]),  # ambiguous: CUDA sees none
        ("0,7,1", ["GPU-aaaa"]),  # the list ends at the first that is not there
        ("0,2,-1,1", ["GPU-aaaa", "GPU-bcbc"]),  # the example of CUDA's manual
        ("0,nonsense,1", ["GPU-aaaa"]),
        ("-1", ["-1"]),
        ("", ["-1"]),
        ("NoDevFiles", ["-1"]),  # Slurm's word for none
        ("none", ["-1"]),
        ("G", ["-1"]),
        ("²", ["-1"]),
    ],
)
def test_cuda_visible_devices_is_honoured_as_cuda_does(
    visible: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert pins() == left


def test_a_gpu_hidden_by_cuda_visible_devices_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert pins("1") == ["GPU-bbbb"]
    with pytest.raises(SetupError, match=r"no GPU 0\. CUDA_VISIBLE_DEVICES hides it\. GPUs found: 1 \(Fake 16G\)"):
        slots("0")


def test_cuda_counts_the_fastest_of_unlike_gpus_first(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.has(gpu("GPU-slow", cores=2048), gpu("GPU-fast", cores=9000), gpu("GPU-middle", cores=4096))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert pins() == ["GPU-fast", "GPU-middle"]
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    assert pins() == ["GPU-fast", "GPU-middle"]
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert pins() == ["GPU-slow", "GPU-fast"]


def test_our_own_numbers_are_those_of_nvidia_smi_whatever_cuda_counts(driver: Driver) -> None:
    driver.has(gpu("GPU-slow", cores=2048), gpu("GPU-fast", cores=9000))
    assert pins("0") == ["GPU-slow"]


def test_numbers_stay_when_a_gpu_before_them_is_lost(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.has({**A, "error": LOST}, B)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert pins() == ["GPU-bbbb"]


# --- MIG --------------------------------------------------------------------------------------------------------------


def part(uuid: str, gibibytes: int = 5) -> dict[str, object]:
    return {"uuid": uuid, "name": "Fake MIG 1g.5gb", "total": gibibytes * GIB, "used": 0}


SPLIT = gpu("GPU-whole", total=40 * GIB, parts=[part("MIG-11"), None, part("MIG-12"), part("MIG-2", 20), None])


def test_a_gpu_in_mig_mode_is_usable_only_through_its_parts_each_a_slot(driver: Driver) -> None:
    driver.has(SPLIT, B)
    found = slots("auto")
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in found] == ["MIG-11", "MIG-12", "MIG-2", "GPU-bbbb"]
    assert [slot.name for slot in found[:2]] == ["GPU 0, MIG 0 (Fake MIG 1g.5gb)", "GPU 0, MIG 2 (Fake MIG 1g.5gb)"]
    assert [slot.memory for slot in found[1:3]] == [5 * GIB, 20 * GIB]
    assert {slot.compute_capability for slot in found} == {(8, 0)}
    assert len({slot.device for slot in found}) == 4


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("MIG-12", ["MIG-12"]),
        ("MIG-2", ["MIG-2"]),
        ("0", ["MIG-11", "MIG-12", "MIG-2"]),
        ("GPU-whole", ["MIG-11", "MIG-12", "MIG-2"]),
        ("1,MIG-11", ["GPU-bbbb", "MIG-11"]),
    ],
)
def test_parts_are_named_by_their_own_ids_and_all_at_once_by_their_gpu(
    words: str, left: list[str], driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.has(SPLIT, B)
    assert pins(words) == left
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", words)
    assert pins() == left


def test_a_part_that_is_not_there_is_shown_the_ids_of_those_that_are(driver: Driver) -> None:
    driver.has(SPLIT)
    with pytest.raises(SetupError, match=r"begins with MIG-3\. GPUs found: MIG-11 \(Fake MIG 1g\.5gb\), MIG-12"):
        slots("MIG-3")
    with pytest.raises(SetupError, match=r"several GPUs begin with MIG-1: MIG-11, MIG-12"):
        slots("MIG-1")


def test_a_gpu_in_mig_mode_without_parts_is_no_slot_and_is_told(driver: Driver) -> None:
    driver.has(gpu("GPU-whole", parts=[None, None]), B)
    assert pins() == ["GPU-bbbb"]
    assert look().amiss == ("GPU 0 is in MIG mode and has no MIG devices",)


def test_parts_are_shared_like_gpus(driver: Driver) -> None:
    driver.has(SPLIT)
    found = slots("MIG-2", trials_per_gpu=2)
    assert [slot.name for slot in found] == [f"GPU 0, MIG 3 (Fake MIG 1g.5gb), share {i} of 2" for i in (1, 2)]
    assert {slot.device for slot in found} == {"MIG-2"}
