"""Where jobs run. `Executor` is the promise; `local` keeps it with processes of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.messages import FromWorker, Job
    from tuner.slots import Slot


class Executor(Protocol):
    """Runs jobs, one at a time on each slot."""

    @property
    def slots(self) -> Mapping[str, Slot]:
        """All slots by name, in their order."""
        ...

    def start(self) -> None:
        """Prepares the slots ahead of their first jobs: to load TensorFlow takes seconds."""
        ...

    def room(self, slot: str) -> int | None:
        """Bytes that a job may take on the free slot's device now; None where that cannot be known."""
        ...

    def free(self) -> list[str]:
        """Names of the slots without a job, in their order."""
        ...

    def clear(self, slot: str) -> None:
        """Ends the idle workers of the slot's device, which may hold memory of their earlier jobs."""
        ...

    def give_up(self, slot: str, why: str) -> None:
        """The slot's device is not to be used any more. What runs there goes on."""
        ...

    def submit(self, slot: str, job: Job, *, alone: bool = False) -> None:
        """Begins a job on a free slot. Its messages come from `next`, the last being Done, Failed, Stopped or Died.

        Where nothing else runs on the device it can be had `alone`: with all memory and cores, whatever shares it has.
        """
        ...

    def stop(self, job: int) -> None:
        """Asks for the end of a job that runs. Its last message may still be another than Stopped."""
        ...

    def kill(self, job: int) -> None:
        """Ends the worker of a job and all its descendants, at once. Nothing more is heard of the job."""
        ...

    def next(self, timeout: float) -> FromWorker | None:
        """The next message of any worker; None where `timeout` seconds pass without one."""
        ...

    def close(self) -> None:
        """Ends all workers, whatever they do."""
        ...
