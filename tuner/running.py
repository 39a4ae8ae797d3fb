"""A trial between its proposal and its end: what its worker has told, and what it has cost so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuner import crashing
from tuner.events import TrialBegan
from tuner.trial import seconds_of

if TYPE_CHECKING:
    import optuna

    from search_spaces import Configuration
    from tuner.messages import Done, Failed, Stopped
    from tuner.proposing import Trainable
    from tuner.trial import Epoch, Fold, Stage, Trial


@dataclass
class Running:
    """Times are seconds of the search's clock."""

    what: Trainable
    ready: float
    """Since when it has waited for a slot."""
    slot: str = ""
    curve: tuple[Epoch, ...] = ()
    folds: tuple[Fold, ...] = ()
    pruned: str = ""
    """Why it is being ended early; what its worker still sends is not recorded."""
    pruned_at: float = 0.0
    retries: int = 0
    """Times it was begun again."""
    fruitless: int = 0
    """Of those, how many in a row without another epoch or fold in between."""
    alone: bool = False
    """Whether it must have its device for itself: memory ran out before."""
    needs: int = 0
    """Bytes that it is expected to take on its device; 0 where nobody asked."""
    told_to_wait: bool = False
    """Whether the user has heard that it waits for memory."""
    begun: float | None = None
    """When its worker began with it; None while it waits for that."""
    seen: float = 0.0
    """When its worker last gave a sign of life."""
    scored: float = 0.0
    """When it last had another epoch or fold, or was begun."""
    queued: float = 0.0
    """Seconds that it waited for a slot: for free memory, or until one was free to begin it again."""
    memory: int = 0
    device_memory: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds of its worker on this slot, as it last told them."""
    reached: int = 0
    """Epochs or folds that it had when it was last begun again."""
    paid: float = 0.0
    """Seconds of training before its worker began with it, in epochs that it goes on from."""

    @property
    def trial(self) -> optuna.Trial:
        return self.what.trial

    @property
    def number(self) -> int:
        return int(self.what.trial.number)

    @property
    def stage(self) -> Stage:
        return self.what.stage

    @property
    def configuration(self) -> Configuration:
        return self.what.configuration

    @property
    def progress(self) -> int:
        """Epochs or folds that it has."""
        return len(self.folds) or len(self.curve)

    def take_up(self, trial: Trial, after: Trial | None) -> None:
        """What it has of earlier: folds are kept, epochs its checkpoint will tell again."""
        self.queued = trial.queued + self.seen - self.ready
        self.folds, self.curve = trial.folds, ()
        self.paid = seconds_of(_own(trial.curve, after), trial.folds)

    def submit(self, slot: str, now: float) -> None:
        """It has the slot; its worker may still have to start."""
        crashing.here("before-begin")
        self.slot, self.begun, self.seen, self.scored = slot, None, now, now
        self.phases = {}

    def begin(self, now: float) -> None:
        """Its worker begins with it."""
        crashing.here("begun")
        self.begun, self.seen, self.scored = now, now, now

    def score(self, now: float, phases: dict[str, float] | None = None) -> None:
        """It has another epoch or fold. `phases` are the seconds of its worker so far, where that told them."""
        crashing.here("before-score")
        self.seen, self.scored = now, now
        self.phases = phases or self.phases

    def take_costs(self, message: Done | Stopped | Failed) -> None:
        self.memory = max(self.memory, message.memory)
        self.device_memory = max(self.device_memory, message.device_memory)
        self.phases = message.phases or self.phases

    def announced(self, trial: Trial, epochs: int, n_folds: int | None) -> TrialBegan:
        """What watchers are told of its start."""
        return TrialBegan(
            number=self.number,
            preset=trial.preset,
            parameters=int(self.what.measures["parameters"]),
            epochs=epochs,
            folds=n_folds,
            device=self.slot,
            enqueued=trial.enqueued,
        )

    def may_begin_again(self, retries: int) -> bool:
        """Whether it gained an epoch since it was last begun, or may be given another chance without."""
        return retries > 0 and (self.progress > self.reached or self.fruitless < retries)

    def begin_again(self, now: float) -> None:
        """It waits for a slot once more. Its checkpoint will tell the epochs that it has."""
        if self.begun is not None:
            self.fruitless = 1 if self.progress > self.reached else self.fruitless + 1
        self.reached = max(self.reached, self.progress)
        self.retries += 1
        self.curve, self.ready, self.begun = (), now, None

    def seconds(self, after: Trial | None) -> float:
        """Of its own epochs and folds: those of the trial that it went on with were paid for there."""
        return seconds_of(_own(self.curve, after), self.folds)

    def trained(self, now: float) -> float:
        """Seconds that it has trained, those before it was last begun included."""
        return self.paid + (now - self.begun if self.begun is not None else 0.0)

    @property
    def cost(self) -> dict[str, int]:
        """What the study keeps of it beside its seconds."""
        return {"memory": self.memory, "device_memory": self.device_memory}


def _own(curve: tuple[Epoch, ...], after: Trial | None) -> tuple[Epoch, ...]:
    """The epochs that the trial `after` had not trained already."""
    return curve[len(after.curve) if after is not None else 0 :]
