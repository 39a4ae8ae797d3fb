"""The executor over processes where they, or their slots, are gone sooner than one would think."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from fakes import FAKE_WORKER

from tuner.control import Control
from tuner.executors.local import Local
from tuner.executors.process import Progress
from tuner.finish import retrain
from tuner.messages import Begun, Died, Done, FromWorker, Train
from tuner.slots import Slot
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
