import pytest

from tuner.errors import SetupError, UsageError
from tuner.slots import Gpu, slots

A = Gpu(index=0, uuid="GPU-aaaa", name="Fake 8G", memory=8 << 30)
B = Gpu(index=1, uuid="GPU-bbbb", name="Fake 8G", memory=8 << 30)
C = Gpu(index=2, uuid="GPU-bcbc", name="Fake 24G", memory=24 << 30)


def seen(gpus: str, *found: Gpu, visible: str | None = None) -> list[str]:
    """What CUDA_VISIBLE_DEVICES is in each slot."""
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots(gpus, lambda: found, environ)]


def test_each_gpu_is_a_slot_pinned_by_its_uuid() -> None:
    assert seen("auto", A, B, C) == ["GPU-aaaa", "GPU-bbbb", "GPU-bcbc"]


def test_without_a_gpu_there_is_one_slot_on_the_cpu_that_hides_all_gpus() -> None:
    assert seen("auto") == ["-1"]
    assert seen("none", A, B) == ["-1"]


def test_gpus_are_named_by_number_or_uuid_and_taken_once() -> None:
    assert seen("2,0", A, B, C) == ["GPU-bcbc", "GPU-aaaa"]
    assert seen("GPU-bbbb,1", A, B, C) == ["GPU-bbbb"]


@pytest.mark.parametrize(("gpus", "found"), [("all", ()), ("0", ()), ("3", (A, B)), ("GPU-zzzz", (A,))])
def test_a_gpu_asked_for_and_absent_is_an_error_of_the_machine(gpus: str, found: tuple[Gpu, ...]) -> None:
    with pytest.raises(SetupError, match="GPU"):
        slots(gpus, lambda: found, {})


@pytest.mark.parametrize("gpus", ["", "two", "0;1", "-1", "0,,1", "cpu"])
def test_what_is_no_list_of_gpus_is_an_error_of_usage(gpus: str) -> None:
    with pytest.raises(UsageError, match="--gpus takes"):
        slots(gpus, lambda: (A,), {})


@pytest.mark.parametrize(
    ("visible", "left"),
    [
        ("1", ["GPU-bbbb"]),
        ("2,0", ["GPU-bcbc", "GPU-aaaa"]),
        ("GPU-a", ["GPU-aaaa"]),
        ("GPU-b", ["-1"]),  # ambiguous: CUDA sees none
        ("0,7,1", ["GPU-aaaa"]),  # the list ends at the first that is not there
        ("-1", ["-1"]),
        ("", ["-1"]),
    ],
)
def test_cuda_visible_devices_is_honoured_as_cuda_does(visible: str, left: list[str]) -> None:
    assert seen("auto", A, B, C, visible=visible) == left


def test_a_gpu_hidden_by_cuda_visible_devices_cannot_be_asked_for() -> None:
    with pytest.raises(SetupError, match=r"there is no GPU 0\. GPUs found: 1 \(Fake 8G\)"):
        slots("0", lambda: (A, B), {"CUDA_VISIBLE_DEVICES": "1"})


def test_a_machine_without_a_driver_is_no_error() -> None:
    assert len(slots("auto")) >= 1
