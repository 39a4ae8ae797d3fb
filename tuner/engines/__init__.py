"""Who proposes the next configuration and judges a running trial's curve. One engine is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tuner.trial import WHOLE, Epoch, Stage, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import optuna
    from numpy.typing import NDArray

    from search_spaces import Configuration, SearchSpace
    from tuner.plan import Plan


class History(Protocol):
    """A study as engines see it."""

    optuna: optuna.Study

    def trials(self) -> list[Trial]:
        """All trials by number, those that wait, run, or were turned down included."""
        ...


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A configuration to try."""

    configuration: Configuration
    trial: optuna.Trial | None = None
    """RUNNING in the study already, with a value for every active parameter; None where it is still to be recorded."""
    stage: Stage = WHOLE
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON that the engine wants to find again as `Trial.engine`. Recorded in one piece with the trial."""


@dataclass(frozen=True)
class Idle:
    """Nothing to propose until a running trial has ended."""


@dataclass(frozen=True)
class Exhausted:
    """Nothing to propose any more."""

    reason: str
    """Why the search ends: `all 72 configurations of the grid are done`."""


class Engine(Protocol):
    """Proposes and judges. Same history and same seed, same answers."""

    knows_its_end: bool
    """Whether it says itself when nothing is left. Where not, whoever asks counts configurations."""
    goes_on: bool
    """Whether a trial may go on from another's checkpoints, so that these are kept."""

    def propose(self, history: History) -> Proposal | Idle | Exhausted:
        """A new trial. The queue is not its business."""
        ...

    def judge(self, trial: optuna.Trial, curve: Sequence[Epoch]) -> str:
        """Why the trial should end after the last epoch of its curve, one line; '' to let it go on."""
        ...


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What engines are made from."""

    space: SearchSpace
    plan: Plan
    n_trials: int
    """Finished trials that the study shall hold."""
    labels: NDArray[np.integer]
    """(n,), of the images that trials may see."""


def _optuna(setting: Setting) -> Engine:
    from tuner.engines.optuna.engine import OptunaEngine

    return OptunaEngine(setting)


def _grid_search(setting: Setting) -> Engine:
    from tuner.engines.grid_search.engine import GridSearchEngine

    return GridSearchEngine(setting)


def _keras_tuner(setting: Setting) -> Engine:
    from tuner.engines.keras_tuner.engine import KerasTunerEngine

    return KerasTunerEngine(setting)


ENGINES: Mapping[str, Callable[[Setting], Engine]] = {
    "optuna": _optuna,
    "keras-tuner": _keras_tuner,
    "grid-search-cv": _grid_search,
}


def make_engine(setting: Setting) -> Engine:
    """The engine that the plan names, which `check` has found to fit."""
    return ENGINES[setting.plan.engine](setting)
