"""A search over slots without processes, on a clock that the test sets: what workers say is what the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.driving import N_CLASSES, SHAPE, Driver
from search_spaces import Configuration
from tuner.control import Control
from tuner.events import Event
from tuner.messages import Begun, Died, Done, EpochDone, Failed, FromWorker, SlotGone, Stopped, Train
from tuner.plan import Budget
from tuner.search import Search
from tuner.slots import Slot
from tuner.trial import Epoch, Stage, Trial


def epoch(number: int, score: float = 0.5, seconds: float = 0.1) -> Epoch:
    return Epoch(epoch=number, accuracy=score, loss=1 - score, val_accuracy=score, val_loss=1 - score, seconds=seconds)


@dataclass
class Jobs:
    """What a worker would be told, as far as the search looks at it."""

    plan: Any
    image_shape: tuple[int, int, int] = SHAPE
    n_classes: int = N_CLASSES

    def epochs(self, configuration: Configuration) -> int:
        return configuration.training.epochs

    def job(self, trial: Trial, configuration: Configuration, stage: Stage, after: Trial | None) -> Train:
        return Train(
            job=trial.number, configuration=configuration.to_json(), images="", labels="", split="",
            n_classes=N_CLASSES, epochs=9, horizon=9, seed=trial.number, checkpoints="", start=None, identity="",
            latency=False,
        )  # fmt: skip


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Slots:
    """An executor without processes. `act` is asked for messages whenever the search waits for some."""

    devices: int | Sequence[str]
    """One slot each; a number of them has as many devices."""
    act: Callable[[Slots], None]
    memory: dict[str, int] = field(default_factory=dict)
    """Free bytes by device, where they are known."""
    gone: set[str] = field(default_factory=set)
    """Devices that fell off the bus: they are found out when somebody asks for their memory."""
    heeds: bool = True
    """Whether what runs stops when it is asked to."""
    quick: bool = True
    """Whether a worker begins at once; else what it would say then waits in `begun`."""
    begun: list[Begun] = field(default_factory=list)
    jobs: dict[str, int | None] = field(init=False)
    messages: list[FromWorker] = field(default_factory=list)
    submitted: list[int] = field(default_factory=list)
    orders: dict[int, Train] = field(default_factory=dict)
    stopped: list[int] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    at: dict[int, str] = field(default_factory=dict)
    """By trial, the slot that it last had."""
    beside: dict[int, list[int]] = field(default_factory=dict)
    """By trial, what ran on its device when it was last begun."""

    def __post_init__(self) -> None:
        n = self.devices if isinstance(self.devices, int) else len(self.devices)
        names = [f"slot {i}" for i in range(n)]
        devices = names if isinstance(self.devices, int) else self.devices
        self._slots = {name: Slot(name=name, device=device) for name, device in zip(names, devices, strict=True)}
        self.jobs = dict.fromkeys(self._slots)

    @property
    def slots(self) -> dict[str, Slot]:
        return self._slots

    @property
    def running(self) -> list[int]:
        return [job for job in self.jobs.values() if job is not None]

    def room(self, slot: str) -> int | None:
        device = self._slots[slot].device
        if device in self.gone:
            self.lose(device)
            return 0
        return self.memory.get(device)

    def free(self) -> list[str]:
        return [slot for slot, job in self.jobs.items() if job is None and slot in self._slots]

    def clear(self, slot: str) -> None:
        """There are no workers that could hold memory."""
        self.cleared.append(slot)

    def give_up(self, slot: str, why: str) -> None:
        device = self._slots[slot].device
        for name in [name for name, each in self._slots.items() if each.device == device]:
            del self._slots[name]
            self.messages.append(SlotGone(slot=name, detail=why))

    def submit(self, slot: str, job: Train, *, alone: bool = False) -> None:
        device = self._slots[slot].device
        here = [other for other in self._slots if self._slots[other].device == device]
        self.beside[job.job] = [held for other in here if (held := self.jobs[other]) is not None]
        self.jobs[slot], self.at[job.job] = job.job, slot
        self.submitted.append(job.job)
        self.orders[job.job] = job
        (self.messages if self.quick else self.begun).append(Begun(job=job.job))

    def stop(self, job: int) -> None:
        self.stopped.append(job)
        if self.heeds:
            self.messages.append(Stopped(job=job, seconds=0, memory=0))

    def kill(self, job: int) -> None:
        self.killed.append(job)
        self._release(job)

    def lose(self, device: str) -> None:
        """The device falls off the bus: its slots are gone, and what trains there dies."""
        for name in [name for name, slot in self._slots.items() if slot.device == device]:
            del self._slots[name]
            job = self.jobs.pop(name)
            if job is not None:
                self.messages.append(Died(job=job, detail="its process ended with exit code 1"))
            self.messages.append(SlotGone(slot=name, detail=f"GPU {device} is gone: GPU is lost."))

    def next(self, timeout: float) -> FromWorker | None:
        if not self.messages and timeout:
            self.act(self)
        message = self.messages.pop(0) if self.messages else None
        if isinstance(message, Done | Stopped | Failed | Died) and message.job is not None:
            self._release(message.job)
        return message

    def finish(self, job: int, score: float = 0.5, *, after: int = 0) -> None:
        """The trial trains the epochs that it lacks `after` so many, in no time."""
        self.messages += [EpochDone(job=job, epoch=epoch(i, score)) for i in range(after + 1, 10)]
        self.messages.append(Done(job=job, seconds=1, memory=1))

    def close(self) -> None:
        """Nothing to end."""

    def _release(self, job: int) -> None:
        self.jobs = {slot: None if held == job else held for slot, held in self.jobs.items()}


def search(
    study: Driver,
    slots: Slots,
    clock: Clock,
    timeout: float | None = None,
    *,
    trials: int = 20,
    observe: Callable[[Event], None] = lambda _event: None,
    need: Callable[[Configuration, bool], int] = lambda _configuration, _on_gpu: 0,
    control: Control | None = None,
    **budget: Any,
) -> Search:
    return Search(
        study=study.study,
        space=study.space,
        engine=study.engine,
        executor=slots,
        jobs=Jobs(study.study.plan),  # type: ignore[arg-type]
        budget=Budget(trials=trials, timeout=timeout, **budget),
        observe=observe,
        clock=clock,
        need=need,
        control=control or Control(),
    )
