"""What the trainings of a run are done with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_spaces import Configuration, SearchSpace
    from tuner.control import Control
    from tuner.events import Event
    from tuner.executors import Executor
    from tuner.jobs import TrainingJobs


@dataclass(frozen=True, kw_only=True)
class Means:
    space: SearchSpace
    jobs: TrainingJobs
    executor: Executor
    observe: Callable[[Event], None]
    control: Control
    need: Callable[[Configuration, bool], int]
    """Bytes that a training is expected to take, on a GPU or on a CPU."""
    each_turn: Callable[[], None]
    """Called several times a second; it has to be quick."""
