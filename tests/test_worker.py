"""The worker's pipe, without TensorFlow."""

import gc
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tuner import worker
from tuner.messages import Done, EpochDone, Failed, Stop, Unusable, decode, encode
from tuner.trial import Epoch


@pytest.mark.parametrize("last_words", [b"", b'{"kind": "Stop", "jo', b"\xff\xfe"])
def test_a_worker_ends_when_its_pipe_closes_even_in_the_middle_of_a_line(last_words: bytes) -> None:
    code = "import time\nfrom tuner.worker import Inbox\nInbox()\ntime.sleep(60)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=last_words, stderr=subprocess.DEVNULL, timeout=30, check=False
    )
    assert done.returncode == 0


def test_messages_survive_the_pipe() -> None:
    epoch = Epoch(epoch=1, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=1.1, seconds=2.0)
    for message in (
        EpochDone(job=3, epoch=epoch),
        Done(job=3, seconds=1.5, memory=7),
        Failed(job=3, reason="nan", detail="why", seconds=1.0, memory=7),
        Stop(job=3),
    ):
        assert decode(encode(message)) == message


@pytest.mark.parametrize("line", ["", "tensorflow says hello", "{}", '{"kind": "Nonsense"}', '{"kind": "Stop"}', "[1]"])
def test_what_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode(line)


EPOCH = {"epoch": 1, "accuracy": 0.5, "loss": 1, "val_accuracy": 0.4, "val_loss": 1.1, "seconds": 2.0}


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"val_accuracy": float("nan")}, "nan", "val_accuracy is nan"),
        ({"loss": float("inf")}, "nan", "loss is inf"),
        ({"val_accuracy": 10**400}, "nan", "val_accuracy is 1000"),
        ({"accuracy": None}, "crash", "accuracy is 'None'"),
        ({"val_accuracy": "0.4"}, "crash", "val_accuracy is '0.4'"),
        ({"val_accuracy": True}, "crash", "val_accuracy is 'True'"),
        ({"epoch": 1.5}, "crash", "epoch is '1.5'"),
        ({"colour": "red"}, "crash", "unexpected keyword argument 'colour'"),
    ],
)
def test_an_epoch_that_holds_no_score_is_told_apart_from_one_that_does(
    change: dict[str, object], reason: str, detail: str
) -> None:
    line = json.dumps({"kind": "EpochDone", "job": 3, "epoch": {**EPOCH, **change}})
    message = decode(line)
    assert isinstance(message, Unusable)
    assert (message.job, message.reason) == (3, reason)
    assert detail in message.detail


def test_costs_that_are_no_numbers_are_no_end_of_a_trial() -> None:
    for cost in ({"seconds": float("nan")}, {"memory": "1 GB"}, {"latency": float("inf")}, {"memory": None}):
        line = json.dumps({"kind": "Done", "job": 3, "seconds": 1, "memory": 1, **cost})
        assert isinstance(decode(line), Unusable)
    with pytest.raises(ValueError, match="not a message"):
        decode(json.dumps({"kind": "Done", "job": float("nan"), "seconds": 1, "memory": 1}))


def test_what_a_worker_loads_is_kept_out_of_later_collections_of_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = SimpleNamespace(device=SimpleNamespace(prepare=lambda: f"garbage: {gc.isenabled()}"), jobs=None)
    monkeypatch.setitem(sys.modules, "tuner.training", libraries)  # type: ignore[arg-type]
    gc.unfreeze()
    try:
        assert worker._load() == "garbage: False"
        assert gc.isenabled()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
