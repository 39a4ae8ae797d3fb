"""The executor over processes where they, or their slots, are gone sooner than one would think."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import FAKE_WORKER

from tuner.control import Control
from tuner.errors import SetupError
from tuner.executors.local import Local
from tuner.executors.process import Process, Progress
from tuner.finish import retrain
from tuner.messages import Begun, Died, Done, FromWorker, Train
from tuner.slots import Slot
from tuner.study import Folder
from tuner.trial import Epoch, Trial, TrialState


def job(number: int) -> Train:
    return Train(
        job=number, configuration={}, images="", labels="", split="", n_classes=2, epochs=1, horizon=1, seed=0,
        checkpoints="", start=None, identity="", latency=False,
    )  # fmt: skip


def test_a_job_for_a_slot_whose_device_was_found_gone_since_is_told_of_as_dead(tmp_path: Path) -> None:
    local = Local([Slot(name="GPU 0", device="a"), Slot(name="GPU 1", device="b")], tmp_path, FAKE_WORKER)
    local._drop("a", "GPU a is gone.")
    local.submit("GPU 0", job(7))
    told = [local.next(0.1), local.next(0.1)]
    assert [type(message).__name__ for message in told] == ["SlotGone", "Died"]
    assert told[1] == Died(job=7, detail="its device is gone")
    assert local.free() == ["GPU 1"]
    local.close()


def test_any_number_of_messages_of_a_worker_that_was_ended_is_passed_over(tmp_path: Path) -> None:
    local = Local([Slot(name="CPU")], tmp_path, FAKE_WORKER)
    ended = SimpleNamespace(state=Progress(retired=True))
    for _ in range(5000):
        local._messages.put((ended, Begun(job=1)))  # type: ignore[arg-type]
    assert local.next(0.01) is None


def test_the_death_of_an_idle_worker_does_not_end_the_retraining() -> None:
    said: list[FromWorker] = [Died(job=None, detail="SIGKILL"), Done(job=3, seconds=1, memory=1)]
    executor = SimpleNamespace(next=lambda timeout: said.pop(0))
    best = Trial(number=3, state=TrialState.COMPLETE, curve=(Epoch(epoch=1, accuracy=1, loss=0),))
    ending = retrain._wait(executor, best, lambda _event: None, Control())  # type: ignore[arg-type]
    assert isinstance(ending, Done)


def test_whoever_has_the_number_of_a_worker_that_is_gone_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = queue.SimpleQueue[tuple[Process, FromWorker]]()
    worker = Process(Slot(name="CPU"), [sys.executable, "-c", "pass"], tmp_path / "log", messages)
    assert isinstance(messages.get(timeout=30)[1], Died)
    ended = list[int]()
    monkeypatch.setattr("tuner.executors.process._kill_group", ended.append)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        monkeypatch.setattr(worker._process, "pid", os.getpid())  # so the child would be taken for the worker's
        worker.end()
        assert child.poll() is None
        child.communicate(b"\n")
    assert (ended, child.returncode) == ([], 0)


def test_temporary_files_of_a_worker_go_with_it_however_it_ends(tmp_path: Path) -> None:
    leave = "import tempfile; file, path = tempfile.mkstemp(); open('made', 'w').write(path); input()"
    worker = Process(
        Slot(name="CPU"), [sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r}); {leave}"], tmp_path / "log",
        queue.SimpleQueue(),
    )  # fmt: skip
    made = tmp_path / "made"
    deadline = time.monotonic() + 30
    while not (made.exists() and made.read_text()):
        assert time.monotonic() < deadline, (tmp_path / "log").read_text()
        time.sleep(0.01)
    assert Path(made.read_text()).exists()
    worker.end()
    assert not Path(made.read_text()).parent.exists()


def test_a_worker_that_cannot_be_killed_is_waited_for_no_longer_than_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its GPU fell off the bus while the driver was at work for it."""
    monkeypatch.setattr("tuner.executors.process.UNENDING", 0.2)
    worker = Process(Slot(name="CPU"), [sys.executable, "-c", "input()"], tmp_path / "log", queue.SimpleQueue())
    worker.send(job(1))
    with monkeypatch.context() as deaf:
        deaf.setattr(worker._process, "kill", lambda: None)
        deaf.setattr(worker._process, "stdin", None)
        deaf.setattr("tuner.executors.process._kill_group", lambda _group: None)
        began = time.monotonic()
        worker.end()
        assert time.monotonic() - began < 5
    worker.end()


def test_the_winner_is_retrained_where_most_memory_is_free(tmp_path: Path) -> None:
    rooms: dict[str, int | None] = {"GPU 0": 0, "GPU 1": 9, "GPU 2": None}
    executor = SimpleNamespace(free=lambda: list(rooms), room=rooms.get, slots=rooms)
    assert retrain._slot(executor, Folder(tmp_path)) == "GPU 1"  # type: ignore[arg-type]
    executor.slots = {}  # each was found gone when it was asked
    with pytest.raises(SetupError, match="no device is left"):
        retrain._slot(executor, Folder(tmp_path))  # type: ignore[arg-type]


def test_a_retraining_over_which_the_parent_was_asleep_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-Z, and `fg` an hour later: the worker has had no time of its own."""
    times = iter([0.0, 1.0, 3600.0, 3601.0, 3602.0])
    said: list[FromWorker | None] = [None, None, None, Done(job=3, seconds=1, memory=1)]
    monkeypatch.setattr(retrain.time, "monotonic", lambda: next(times))
    executor = SimpleNamespace(next=lambda timeout: said.pop(0))
    best = Trial(number=3, state=TrialState.COMPLETE, curve=(Epoch(epoch=1, accuracy=1, loss=0),))
    assert isinstance(retrain._wait(executor, best, lambda _event: None, Control()), Done)  # type: ignore[arg-type]
