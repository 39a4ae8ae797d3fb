"""What a session spends its time on beside its slots' trials, kept with the study so that sessions add up."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tuner.study import Study, StudyView

P = ParamSpec("P")
T = TypeVar("T")

SESSIONS = "sessions"
"""The study's fact that has them: one mapping a session, of what is not its default."""


class Task(StrEnum):
    """What the parent does while it searches, apart from listening."""

    PROPOSING = "proposing"
    JUDGING = "judging"
    RECORDING = "recording"
    """The study's transactions."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One run of the command. All times are seconds."""

    slots: int
    began: float
    """Search time at which its search began."""
    starting: float
    """From the command until then."""
    seconds: float = 0.0
    """From the command until this was last written."""
    searching: float | None = None
    """None where it was killed, or goes on."""
    confirming: float = 0.0
    """The best trials."""
    retraining: float = 0.0
    """The winner's, with its evaluation on the test images."""
    reporting: float = 0.0
    first_step: float | None = None
    """From the command until the first step of training; None where there was none."""
    own: Mapping[str, float] = field(default_factory=dict)
    """Of the parent while it searched, by task."""
    held_up: Mapping[str, float] = field(default_factory=dict)
    """The same, counted once for each slot that had nothing to train meanwhile."""

    @property
    def finishing(self) -> float:
        """After the search."""
        return self.confirming + self.retraining + self.reporting

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (0.0, None, {})}


NAMES = frozenset(each.name for each in fields(Session))


def sessions_of(study: StudyView) -> tuple[Session, ...]:
    """Those of the study that were timed: none of earlier versions."""
    rows = study.fact(SESSIONS, [])
    defaults = {"slots": 1, "began": 0.0, "starting": 0.0}
    return tuple(Session(**{**defaults, **{k: v for k, v in row.items() if k in NAMES}}) for row in rows)


class Tasks:
    """How long the parent is at each of its tasks. It is at one at any time, or at none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._task: Task | None = None
        self._since = 0.0
        self._n_idle = 0
        self.idle: Callable[[], int] = lambda: 0
        """Slots that have nothing to train now."""
        self.own: defaultdict[str, float] = defaultdict(float)
        self.held_up: defaultdict[str, float] = defaultdict(float)
        self.first_step: float | None = None
        """When, by the clock, the first step of any training was made."""

    def enter(self, task: Task) -> None:
        """It does this from now on."""
        self.leave()
        self._task, self._since, self._n_idle = task, self._clock(), self.idle()

    def leave(self) -> None:
        """It has ended what it did, if anything."""
        if self._task is not None:
            seconds = self._clock() - self._since
            self.own[self._task] += seconds
            self.held_up[self._task] += seconds * self._n_idle
            self._task = None

    def do(self, task: Task, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns."""
        self.enter(task)
        try:
            return function(*args, **kwargs)
        finally:
            self.leave()

    def stepped(self, begun: float | None, after: float | None) -> None:
        """A training that was begun then made its first step so many seconds after; None where one does not know."""
        if begun is not None and after is not None:
            self.first_step = min(begun + after, self.first_step or math.inf)


class Timekeeper:
    """Times the session that runs, from the command on, and keeps it with the study."""

    def __init__(self, began: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`began` is when, by the clock, the command was given."""
        self._clock = clock
        self._began = clock() if began is None else began
        self._before: list[dict[str, Any]] = []
        self._session = Session(slots=1, began=0.0, starting=0.0)
        self._searches_since = self._began
        self.counts = False
        """Whether anything was done that is worth a session of its own: to report a finished study anew is not."""
        self.tasks = Tasks(clock)

    def search(self, study: Study, n_slots: int, search_time: float) -> None:
        """The search begins."""
        self._before = list(study.fact(SESSIONS, []))
        self._searches_since = self._clock()
        starting = self._searches_since - self._began
        self._session = Session(slots=n_slots, began=round(search_time, 3), starting=round(starting, 3))

    def searched(self) -> None:
        self._session = replace(self._session, searching=round(self._clock() - self._searches_since, 3))

    @contextmanager
    def timing(self, part: Literal["confirming", "retraining", "reporting"]) -> Iterator[None]:
        """What the block does, whether it ends in order or not."""
        began = self._clock()
        try:
            yield
        finally:
            changed: dict[str, Any] = {part: round(self._clock() - began, 3)}
            self._session = replace(self._session, **changed)

    def keep(self, study: Study) -> None:
        """As far as it has come, in the place of what was kept of it before."""
        if self.counts:
            study.remember(SESSIONS, [*self._before, self.session.to_json()])

    @property
    def session(self) -> Session:
        first = self.tasks.first_step
        return replace(
            self._session,
            seconds=round(self._clock() - self._began, 3),
            first_step=None if first is None else round(first - self._began, 3),
            own={task: round(seconds, 3) for task, seconds in self.tasks.own.items()},
            held_up={task: round(seconds, 3) for task, seconds in self.tasks.held_up.items()},
        )
