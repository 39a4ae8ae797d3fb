"""Where jobs run. `Executor` is the promise; `local` keeps it with processes of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tuner.messages import FromWorker, Job


class Executor(Protocol):
    """Runs jobs, one at a time on each slot."""

    def free(self) -> list[str]:
        """Names of the slots without a job, in their order."""
        ...

    def submit(self, slot: str, job: Job) -> None:
        """Begins a job on a free slot. Its messages come from `next`, the last being Done, Failed, Stopped or Died."""
        ...

    def stop(self, job: int) -> None:
        """Asks for the end of a job that runs. Its last message may still be another than Stopped."""
        ...

    def kill(self, job: int) -> None:
        """Ends the worker of a job at once. Nothing more is heard of the job."""
        ...

    def next(self, timeout: float) -> FromWorker | None:
        """The next message of any worker; None where `timeout` seconds pass without one."""
        ...

    def close(self) -> None:
        """Ends all workers, whatever they do."""
        ...
