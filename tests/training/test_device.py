"""The device of a worker's process. TensorFlow's own rules run, over physical devices that the test makes up."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from tuner.errors import SetupError
from tuner.messages import Unfit, decode
from tuner.training import device

CPU = context.PhysicalDevice("/physical_device:CPU:0", "CPU")
GPU = context.PhysicalDevice("/physical_device:GPU:0", "GPU")
GPU_1 = context.PhysicalDevice("/physical_device:GPU:1", "GPU")


def seen_by_tensorflow(monkeypatch: pytest.MonkeyPatch, *gpus: context.PhysicalDevice) -> context.Context:
    """A context of TensorFlow that was not begun, on these GPUs."""
    made_up = context.Context()
    devices = [CPU, *gpus]
    state = {
        "_initialize_physical_devices": lambda *_: None,
        "_physical_devices": devices,
        "_physical_device_to_index": {each: i for i, each in enumerate(devices)},
        "_visible_device_list": devices,
        "_memory_growth_map": dict.fromkeys(gpus),
        "_pluggable_devices": [],
    }
    for name, value in state.items():
        setattr(made_up, name, value)
    monkeypatch.setattr(context, "_context", made_up)
    return made_up


def test_a_gpu_for_one_trial_takes_memory_as_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_by_tensorflow(monkeypatch, GPU)
    assert device.prepare({"TUNE_DEVICE": "GPU-aaaa"}) == "GPU GPU-aaaa"
    assert tf.config.experimental.get_memory_growth(GPU)
    assert seen._compute_gpu_options().allow_growth


def test_a_share_of_a_gpu_is_the_most_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_by_tensorflow(monkeypatch, GPU)
    device.prepare({"TUNE_DEVICE": "GPU-aaaa", "TUNE_DEVICE_MEMORY": str(7000 * 2**20)})
    (limits,) = seen._compute_gpu_options().experimental.virtual_devices
    assert list(limits.memory_limit_mb) == [7000]


def test_tensorflow_still_refuses_memory_growth_beside_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_tensorflow(monkeypatch, GPU)
    device.prepare({"TUNE_DEVICE": "GPU-aaaa", "TUNE_DEVICE_MEMORY": str(7000 * 2**20)})
    with pytest.raises(ValueError, match="Cannot set memory growth on device when virtual devices configured"):
        tf.config.experimental.set_memory_growth(GPU, enable=True)


def test_a_gpu_that_was_given_and_is_not_seen_is_an_error_and_no_training_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen_by_tensorflow(monkeypatch)
    with pytest.raises(SetupError, match="TensorFlow does not see GPU GPU-zzzz, which the driver knows"):
        device.prepare({"TUNE_DEVICE": "GPU-zzzz"})
    with pytest.raises(SetupError, match="does not see GPU MIG-1"):
        device.prepare({"TUNE_DEVICE": "MIG-1"})


def test_seeing_more_gpus_than_were_given_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_tensorflow(monkeypatch, GPU, GPU_1)
    with pytest.raises(SetupError, match="TensorFlow sees 2 GPUs where only GPU GPU-aaaa was given"):
        device.prepare({"TUNE_DEVICE": "GPU-aaaa"})


def test_a_worker_given_the_cpu_trains_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_tensorflow(monkeypatch)
    assert device.prepare({"TUNE_DEVICE": "CPU"}) == "CPU"
    assert device.prepare({}) == "CPU"


def test_the_real_worker_says_that_it_is_unfit_where_the_wrong_id_is_pinned() -> None:
    pinned = {"CUDA_VISIBLE_DEVICES": "GPU-00000000-no-such", "TUNE_DEVICE": "GPU-00000000-no-such"}
    command = [sys.executable, "-m", "tuner.worker"]
    environment = {**os.environ, **pinned, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as worker:
        assert worker.stdout is not None
        said = worker.stdout.read()  # its pipe stays open: it ends by itself
    message = decode(said.splitlines()[0])
    assert isinstance(message, Unfit)
    assert message.detail.startswith("TensorFlow does not see GPU GPU-00000000-no-such")


# --- peaks ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let a peak count anew")
def test_the_peak_of_host_memory_counts_anew_for_each_job() -> None:
    device.begin()
    before, _ = device.peaks()
    taken = bytearray(os.urandom(1) * (300 << 20))
    del taken
    high, _ = device.peaks()
    assert high > before + (250 << 20)
    device.begin()
    assert device.peaks()[0] < before + (100 << 20)


def test_the_peak_on_the_gpu_is_tensorflows_and_is_reset_for_each_job(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {"GPU:0": 500}

    def reset_memory_stats(name: str) -> None:
        peaks[name] = 100

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [GPU] if kind == "GPU" else [CPU])
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda name: {"current": 0, "peak": peaks[name]})
    monkeypatch.setattr(tf.config.experimental, "reset_memory_stats", reset_memory_stats)
    assert device.peaks()[1] == 500
    device.begin()
    assert device.peaks()[1] == 100


def test_without_a_gpu_no_memory_is_asked_for_there() -> None:
    device.begin()
    assert device.peaks()[1] == 0


def test_a_system_that_cannot_count_anew_still_tells_a_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(device, "PEAKS", SimpleNamespace(write_text=refuse))
    device.begin()
    assert device.peaks()[0] > 0
