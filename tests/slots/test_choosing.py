"""Which GPUs a search gets for its words, through the driver."""

import psutil
import pytest
from fakes.gpus import LOST, NO_PERMISSION, NOT_LOADED, WRONG_VERSION, Driver, gpu

from tuner.errors import SetupError, UsageError
from tuner.slots import Slot, look, room, slots

A, B, C = gpu("GPU-aaaa"), gpu("GPU-bbbb"), gpu("GPU-bcbc", name="Fake 24G")


@pytest.fixture(autouse=True)
def three(driver: Driver, cores: object) -> None:
    driver.has(A, B, C)


def pins(found: tuple[Slot, ...]) -> list[str]:
    return [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in found]


def test_each_gpu_is_a_slot_pinned_by_its_uuid() -> None:
    found = slots("auto")
    assert pins(found) == ["GPU-aaaa", "GPU-bbbb", "GPU-bcbc"]
    assert [slot.name for slot in found] == ["GPU 0 (Fake 16G)", "GPU 1 (Fake 16G)", "GPU 2 (Fake 24G)"]
    assert [slot.device for slot in found] == ["GPU-aaaa", "GPU-bbbb", "GPU-bcbc"]
    assert pins(slots("all")) == pins(found)


def test_a_slot_tells_its_worker_what_it_was_given() -> None:
    assert slots("1")[0].environment["TUNE_DEVICE"] == "GPU-bbbb"
    assert slots("none")[0].environment["TUNE_DEVICE"] == "CPU"


def test_a_slot_knows_memory_and_compute_capability_of_its_gpu(driver: Driver) -> None:
    driver.has(gpu("GPU-t4", total=15 << 30, capability=[7, 5]))
    (slot,) = slots("auto")
    assert (slot.memory, slot.compute_capability) == (15 << 30, (7, 5))


def test_without_a_gpu_there_is_one_slot_on_the_cpu_that_hides_all_gpus(driver: Driver) -> None:
    assert pins(slots("none")) == ["-1"]
    driver.has()
    assert pins(slots("auto")) == ["-1"]
    assert slots("auto")[0].compute_capability is None


def test_a_machine_without_a_driver_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAKE_NVML")
    assert pins(slots("auto")) == ["-1"]
    assert look().amiss == ()


def test_a_machine_without_nvml_itself_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real module, on whatever machine this is
    assert len(slots("auto")) >= 1


def test_gpus_are_named_by_number_or_uuid_or_its_beginning_and_taken_once() -> None:
    assert pins(slots("2,0")) == ["GPU-bcbc", "GPU-aaaa"]
    assert pins(slots("GPU-bbbb, 1")) == ["GPU-bbbb"]
    assert pins(slots("GPU-bc,GPU-a")) == ["GPU-bcbc", "GPU-aaaa"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("3", r"there is no GPU 3\. GPUs found: 0 \(Fake 16G\), 1 \(Fake 16G\), 2 \(Fake 24G\)\."),
        ("0,7", r"there is no GPU 7\."),
        ("GPU-zzzz", r"no GPU has a UUID that begins with GPU-zzzz\."),
        ("GPU-b", r"several GPUs begin with GPU-b: GPU-bbbb, GPU-bcbc\."),
        ("MIG-aaaa", r"no GPU has a UUID that begins with MIG-aaaa\."),
    ],
)
def test_a_gpu_asked_for_and_absent_is_an_error_of_the_machine(words: str, message: str) -> None:
    with pytest.raises(SetupError, match=f"--gpus {words}: {message}"):
        slots(words)


@pytest.mark.parametrize("words", ["", "two", "0;1", "-1", "0,,1", "cpu", "²", "0x1", "GPU"])
def test_what_is_no_list_of_gpus_is_an_error_of_usage(words: str) -> None:
    with pytest.raises(UsageError, match="--gpus takes auto, all, none"):
        slots(words)


def test_all_of_no_gpus_is_an_error_that_says_what_was_found(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(SetupError, match="--gpus all: CUDA_VISIBLE_DEVICES hides them all"):
        slots("all")
    driver.has({**A, "error": LOST})
    with pytest.raises(SetupError, match=r"no NVIDIA GPU was found on this machine \(GPU 0: GPU is lost\)"):
        slots("all")
    driver.fail(NOT_LOADED)
    with pytest.raises(SetupError, match=r"\(the NVIDIA driver does not answer: Driver Not Loaded\)"):
        slots("all")


def test_one_gpu_that_is_lost_or_forbidden_does_not_hide_the_others(driver: Driver) -> None:
    driver.has({**A, "error": LOST}, B, {**C, "error": NO_PERMISSION})
    assert pins(slots("auto")) == ["GPU-bbbb"]
    assert look().amiss == ("GPU 0: GPU is lost", "GPU 2: Insufficient Permissions")
    with pytest.raises(SetupError, match=r"there is no GPU 0\..* Not usable: GPU 0: GPU is lost; GPU 2"):
        slots("0")


def test_a_driver_that_was_updated_beneath_us_is_told_and_the_cpu_is_used(driver: Driver) -> None:
    driver.fail(WRONG_VERSION)
    assert pins(slots("auto")) == ["-1"]
    (line,) = look().amiss
    assert line.startswith("the NVIDIA driver does not answer: RM has detected an NVML/RM version mismatch")


def test_what_an_old_gpu_cannot_say_is_not_known_and_costs_nothing(driver: Driver) -> None:
    driver.has({"uuid": "GPU-old", "name": "Old", "total": 2 << 30})
    (slot,) = slots("auto")
    assert (slot.compute_capability, slot.memory) == (None, 2 << 30)


def test_words_for_gpus_and_for_the_cpu_do_not_mix(driver: Driver) -> None:
    with pytest.raises(UsageError, match=r"--workers 2 is for the CPU, and this search trains on 0 \(Fake 16G\), 1"):
        slots("auto", workers=2)
    assert len(slots("none", workers=2)) == 2
    with pytest.raises(UsageError, match=r"--trials-per-gpu 2 is for GPUs, and --gpus none leaves none"):
        slots("none", trials_per_gpu=2)
    driver.has()
    with pytest.raises(UsageError, match=r"no NVIDIA GPU was found on this machine\. On the CPU: --workers N"):
        slots("auto", trials_per_gpu=2)


def test_a_gpu_that_shares_the_machines_memory_is_found_with_that(driver: Driver) -> None:
    driver.has({name: value for name, value in A.items() if name not in {"total", "used"}})
    (slot,) = slots("auto")
    assert slot.memory == psutil.virtual_memory().total
    assert room(slot) is None


def test_a_number_of_thousands_of_digits_is_no_gpu(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.has(A)
    with pytest.raises(UsageError):
        slots("9" * 5000)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "9" * 5000)
    assert pins(slots("auto")) == ["-1"]
