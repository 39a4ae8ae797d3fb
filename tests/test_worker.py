"""The worker's pipe, without TensorFlow."""

import subprocess
import sys

import pytest

from tuner.messages import Done, EpochDone, Failed, Stop, decode, encode
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
